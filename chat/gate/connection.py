"""Connections: a poll that was granted is known again by its bytes, and takes neither parser nor request nor task."""

from chat.gate.polls import Poll
from chat.gate.protocol import Protocol


class Connection(Protocol):
    """One connection, on which the gate answers the polls of a page itself."""

    question = numbers = None  # what was polled here last
    poll = None  # the one that is not answered yet
    waiting = None  # the wait of a stream that is under way
    head = rest = b""  # what has come of a head; what came while a poll could not be answered at once
    asked_at = 0  # on the clock of the loop
    for_django = ending = False

    @property
    def live(self):
        return getattr(self.app, "live", None)

    def data_received(self, data):
        if self.transport.is_closing():
            return
        if self.poll:
            self.poll.wake()  # who asks on has waited long enough
        if self.poll:
            self.rest += data
            self.transport.pause_reading()
        elif numbers := self.asked_again(data):
            self.ask(*numbers)
        else:
            self.parse(data)

    def asked_again(self, data):
        """The numbers, if this is the last poll once more, and nothing is under way on this connection."""
        idle = not self.incomplete and (self.cycle is None or self.cycle.response_complete)
        return self.question.numbers(data) if self.question and idle and not self.flow.write_paused else None

    def ask(self, since, origin, at):
        if not self.timeout_keep_alive_task:
            self._look_later(self.timeout_keep_alive)
        self.asked_at = self.loop.time()
        self.poll = Poll(self, self.question, since, origin, at)
        if not self.live.polls.take(self.poll):
            self.ask_django()

    def answer(self, told):
        """Write what a poll is told in one go. Uvicorn looks at each header, and writes twice: that would be a third of
        what a poll without news costs."""
        self.poll = None
        if self.transport.is_closing():
            return
        ends = self.ending or not self.question.keep_alive
        date = b"".join(b"%b: %b\r\n" % pair for pair in self.server_state.default_headers)
        lines = b"connection: close\r\n" if ends else b""
        self.transport.write(b"%b%b%b\r\n%b" % (told.head, date, lines, told.body))
        if ends:
            self.transport.close()
        else:
            self.go_on()

    def ask_django(self):
        """Let Django answer the poll that is under way."""
        poll, self.poll = self.poll, None
        if not self.transport.is_closing():
            self.for_django = True
            super().data_received(poll.said())
            self.for_django = False
            self.cycle.keep_alive &= not self.ending
            self.go_on()

    def go_on(self):
        if self.rest:
            self.transport.resume_reading()
            self.loop.call_soon(self.data_received, self.rest)
            self.rest = b""

    def parse(self, data):
        if not self.incomplete:
            self.head = data
        elif self.timer:
            self.head += data
        super().data_received(data)
        if not self.incomplete:
            self.head = b""
        if self.numbers:
            numbers, self.numbers = self.numbers, None
            self.cycle = self.under_way = self.scope = self.headers = None
            self.ask(*numbers)

    def _start_asgi_task(self, cycle, app):
        if self.for_django or not self.is_poll(cycle):
            super()._start_asgi_task(cycle, app)

    def is_poll(self, cycle):
        """Whether this is a poll that was granted; then the request is not needed any more."""
        known = not self.flow.write_paused and self.live and self.live.question(cycle, self.head)
        if known:
            self.question, self.numbers = known
            cycle.response_started = cycle.response_complete = True
        return bool(known)

    def _look_later(self, seconds):
        self.timeout_keep_alive_task = self.loop.call_later(seconds, self.timeout_keep_alive_handler)

    def timeout_keep_alive_handler(self):
        """Polls do not set this timer each time anew: it looks by itself when the last one was."""
        left = self.asked_at + self.timeout_keep_alive - self.loop.time()
        if self.poll or left > 0:
            self._look_later(max(left, 1))
        elif self.transport.get_write_buffer_size():
            self.transport.abort()  # nobody reads: closing would wait for them
        else:
            super().timeout_keep_alive_handler()

    def shutdown(self):
        if self.poll:
            self.poll.wake()
        if self.poll:
            self.ending = True
        else:
            super().shutdown()

    def connection_lost(self, exc):
        if self.poll:
            self.poll.give_up()
        if self.waiting:
            self.waiting.wake(connected=False)
        super().connection_lost(exc)
