"""HTTP with checks that uvicorn lacks: bytes besides the body, time for the head, pipelined requests, one Host."""

import asyncio
from typing import Any, cast
from typing import Protocol as Interface

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from chat.gate.places import Place, Places

MAX_HEAD = 64 * 1024  # bytes of a request without its body: request line, headers, chunk marks, trailers
MAX_PIPELINED = 8  # requests that wait for the one before them; browsers send none
HEAD_TIMEOUT = 30  # seconds until the head is complete, on a new connection from its beginning

TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
TOO_SLOW = b"HTTP/1.1 408 Request Timeout\r\n"
MALFORMED = b"HTTP/1.1 400 Bad Request\r\n"
LAST_HEADERS = (
    b"Content-Length: 0\r\nConnection: close\r\nCache-Control: no-store\r\n"
    b"Content-Security-Policy: default-src 'none'\r\nX-Content-Type-Options: nosniff\r\n\r\n"
)


class TooManyRequests(Exception):
    """The client sent too many requests on one connection without waiting for the answers."""


class InvalidHost(Exception):
    """The request has several Host headers, or none although HTTP/1.1 requires one."""


class Application(Interface):
    """The part of the gate that connections use."""

    heads: Places

    def network_of_peer(self, peer: tuple[str, int] | None) -> str: ...


class Protocol(HttpToolsProtocol):
    """Uvicorn's HTTP protocol with limits: the time until a request's head is complete, and its bytes except the body.

    It also limits how many requests wait in the pipeline. If a limit is exceeded, it closes the connection.
    While a head is not complete, its connection has one of the gate's places.
    """

    app: Application
    network = ""  # of the peer, which may be a proxy
    timer: asyncio.TimerHandle | None = None
    place: Place | None = None
    under_way: RequestResponseCycle | None = None
    incomplete = False
    head_timeout: float = HEAD_TIMEOUT
    other_bytes = body_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.network = self.app.network_of_peer(self.client)
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        super().connection_lost(exc)
        # Uvicorn informs only the newest request; the one under way would write into a closed connection.
        for cycle in [self.under_way, *(waiting for waiting, _app in self.pipeline)]:
            if cycle:
                cycle.disconnected = True
                cycle.message_event.set()
        self.pipeline.clear()

    def data_received(self, data: bytes) -> None:
        if not self.incomplete:
            self._expect_head()  # Also for blank lines, which the parser doesn't report.
        self.body_bytes = 0
        super().data_received(data)
        # Counted afterwards, as only now it is known how much of this was body, which the gate limits.
        if self.incomplete:
            self.other_bytes += len(data) - self.body_bytes
            if self.other_bytes > MAX_HEAD:
                self._hang_up(TOO_LARGE)

    def on_message_begin(self) -> None:
        if len(self.pipeline) >= MAX_PIPELINED:
            self.transport.abort()
            raise TooManyRequests
        super().on_message_begin()
        if not self.timer:
            self._expect_head()

    def on_header(self, name: bytes, value: bytes) -> None:
        # A trailer comes after the body, past every check of the head: it must not become one of its headers.
        if self.timer:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._stop_timer()
        hosts = sum(name == b"host" for name, _value in self.headers)
        if hosts > 1 or (hosts == 0 and self.parser.get_http_version() == "1.1"):
            raise InvalidHost  # The parser then reports a malformed request, which is answered with 400.
        cast(dict[str, Any], self.scope)["connection"] = self
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self.body_bytes += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        self.incomplete = False
        super().on_message_complete()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self.under_way = cycle
        super()._start_asgi_task(cycle, app)

    def send_400_response(self, msg: str) -> None:
        self._hang_up(MALFORMED)

    def _expect_head(self) -> None:
        self.other_bytes, self.incomplete = 0, True
        self.timer = self.loop.call_later(self.head_timeout, self._hang_up, TOO_SLOW)
        self.place = self.app.heads.enter(self.network, lambda: self._hang_up(TOO_SLOW))

    def _stop_timer(self) -> None:
        if self.timer:
            self.timer.cancel()
            self.timer = None
        if self.place:
            self.app.heads.leave(self.place)
            self.place = None

    def _hang_up(self, status_line: bytes) -> None:
        self._stop_timer()
        self.incomplete = False
        if not self.transport.is_closing():
            self.transport.write(status_line + LAST_HEADERS)
            self.transport.close()
