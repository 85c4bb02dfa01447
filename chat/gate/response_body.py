"""Response bodies: small ones are read into memory; large files and streams are sent from a file in pieces."""

# A slow reader never holds a thread: the application's response is read to its end and closed before anything is sent.

import asyncio
import contextlib
import io
import os
from collections.abc import Iterable, Iterator
from tempfile import SpooledTemporaryFile
from typing import IO, Any, NamedTuple

from chat.gate.signatures import Send

MAX_IN_MEMORY = 64 * 1024  # bytes of a streamed response or a file that are sent in one go
PIECE = 64 * 1024  # bytes
STALL_TIMEOUT = 60  # seconds for a client to read a piece


class Truncated(Exception):
    """The file became shorter while it was sent."""


class SizedFile(NamedTuple):
    """An open file. The next `length` bytes from its current position are to be sent."""

    file: IO[bytes]
    length: int


class FileWrapper:
    """The `wsgi.file_wrapper` of PEP 3333: reads a file in blocks. Django wraps the file of a FileResponse in it."""

    def __init__(self, file: Any, block_size: int = PIECE) -> None:
        self.file, self.block_size = file, block_size

    def __iter__(self) -> Iterator[bytes]:
        return iter(lambda: self.file.read(self.block_size), b"")

    def close(self) -> None:
        if hasattr(self.file, "close"):
            self.file.close()


def collect(chunks: Iterable[bytes]) -> bytes | SizedFile:
    """Read the whole body of an application's response: bytes, or a SizedFile for a large file or stream.

    The application's response can be closed afterwards.
    """
    if isinstance(chunks, FileWrapper) and (found := duplicate(chunks.file)):
        return in_memory_if_small(found)
    if isinstance(chunks, FileWrapper) or getattr(chunks, "streaming", False):
        return in_memory_if_small(spool(chunks))
    return b"".join(chunks)


def duplicate(file: Any) -> SizedFile | None:
    """Return the rest of a plain file with its own file descriptor, or None if `file` is of another kind.

    Files that decompress what they read are of another kind, for example.
    """
    inner = getattr(file, "file", file)  # of Django's File, and of a named temporary file
    raw = getattr(inner, "raw", inner)
    if not isinstance(raw, io.FileIO) or not raw.seekable():
        return None
    start = inner.tell()
    copy = os.fdopen(os.dup(raw.fileno()), "rb")
    copy.seek(start)
    return SizedFile(copy, max(0, os.fstat(copy.fileno()).st_size - start))


def spool(chunks: Iterable[bytes]) -> SizedFile:
    """Write all chunks to a temporary file and return it with its length; a small file stays in memory."""
    with contextlib.ExitStack() as on_error:
        file = on_error.enter_context(SpooledTemporaryFile(max_size=MAX_IN_MEMORY))
        for chunk in chunks:
            file.write(chunk)
        length = file.tell()
        file.seek(0)
        on_error.pop_all()
        return SizedFile(file, length)


def in_memory_if_small(body: SizedFile) -> bytes | SizedFile:
    if body.length > MAX_IN_MEMORY:
        return body
    with body.file as file:
        return file.read(body.length)


async def send_in_pieces(body: SizedFile, connection: Any, send: Send) -> None:
    """Send the file at the client's pace; stop without an error if the connection is closed.

    Raises Truncated if the file is shorter than its length says, and TimeoutError if the client stops reading.
    """
    left = body.length
    while left and not (connection and connection.transport.is_closing()):
        piece = await asyncio.to_thread(body.file.read, min(PIECE, left))
        if not piece:
            raise Truncated
        left -= len(piece)
        async with asyncio.timeout(STALL_TIMEOUT):
            await send({"type": "http.response.body", "body": piece, "more_body": left > 0})
