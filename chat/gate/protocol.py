"""HTTP with bounds that uvicorn leaves open: how large a request's head may be, and how long it may take."""

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

LARGEST_HEAD = 64 * 1024  # bytes of request line and headers
LONGEST_HEAD = 30  # seconds until they are complete, on a new connection from its beginning on

TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
TOO_SLOW = b"HTTP/1.1 408 Request Timeout\r\n"
NOTHING_MORE = b"Content-Length: 0\r\nConnection: close\r\n\r\n"


class Protocol(HttpToolsProtocol):
    """One connection. While a head is awaited, its bytes are counted and a timer runs."""

    timer = None
    longest_head = LONGEST_HEAD

    def connection_made(self, transport):
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc):
        self._head_is_here()
        super().connection_lost(exc)

    def data_received(self, data):
        super().data_received(data)
        # Counted afterwards: where the head ended in this piece, what follows is body, which the gate bounds.
        if self.timer:
            self.head_bytes += len(data)
            if self.head_bytes > LARGEST_HEAD:
                self._hang_up(TOO_LARGE)

    def on_message_begin(self):
        super().on_message_begin()
        if not self.timer:
            self._await_head()

    def on_headers_complete(self):
        self._head_is_here()
        super().on_headers_complete()

    def _await_head(self):
        self.head_bytes = 0
        self.timer = self.loop.call_later(self.longest_head, self._hang_up, TOO_SLOW)

    def _head_is_here(self):
        if self.timer:
            self.timer.cancel()
            self.timer = None

    def _hang_up(self, status):
        self._head_is_here()
        if not self.transport.is_closing():
            self.transport.write(status + NOTHING_MORE)
            self.transport.close()
