"""Request bodies: each is read whole and within limits before a thread is used."""

import contextlib
import io
from collections.abc import AsyncIterator
from tempfile import SpooledTemporaryFile
from typing import IO

from chat.gate.signatures import Headers, Receive, Scope

SPOOL = 64 * 1024  # bytes that stay in memory; a longer body is written to disk


class TooLarge(Exception):
    """The body is longer than the limit; `more` says whether the client has more of it to send."""

    def __init__(self, more: bool) -> None:
        super().__init__()
        self.more = more


class Disconnected(Exception):
    """The client closed the connection before it got an answer."""


def announced_length(headers: Headers) -> int | None:
    """Return the Content-Length in bytes, or None if it is missing, no whole number, or has 20 digits or more."""
    value = dict(headers).get(b"content-length", b"")
    return int(value) if value.isdigit() and len(value) < 20 else None


def has_body(scope: Scope) -> bool:
    """Return whether the request may have a body: HTTP/1.1 announces it in a header, HTTP/2 may send one without."""
    names = {name for name, _ in scope["headers"]}
    return not names.isdisjoint({b"content-length", b"transfer-encoding"}) or not scope["http_version"].startswith("1")


def empty() -> tuple[IO[bytes], int]:
    return io.BytesIO(), 0


async def read(receive: Receive, max_body: int) -> tuple[IO[bytes], int]:
    """Read the whole body and return it as a file at its beginning, with its length in bytes.

    Raises TooLarge as soon as there are more than `max_body` bytes.
    """
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


async def pieces(receive: Receive) -> AsyncIterator[tuple[bytes, bool]]:
    """Each piece of the body, and whether more follow. Raises Disconnected if the client closes the connection."""
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Disconnected
        more = message.get("more_body", False)
        yield message.get("body", b""), more


async def discard(receive: Receive) -> None:
    """Read the rest of the body and drop it, until it ends or the client disconnects."""
    with contextlib.suppress(Disconnected):
        async for _ in pieces(receive):
            pass
