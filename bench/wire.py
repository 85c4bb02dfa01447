"""HTTP/1.1 as a browser speaks it: an asyncio keep-alive connection with complete answers only."""

import asyncio
import contextlib
import socket
from typing import NamedTuple


class Broken(Exception):
    """No complete answer came. `refused`: the connection was refused. `begun`: part of the answer had arrived."""

    def __init__(self, refused=False, begun=False):
        super().__init__(f"{refused=} {begun=}")
        self.refused, self.begun = refused, begun


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    cookies: list[str]
    body: str

    @property
    def asks_next(self):
        return self.headers.get("hx-trigger") == "asked"


class Connection:
    """One connection to a server at (host, port), reopened when needed."""

    def __init__(self, address, limit=2**20):
        self.address, self.limit = address, limit
        self.reader = self.writer = None

    async def ask(self, method, path, headers, body=b""):
        """The Answer. Retries once if a kept connection gives no answer. Raises Broken."""
        kept = self.writer is not None
        try:
            return await self.ask_once(method, path, headers, body)
        except Broken as broken:
            # The server may close a kept connection at the moment of the next request. Browsers retry too.
            if broken.begun or not kept:
                raise
        return await self.ask_once(method, path, headers, body)

    async def ask_once(self, method, path, headers, body):
        await self.open()
        try:
            self.writer.write(self.head(method, path, headers, body) + body)
            await whole(self.writer.drain())
            return await self.answer()
        except BaseException:  # also if the caller was cancelled: what arrives now answers no request
            self.close()
            raise

    async def open(self):
        if self.writer is None:
            try:
                self.reader, self.writer = await asyncio.open_connection(*self.address, limit=self.limit)
            except OSError:
                raise Broken(refused=True) from None
            self.writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def head(self, method, path, headers, body):
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self.address[0]}:{self.address[1]}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        lines += [f"Content-Length: {len(body)}"] if method == "POST" else []
        return "\r\n".join([*lines, "", ""]).encode()

    async def answer(self):
        head = await whole(self.reader.readuntil(b"\r\n\r\n"))
        status, headers, cookies = parsed(head)
        body = await whole(self.body(headers), begun=True)
        if headers.get("connection") == "close":
            self.close()
        return Answer(status, headers, cookies, body.decode())

    async def body(self, headers):
        if headers.get("transfer-encoding") == "chunked":
            return b"".join([piece async for piece in chunks(self.reader)])
        return await self.reader.readexactly(int(headers.get("content-length", 0)))

    def close(self):
        if self.writer is not None:
            self.writer.close()
            self.reader = self.writer = None


async def whole(reading, begun=False):
    """The result of `reading`. Raises Broken if it is incomplete."""
    try:
        return await reading
    except asyncio.IncompleteReadError as error:
        raise Broken(begun=begun or bool(error.partial)) from None
    except OSError:
        raise Broken(begun=begun) from None


async def chunks(reader):
    while length := int(await reader.readuntil(b"\r\n"), 16):
        yield (await reader.readexactly(length + 2))[:-2]
    await reader.readuntil(b"\r\n")


def parsed(head):
    """Status, headers by lower-case name, and cookies as `name=value`."""
    first, *lines = head.decode("latin-1").split("\r\n")[:-2]
    pairs = [line.split(": ", 1) for line in lines]
    cookies = [value.partition(";")[0] for name, value in pairs if name.lower() == "set-cookie"]
    return int(first.split()[1]), {name.lower(): value for name, value in pairs}, cookies


async def give_up(*tasks):
    """Cancel these tasks and wait for them, ignoring their errors."""
    for task in tasks:
        task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await asyncio.gather(*tasks, return_exceptions=True)
