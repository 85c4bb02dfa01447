"""A blocking keep-alive connection: one request at a time, complete answers only."""

import contextlib
import re
import socket
import zlib
from typing import NamedTuple

from bench.server import Broken

LENGTH = re.compile(rb"\r\ncontent-length: (\d+)")
GZIP = b"\r\ncontent-encoding: gzip"


class Answer(NamedTuple):
    status: int
    head: bytes
    body: bytes
    size: int  # bytes received, head included


class Connection:
    def __init__(self, address, timeout=30):
        self.address, self.timeout = address, timeout
        self.socket = None

    def ask(self, request):
        """The answer. Raises Broken if none comes; the next call opens a new connection."""
        try:
            self.open()
            self.socket.sendall(request)
            return self.answer()
        except OSError as error:
            self.close()
            raise Broken(f"No answer: {error}") from error

    def open(self):
        if self.socket is None:
            self.socket = socket.create_connection(self.address, self.timeout)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def answer(self):
        data = b""
        while (answer := parsed(data)) is None:
            more = self.socket.recv(262_144)
            if not more:
                raise ConnectionResetError("closed in the middle of an answer")
            data += more
        return answer

    def close(self):
        if self.socket:
            self.socket.close()
            self.socket = None


def parsed(data):
    """The answer in these bytes, or None if it is incomplete."""
    head, end, body = data.partition(b"\r\n\r\n")
    if not end or len(body) < int((LENGTH.search(head) or (0, 0))[1]):
        return None
    return Answer(int(head[9:12]), head, zlib.decompress(body, 31) if GZIP in head else body, len(data))


@contextlib.contextmanager
def connected(address):
    connection = Connection(address)
    try:
        yield connection
    finally:
        connection.close()
