"""Connections that recognize a repeated poll by its bytes, and answer it without parser, request object or task."""

from typing import Any
from typing import Protocol as Interface

from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from chat.gate.poll_request import Numbers, PollRequest
from chat.gate.polls import Poll, PollAnswer, Polls
from chat.gate.protocol import Protocol


class PollHandler(Interface):
    """The part of the hub that connections use."""

    polls: Polls

    def find_poll(self, cycle: RequestResponseCycle, head: bytes) -> tuple[PollRequest, Numbers] | None:
        """Return the poll and its numbers if the request parsed from `head` is a poll with a grant, otherwise None."""


class StreamWait(Interface):
    def wake(self, connected: bool = True) -> None: ...


class Connection(Protocol):
    """One client connection of Uvicorn. It answers polls that have a grant, and passes on all other requests."""

    request: PollRequest | None = None  # the last poll on this connection
    parsed_poll: Poll | None = None  # found by the parser, not asked yet
    poll: Poll | None = None  # not answered yet
    stream_wait: StreamWait | None = None
    head = rest = b""  # the start of an incomplete head; bytes that arrived while a poll was unanswered
    polled_at: float = 0  # on the clock of the loop
    for_django = ending = False

    @property
    def hub(self) -> PollHandler | None:
        return getattr(self.app, "hub", None)

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        if self.poll:
            self.poll.wake()  # A client that sends more has waited long enough.
        if self.poll:
            self.rest += data
            self.transport.pause_reading()
        elif poll := self.match(data):
            self.ask(poll)
        else:
            self.parse(data)

    def match(self, data: bytes) -> Poll | None:
        """The poll, if this is the same request again and the connection is idle."""
        if not self.request or self.incomplete or self.flow.write_paused:
            return None
        if self.cycle is not None and not self.cycle.response_complete:
            return None
        numbers = self.request.match(data)
        return Poll(self, self.request, *numbers) if numbers else None

    def ask(self, poll: Poll) -> None:
        if not self.timeout_keep_alive_task:
            self._check_idle_after(self.timeout_keep_alive)
        self.polled_at = self.loop.time()
        self.poll = poll
        hub = self.hub
        if not hub or not hub.polls.accept(poll):
            self.ask_django()

    def answer(self, answer: PollAnswer) -> None:
        """Write the answer to this connection's poll in one piece, and close the connection if the poll asked for that.

        Uvicorn would check each header and write twice: a third of the cost of a poll without news.
        """
        poll, self.poll = self.poll, None
        if not poll or self.transport.is_closing():
            return
        ends = self.ending or not poll.request.keep_alive
        date = b"".join(b"%b: %b\r\n" % pair for pair in self.server_state.default_headers)
        lines = b"connection: close\r\n" if ends else b""
        self.transport.write(b"%b%b%b\r\n%b" % (answer.head, date, lines, answer.body))
        if ends:
            self.transport.close()
        else:
            self.resume()

    def ask_django(self) -> None:
        """Parse the poll that is under way, so that Django answers it."""
        poll, self.poll = self.poll, None
        if poll and not self.transport.is_closing():
            self.for_django = True
            super().data_received(poll.to_bytes())
            self.for_django = False
            self.cycle.keep_alive &= not self.ending
            self.resume()

    def resume(self) -> None:
        """Process the bytes that arrived while the poll was waiting for its answer."""
        if self.rest:
            self.transport.resume_reading()
            self.loop.call_soon(self.data_received, self.rest)
            self.rest = b""

    def parse(self, data: bytes) -> None:
        if not self.incomplete:
            self.head = data
        elif self.timer:
            self.head += data
        super().data_received(data)
        if not self.incomplete:
            self.head = b""
        if self.parsed_poll:
            poll, self.parsed_poll = self.parsed_poll, None
            self.under_way = None
            self.cycle = self.scope = self.headers = None  # type: ignore[assignment]  # They would take memory.
            self.ask(poll)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        if self.for_django or not self.take_poll(cycle):
            super()._start_asgi_task(cycle, app)

    def take_poll(self, cycle: RequestResponseCycle) -> bool:
        """Return whether this is a poll with a grant; if so, store it in `parsed_poll`.

        The connection then hands it to the hub instead of Django.
        """
        hub = None if self.flow.write_paused else self.hub
        found = hub and hub.find_poll(cycle, self.head)
        if found:
            self.request, numbers = found
            self.parsed_poll = Poll(self, self.request, *numbers)
            cycle.response_started = cycle.response_complete = True
        return bool(found)

    def _check_idle_after(self, seconds: float) -> None:
        self.timeout_keep_alive_task = self.loop.call_later(seconds, self.timeout_keep_alive_handler)

    def timeout_keep_alive_handler(self) -> None:
        """Close an idle connection. Polls don't restart this timer: it checks when the last one came."""
        left = self.polled_at + self.timeout_keep_alive - self.loop.time()
        if self.poll or left > 0:
            self._check_idle_after(max(left, 1))
        elif self.transport.get_write_buffer_size():
            self.transport.abort()  # The client doesn't read: closing would wait for it.
        else:
            super().timeout_keep_alive_handler()

    def shutdown(self) -> None:
        if self.poll:
            self.poll.wake()
        if self.poll:
            self.ending = True
        else:
            super().shutdown()

    def connection_lost(self, exc: Exception | None) -> None:
        if self.poll:
            self.poll.give_up()
        if self.stream_wait:
            self.stream_wait.wake(connected=False)
        super().connection_lost(exc)
