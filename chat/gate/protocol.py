"""HTTP with bounds that uvicorn leaves open: how large all beside a body may be, and how long a head may take."""

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

LARGEST_HEAD = 64 * 1024  # bytes of a request that are not its body: request line, headers, marks of chunks, trailers
MOST_PIPELINED = 8  # requests that wait for the one before them; browsers send none
LONGEST_HEAD = 30  # seconds until the head is complete, on a new connection from its beginning on

TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
TOO_SLOW = b"HTTP/1.1 408 Request Timeout\r\n"
MALFORMED = b"HTTP/1.1 400 Bad Request\r\n"
NOTHING_MORE = (
    b"Content-Length: 0\r\nConnection: close\r\nCache-Control: no-store\r\n"
    b"Content-Security-Policy: default-src 'none'\r\nX-Content-Type-Options: nosniff\r\n\r\n"
)


class TooMany(Exception):
    """More requests than anybody would send without reading an answer."""


class Protocol(HttpToolsProtocol):
    """While a head is awaited, a timer runs; until a request is whole, its bytes are counted."""

    timer = under_way = None
    incomplete = False
    longest_head = LONGEST_HEAD

    def connection_made(self, transport):
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc):
        self._head_is_here()
        super().connection_lost(exc)
        # Uvicorn tells only the newest request of it; the one under way would write into a closed connection.
        for cycle in [self.under_way, *(waiting for waiting, _app in self.pipeline)]:
            if cycle:
                cycle.disconnected = True
                cycle.message_event.set()
        self.pipeline.clear()

    def data_received(self, data):
        if not self.incomplete:
            self._await_head()  # also for blank lines, of which the parser says nothing
        self.body_bytes = 0
        super().data_received(data)
        # Counted afterwards: what was body in this piece is known only now, and the gate bounds that.
        if self.incomplete:
            self.other_bytes += len(data) - self.body_bytes
            if self.other_bytes > LARGEST_HEAD:
                self._hang_up(TOO_LARGE)

    def on_message_begin(self):
        if len(self.pipeline) >= MOST_PIPELINED:
            self.transport.abort()
            raise TooMany
        super().on_message_begin()
        if not self.timer:
            self._await_head()

    def on_header(self, name, value):
        # A trailer comes after the body, past every check of the head: it must not become one of its headers.
        if self.timer:
            super().on_header(name, value)

    def on_headers_complete(self):
        self._head_is_here()
        self.scope["connection"] = self
        super().on_headers_complete()

    def on_body(self, body):
        self.body_bytes += len(body)
        super().on_body(body)

    def on_message_complete(self):
        self.incomplete = False
        super().on_message_complete()

    def _start_asgi_task(self, cycle, app):
        self.under_way = cycle
        super()._start_asgi_task(cycle, app)

    def send_400_response(self, msg):
        self._hang_up(MALFORMED)

    def _await_head(self):
        self.other_bytes, self.incomplete = 0, True
        self.timer = self.loop.call_later(self.longest_head, self._hang_up, TOO_SLOW)

    def _head_is_here(self):
        if self.timer:
            self.timer.cancel()
            self.timer = None

    def _hang_up(self, status):
        self._head_is_here()
        self.incomplete = False
        if not self.transport.is_closing():
            self.transport.write(status + NOTHING_MORE)
            self.transport.close()
