"""Streams: the log for readers without JavaScript, in a page that stays open while new messages are appended to it."""

import asyncio
import random
import time

from chat.gate.connection import Connection
from chat.gate.grants import Grant, Stream
from chat.gate.polls import Polls
from chat.gate.request_body import Disconnected
from chat.gate.rooms import Room
from chat.gate.signatures import Headers, Send
from chat.gate.wsgi import Response

PLACEHOLDER = b"<!-- news -->"  # where in the page new messages go
HEARTBEAT_SECONDS = 5  # without news until the stream shows that it is alive
MIN_DURATION, MAX_DURATION = 270, 330  # seconds; then the page reloads itself and is small again
WRITE_TIMEOUT = 15  # seconds until the client has read enough; uvicorn buffers 64 kB


class Streams:
    """Serves pages that stay open and get news as it comes, with the same grants and paintings as polls.

    A stream ends after some minutes, or, once its session's grants are revoked, at the next news or heartbeat; the page
    then reloads itself.
    """

    def __init__(self, polls: Polls) -> None:
        self.polls, self.grants, self.rooms = polls, polls.grants, polls.rooms

    async def serve(self, stream: Stream, response: Response, connection: Connection, send: Send) -> None:
        """Send the page up to PLACEHOLDER, then news for some minutes at most, then the rest of the page.

        Raises TimeoutError if the client stops reading, and Disconnected if it closes the connection.
        """
        page, _placeholder, end = response.body.partition(PLACEHOLDER)
        headers = without_length(response.headers)
        await send({"type": "http.response.start", "status": response.status, "headers": headers})
        await write(send, page + stream.heartbeat)
        with self.polls.counted(stream.grant):
            await self.follow(stream, connection, send)
        await write(send, end, more=False)

    async def follow(self, stream: Stream, connection: Connection, send: Send) -> None:
        grant, since = stream.grant, stream.version
        end = time.monotonic() + random.uniform(MIN_DURATION, MAX_DURATION)  # noqa: S311
        while time.monotonic() < end and not self.polls.stopping and not connection.transport.is_closing():
            room = self.rooms.get(grant)
            if room and (since, grant.epoch) == (room.version, room.epoch):
                await wait(room, grant, connection)
            self.polls.reading.note(grant.member, grant.incarnation, since)
            renewed, painting = await self.polls.news(grant, since, stream.path)
            if renewed is None or (painting and painting.whole):
                return
            if self.grants.revoked_since(renewed.session, stream.requested_at):
                return
            grant, since = renewed, painting.version if painting else since
            await write(send, (painting.html if painting else b"") + stream.heartbeat)


class StreamWait(asyncio.Future[bool]):
    """The wait of one stream. Its result is True if there may be news, and False if the client disconnected."""

    def __init__(self, grant: Grant) -> None:
        super().__init__()
        self.grant = grant

    def wake(self, connected: bool = True) -> None:
        if not self.done():
            self.set_result(connected)


async def wait(room: Room, grant: Grant, connection: Connection) -> None:
    """Wait until the room has news or a new epoch, or the next heartbeat is due.

    Raises Disconnected if the client closes the connection.
    """
    waiting = connection.stream_wait = StreamWait(grant)
    room.waiting.add(waiting)
    try:
        async with asyncio.timeout(HEARTBEAT_SECONDS):
            if not await waiting:
                raise Disconnected
    except TimeoutError:
        pass
    finally:
        connection.stream_wait = None
        room.waiting.discard(waiting)


def without_length(headers: Headers) -> Headers:
    """Return the headers without the length, with one more that keeps proxies from buffering.

    Django's `Content-Encoding: identity` stays: otherwise Caddy would compress the stream, and hold back small parts.
    """
    kept = [pair for pair in headers if pair[0] != b"content-length"]
    return [*kept, (b"x-accel-buffering", b"no")]


async def write(send: Send, body: bytes, more: bool = True) -> None:
    async with asyncio.timeout(WRITE_TIMEOUT):
        await send({"type": "http.response.body", "body": body, "more_body": more})
