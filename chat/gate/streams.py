"""Streams: polls that are answered many times, into a page whose end is kept back."""

import asyncio
import random
import time
from dataclasses import dataclass

from chat.gate.grants import Grant
from chat.gate.polls import Gone

HOLE = b"<!-- news -->"  # where in the page they go
BEATS_EVERY = 5  # seconds without news until the stream shows once more that it is alive
LASTS = 270, 330  # seconds, spread; the page then loads itself again, as small as at first
SLOWEST = 15  # seconds for a reader to take what was written; uvicorn stops taking more at 64 kB


@dataclass(frozen=True, slots=True)
class Stream:
    """`grant` for `path`, a page that has been told everything up to `version`, and was asked for at `asked_at` (on
    the clock of time.monotonic()); `beat` ends all that is written."""

    path: bytes
    grant: Grant
    version: int
    asked_at: float
    beat: bytes


class Streams:
    """Like polls, but for one thing: who is known anew is shown the page anew, as there is none to ask next."""

    def __init__(self, polls):
        self.polls, self.grants, self.rooms = polls, polls.grants, polls.rooms

    async def serve(self, stream, answer, connection, send):
        """The page, then what is new for some minutes, then the page's end."""
        page, _hole, end = answer.body.partition(HOLE)
        await send({"type": "http.response.start", "status": answer.status, "headers": open_ended(answer.headers)})
        await write(send, page + stream.beat)
        with self.polls.counted(stream.grant):
            await self.follow(stream, connection, send)
        await write(send, end, more=False)

    async def follow(self, stream, connection, send):
        grant, since, end = stream.grant, stream.version, time.monotonic() + random.uniform(*LASTS)  # noqa: S311
        while time.monotonic() < end and not self.polls.stopping and not connection.transport.is_closing():
            room = self.rooms.polled(grant)
            if room and (since, grant.epoch) == (room.version, room.epoch):
                await wait(room, grant, connection)
            self.polls.members.add(grant.member)
            grant, news = await self.polls.news(grant, since, stream.path)
            if grant is None or (news and news.whole) or self.grants.taken_since(grant.session, stream.asked_at):
                return
            since = news.version if news else since
            await write(send, (news.html if news else b"") + stream.beat)


class Waiting(asyncio.Future):
    """A stream's wait for news in a room, or for the end of its connection; `grant` says who waits."""

    def __init__(self, grant):
        super().__init__()
        self.grant = grant

    def wake(self, connected=True):
        if not self.done():
            self.set_result(connected)


async def wait(room, grant, connection):
    """Wait for news, for a change of rights, or for the time of the next beat. Raises Gone."""
    waiting = connection.waiting = Waiting(grant)
    room.waiting.add(waiting)
    try:
        async with asyncio.timeout(BEATS_EVERY):
            if not await waiting:
                raise Gone
    except TimeoutError:
        pass
    finally:
        connection.waiting = None
        room.waiting.discard(waiting)


def open_ended(headers):
    """Neither length nor encoding, and a word for proxies that would wait for the end."""
    kept = [pair for pair in headers if pair[0] not in (b"content-length", b"content-encoding")]
    return [*kept, (b"x-accel-buffering", b"no")]


async def write(send, body, more=True):
    async with asyncio.timeout(SLOWEST):
        await send({"type": "http.response.body", "body": body, "more_body": more})
