"""The hub: the part of the gate that answers waiting readers itself."""

import asyncio
import contextlib
import logging
import threading
from collections.abc import AsyncIterator, Callable
from typing import cast

from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from chat.gate import background
from chat.gate.backend import Backend
from chat.gate.connection import Connection
from chat.gate.grant_renewal import GrantRenewals
from chat.gate.grants import Grant, Grants, Offer
from chat.gate.paintings import Paintings
from chat.gate.poll_request import Numbers, PollRequest
from chat.gate.polls import Polls
from chat.gate.request_body import Disconnected
from chat.gate.rooms import Rooms
from chat.gate.signatures import Arguments, Headers, Result, RunInThread, Scope, Send
from chat.gate.streams import Streams
from chat.gate.typing_indicator import TypingFollower
from chat.gate.wsgi import Response

logger = logging.getLogger("chat.gate")


class Hub:
    """Answers waiting readers; keeps their grants, paintings and held polls.

    `share` is the maximum number of polls in Django at once, and also of calls in threads for waiting readers, such
    as paintings. After a restart, every open page polls without a grant, and other requests must not wait behind
    them. `max_per_address` is the maximum number of connections that wait for news for one network.
    """

    def __init__(
        self, backend: Backend, run_in_thread: RunInThread, headers: Headers, share: int, max_per_address: int
    ) -> None:
        self.backend, self.run_in_thread = backend, run_in_thread
        self.grants, self.rooms = Grants(backend.session_cookie), Rooms()
        run = self.run_for_readers
        paintings = Paintings(backend.render_painting, run, self.rooms, backend.max_log_growth, backend.max_changes)
        renewals = GrantRenewals(backend.valid_grants, run, self.grants)
        self.polls = Polls(self.grants, self.rooms, paintings, renewals, headers, max_per_address)
        self.streams = Streams(self.polls)
        self.typing = TypingFollower(backend.typing_part, run, self.rooms)
        self.polls_in_django, self.calls = asyncio.Semaphore(share), asyncio.Semaphore(share)
        self.tasks: list[asyncio.Task[None]] = []
        self.stopping = threading.Event()  # threads that run longer look at it

    def start(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.backend.subscribe(self.threadsafe(self.room_changed), self.threadsafe(self.typing.typing_started))
        calls = self.backend, self.run_in_thread
        self.tasks = [
            asyncio.create_task(background.run_forever(background.watch, self.rooms, *calls)),
            asyncio.create_task(background.run_forever(background.end_holds, self.polls)),
            asyncio.create_task(background.run_forever(background.note_presence, self.polls, *calls)),
            asyncio.create_task(background.run_forever(background.write_drafts, *calls)),
            asyncio.create_task(background.run_forever(background.prune, self.stopping.is_set, *calls)),
            asyncio.create_task(background.run_forever(background.refresh_panels, self.rooms, *calls)),
        ]

    def threadsafe(self, function: Callable[[*Arguments], None]) -> Callable[[*Arguments], None]:
        """Return a function that other threads may call: it schedules `function` in the event loop."""

        def call_soon(*arguments: *Arguments) -> None:
            self.loop.call_soon_threadsafe(function, *arguments)

        return call_soon

    def room_changed(self, room_id: int, version: int, epoch: int) -> None:
        self.typing.room_changed(room_id)
        self.rooms.update(room_id, version, epoch)

    async def run_for_readers(self, function: Callable[[*Arguments], Result], /, *arguments: *Arguments) -> Result:
        """Call the function in a thread and return its result; at most `share` such calls run or wait at once."""
        async with self.calls:
            return await self.run_in_thread(function, *arguments)

    def stop(self) -> None:
        self.stopping.set()
        self.polls.stop()

    def cancel_tasks(self) -> None:
        self.stopping.set()
        for task in self.tasks:
            task.cancel()

    async def write_drafts(self) -> None:
        """Write the last drafts, when nothing else runs any more. An error is logged."""
        try:
            await asyncio.to_thread(self.backend.write_drafts)
        except Exception:
            logger.exception("The last drafts could not be written.")

    def find_poll(self, cycle: RequestResponseCycle, head: bytes) -> tuple[PollRequest, Numbers] | None:
        """Return the poll in `head` and its numbers (since, origin, at); None if it is no poll with a grant."""
        scope = cast(Scope, cycle.scope)
        grant = self.grants.for_request(scope)
        request = grant and PollRequest.parse(head, scope, grant.session, cycle.keep_alive)
        numbers = request and request.match(head)
        return (request, numbers) if request and numbers else None

    @contextlib.asynccontextmanager
    async def queue_poll(self, scope: Scope) -> AsyncIterator[None]:
        """Run the `with` block when Django has room for one more poll; other requests don't wait.

        Raises Disconnected if the client left while it waited.
        """
        if not self.grants.poll_query(scope):
            yield
            return
        async with self.polls_in_django:
            if "connection" in scope and scope["connection"].transport.is_closing():
                raise Disconnected
            yield

    def forget(self) -> None:
        """Forget all grants, rooms and paintings, and end all waits, so that Django answers every reader next."""
        self.rooms.forget(list(self.rooms.by_id))
        for room in list(self.polls.paintings.by_room):
            self.polls.paintings.drop(room)
        self.grants.clear()
        self.polls.reading.clear()

    def new_offer(self) -> Offer:
        return Offer(self.polls.has_capacity, self.polls.reading.version)

    async def stream(self, offer: Offer, response: Response, connection: Connection, send: Send) -> None:
        """Send the page and continue it, as long as its reader may read and keeps up.

        Raises ValueError if `offer` has no stream. Aborts the connection if the client doesn't read.
        """
        if offer.stream is None:
            raise ValueError("Django offered no stream.")
        stream = offer.stream()
        self.add_grant(stream.path, stream.grant, stream.version, stream.requested_at)
        try:
            await self.streams.serve(stream, response, connection, send)
        except TimeoutError:
            connection.transport.abort()

    def accept_offer(self, offer: Offer) -> None:
        """Apply what Django decided in this request: revoke and add grants, and store what was noted."""
        for session in offer.revocations:
            self.grants.revoke(session)
        for make_grant in offer.grants:
            path, grant, version = make_grant()
            self.add_grant(path, grant, version, offer.made_at)
        for member, incarnation, version in offer.received:
            self.polls.reading.note(member, incarnation, version)
        for room_id, name, language, epoch, html in offer.parts:
            if room := self.rooms.by_id.get(room_id):
                room.sidebar.supersede(name, language, epoch, html)

    def add_grant(self, path: bytes, grant: Grant, version: int, requested_at: float) -> None:
        self.grants.add(path, grant, requested_at)
        self.rooms.note_state(grant.room, version, grant.epoch, grant.incarnation)
        self.rooms.by_id[grant.room].sidebar.languages.add(grant.variant[0])
