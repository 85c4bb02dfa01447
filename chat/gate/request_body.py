"""Reading a request's body whole, within bounds, before a thread is taken."""

import contextlib
import io
from tempfile import SpooledTemporaryFile

SPOOL = 64 * 1024  # up to so many bytes stay in memory, a longer body goes to disk


class TooLarge(Exception):
    """The body is longer than the gate takes; `more` when the client is still sending it."""

    def __init__(self, more):
        super().__init__()
        self.more = more


class Disconnected(Exception):
    """The client went away before its body was here."""


def announced_length(headers):
    """What the client says in Content-Length (bytes), or None where it says nothing that can be read."""
    value = dict(headers).get(b"content-length", b"")
    return int(value) if value.isdigit() and len(value) < 20 else None


def has_body(scope):
    """HTTP/1.1 announces every body in one of two headers; of other protocols the gate assumes nothing."""
    names = {name for name, _ in scope["headers"]}
    return not names.isdisjoint({b"content-length", b"transfer-encoding"}) or not scope["http_version"].startswith("1")


def empty():
    return io.BytesIO(), 0


async def read(receive, max_body):
    """The whole body as a rewound file, and its real length; not even a byte over `max_body` is kept."""
    with contextlib.ExitStack() as on_error:
        file = on_error.enter_context(SpooledTemporaryFile(max_size=SPOOL))
        async for piece, more in pieces(receive):
            if file.tell() + len(piece) > max_body:
                raise TooLarge(more)
            file.write(piece)
        length = file.tell()
        file.seek(0)
        on_error.pop_all()
        return file, length


async def pieces(receive):
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Disconnected
        more = message.get("more_body", False)
        yield message.get("body", b""), more


async def discard(receive):
    """Read on and keep nothing, until the client has said it all or is gone."""
    try:
        async for _ in pieces(receive):
            pass
    except Disconnected:
        pass
