"""Polls with a grant: held until there is news or the hold is over, then answered with shared paintings."""

import asyncio
import contextlib
import logging
import random
import time
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple, Protocol

from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from chat.gate.error_pages import GateRefusal, error_response
from chat.gate.grant_renewal import GrantRenewals
from chat.gate.grants import Grant, Grants
from chat.gate.paintings import Painting, Paintings
from chat.gate.poll_request import PollRequest
from chat.gate.reading import Reading, Received
from chat.gate.rooms import Room, Rooms
from chat.gate.signatures import Headers
from chat.gate.timing_wheel import TimingWheel
from chat_app.logs import about

logger = logging.getLogger("chat.gate")

MIN_HOLD, MAX_HOLD = 7, 9  # seconds, random in between, so that readers don't come back in waves
MAX_SLEEP = 4  # seconds; a page whose last answer is older was asleep, and is answered at once
MAX_PER_SESSION = 3  # held connections; a browser opens six, so its writes can use the others
MAX_HELD = 10_000
POLL_HEADERS = [
    (b"content-type", b"text/html; charset=utf-8"),
    (b"cache-control", b"private, no-store"),
    (b"vary", b"HX-Request"),
]
ASK_AGAIN = (b"hx-trigger", b"asked")
POLL_SCOPE = {"method": "GET", "headers": [(b"hx-request", b"true")]}


class PollAnswer(NamedTuple):
    """The answer to a poll. `head` begins with the status line; the connection adds some headers and a blank line."""

    head: bytes
    body: bytes


class PollConnection(Protocol):
    """A connection that waits for the answer to a poll."""

    def answer(self, answer: PollAnswer) -> None: ...

    def ask_django(self) -> None: ...


class Poll:
    """A poll that isn't answered yet, of a page that has everything up to version `since`.

    The page got its last answer at `at` (seconds since 1970), and its whole log at version `origin`. `room` is set
    while the poll is held.
    """

    __slots__ = ("at", "connection", "grant", "origin", "polls", "request", "room", "since", "slot")

    grant: Grant
    polls: "Polls"
    slot: "set[Poll]"

    def __init__(self, connection: PollConnection, request: PollRequest, since: int, origin: int, at: int) -> None:
        self.connection, self.request = connection, request
        self.since, self.origin, self.at = since, origin, at
        self.room: Room | None = None

    def to_bytes(self) -> bytes:
        return self.request.to_bytes(self.since, self.origin, self.at)

    def wake(self) -> asyncio.Task[None] | None:
        """End the hold, if there is one, and answer. Returns the task that fetches the answer, or None."""
        if self.room:
            self.polls.release(self, self.room)
            return self.polls.answer(self)
        return None

    def give_up(self) -> None:
        if self.room:
            self.polls.release(self, self.room)


class Polls:
    """Answers polls that have a grant, or holds them until there is news.

    Every answer has the response headers `headers`. They are the same for all readers, so they contain nothing
    private.
    """

    def __init__(
        self,
        grants: Grants,
        rooms: Rooms,
        paintings: Paintings,
        renewals: GrantRenewals,
        headers: Headers,
        max_per_address: int,
        max_held: int = MAX_HELD,
    ) -> None:
        self.grants, self.rooms, self.paintings, self.renewals = grants, rooms, paintings, renewals
        busy = error_response(GateRefusal(503), POLL_SCOPE, headers)
        self.unavailable = PollAnswer(head_of(503, busy.headers), busy.body)
        self.head = head_of(200, [*headers, *POLL_HEADERS])
        self.head_with_news = head_of(200, [*headers, *POLL_HEADERS, ASK_AGAIN])
        self.held, self.max_held, self.max_per_address = 0, max_held, max_per_address
        self.by_session: Counter[str] = Counter()
        self.by_address: Counter[str] = Counter()
        self.wheel: TimingWheel[Poll] = TimingWheel()
        self.answering: set[asyncio.Task[None]] = set()
        self.reading = Reading()
        self.stopping = False

    def accept(self, poll: Poll) -> bool:
        """Answer or hold this poll and return True, or return False if Django has to answer it."""
        request = poll.request
        grant = self.grants.find(request.session, request.path, request.incarnation)
        room = grant and self.rooms.get(grant)
        if not grant or not room:
            return False
        poll.polls, poll.grant = self, grant
        self.reading.note(grant.member, grant.incarnation, min(poll.since, room.version))
        if self.may_hold(poll, room):
            self.hold(poll, room)
        else:
            self.answer(poll)
        return True

    def may_hold(self, poll: Poll, room: Room) -> bool:
        return (
            (poll.since, poll.grant.epoch) == (room.version, room.epoch)
            and -1 <= time.time() - poll.at <= MAX_SLEEP
            and poll.at > room.sidebar.answer_before
            and self.has_capacity(poll.grant.session, poll.grant.address)
        )

    def has_capacity(self, session: str, address: str) -> bool:
        """Return whether one more connection of this session, and from this network (if not ""), may be held."""
        return (
            not self.stopping
            and self.held < self.max_held
            and self.by_session.get(session, 0) < MAX_PER_SESSION
            and (not address or self.by_address.get(address, 0) < self.max_per_address)
        )

    def hold(self, poll: Poll, room: Room) -> None:
        poll.room = room
        room.waiting.add(poll)
        poll.slot = self.wheel.put(poll, random.uniform(MIN_HOLD, MAX_HOLD))  # noqa: S311
        self._count(poll.grant, 1)

    def release(self, poll: Poll, room: Room) -> None:
        room.waiting.discard(poll)
        poll.slot.discard(poll)
        poll.room = None
        self._count(poll.grant, -1)

    def end_holds(self) -> None:
        """Answer the polls whose hold is over, after 7 to 9 seconds."""
        if due := self.wheel.due():
            self.rooms.wake(due)

    @contextlib.contextmanager
    def counted(self, grant: Grant) -> Iterator[None]:
        """Return a context manager in which a stream counts as a held connection of the grant's session and address."""
        self._count(grant, 1)
        try:
            yield
        finally:
            self._count(grant, -1)

    def _count(self, grant: Grant, change: int) -> None:
        self.held += change
        for counter, key in ((self.by_session, grant.session), (self.by_address, grant.address)):
            counter[key] += change
            if not counter[key]:
                del counter[key]

    def answer(self, poll: Poll) -> asyncio.Task[None] | None:
        """Answer this poll. Returns the task that makes the answer, or None if the answer was ready."""
        if ready := self.ready_answer(poll):
            poll.connection.answer(ready)
            return None
        task = asyncio.create_task(self.answer_later(poll))
        self.answering.add(task)
        task.add_done_callback(self.answering.discard)
        return task

    def ready_answer(self, poll: Poll) -> PollAnswer | None:
        """Return the answer if no call to Django is needed to make it, otherwise None."""
        room, grant = self.rooms.get(poll.grant), poll.grant
        if room and grant.epoch != room.epoch:  # The grant may have been renewed together with another reader's.
            renewed = self.grants.find(grant.session, poll.request.path, grant.incarnation)
            if not renewed:
                return None
            grant = renewed
        if not room or grant.epoch != room.epoch or room.sidebar.refresh_task:
            return None
        if poll.since == room.version:
            return self.without_news(poll, grant, room)
        painting = self.paintings.cached(self.paintings.key(grant, poll.since, poll.origin))
        return self.with_news(poll, grant, room, painting) if painting else None

    async def answer_later(self, poll: Poll) -> None:
        """Fetch what the answer needs (a renewed grant, a painting, the sidebar), then answer.

        Django answers instead if the reader may not read any more or the room is not known here. A 503 is sent if
        fetching fails.
        """
        room = self.rooms.by_id.get(poll.grant.room)
        try:
            if room and room.sidebar.refresh_task:
                await asyncio.wait({room.sidebar.refresh_task})
            grant, painting = await self.news(poll.grant, poll.since, poll.request.path, poll.origin)
        except Exception as error:
            logger.error("could not answer a poll: %s: %s", type(error).__name__, error, extra=about("polls"))
            return poll.connection.answer(self.unavailable)
        room = self.rooms.by_id.get(poll.grant.room)
        if not grant or not room:
            return poll.connection.ask_django()
        if painting:
            return poll.connection.answer(self.with_news(poll, grant, room, painting))
        return poll.connection.answer(self.without_news(poll, grant, room))

    async def news(
        self, grant: Grant, since: int, path: bytes, origin: int | None = None
    ) -> tuple[Grant | None, Painting | None]:
        """Return the valid grant, renewed if needed, and the painting of what is new after version `since`.

        The painting is None if nothing is new. The grant is None if Django has to answer: the reader may not
        read any more, or the room is not known here. `origin` is the version at which the page's log was last
        painted whole; None means `since`.
        """
        for _attempt in range(3):
            room = self.rooms.get(grant)
            if room and grant.epoch != room.epoch:
                await self.renewals.renew_room(grant.room, room)
                renewed = self.grants.find(grant.session, path, grant.incarnation)
                if not renewed:
                    break
                grant = renewed
            if room is None:
                break
            self.rooms.update(grant.room, room.version, grant.epoch, grant.incarnation)
            if since == room.version:
                return grant, None
            painting = await self.paintings.get(grant, since, since if origin is None else origin)
            if painting is None or painting.incarnation != grant.incarnation:
                break
            self.rooms.update(grant.room, painting.version, painting.epoch, painting.incarnation)
            if painting.epoch == grant.epoch:
                return grant, painting
        return None, None

    def without_news(self, poll: Poll, grant: Grant, room: Room) -> PollAnswer:
        parts = room.sidebar.due_parts(poll.at, grant) if poll.at <= room.sidebar.changed_at else b""
        body = poller(grant, poll.since, poll.origin, parts) + parts
        return self.answer_and_poll_again(grant, body) if parts else with_length(self.head, body)

    def with_news(self, poll: Poll, grant: Grant, room: Room, painting: Painting) -> PollAnswer:
        """The answer with the news. It makes the page poll again at once, if that poll can be held."""
        origin = painting.version if painting.whole else poll.origin
        parts = room.sidebar.due_parts(poll.at, grant) if poll.at <= room.sidebar.changed_at else b""
        return self.answer_and_poll_again(grant, poller(grant, painting.version, origin, parts) + painting.html + parts)

    def answer_and_poll_again(self, grant: Grant, body: bytes) -> PollAnswer:
        """Return an answer with this HTML. If the next poll can be held, a header makes the page poll again at once."""
        asks_again = self.has_capacity(grant.session, grant.address)
        return with_length(self.head_with_news if asks_again else self.head, body)

    def stop(self) -> None:
        """Answer all held polls, and hold no more."""
        self.stopping = True
        self.rooms.wake_all()

    def take_presence(self) -> tuple[dict[int, Received], set[int]]:
        """Return who polled or streamed since the last call, and the set of who waits for news now, as membership ids.

        Only the second have certainly seen everything: the others may have closed the page since.
        """
        return self.reading.take(), self.rooms.waiting_members()


def head_of(status: int, headers: Headers) -> bytes:
    return STATUS_LINE[status] + b"".join(b"%b: %b\r\n" % pair for pair in headers)


def with_length(head: bytes, body: bytes) -> PollAnswer:
    return PollAnswer(b"%bcontent-length: %d\r\n" % (head, len(body)), body)


def poller(grant: Grant, since: int, origin: int, parts: bytes) -> bytes:
    """Return the poller's HTML. With sidebar parts, its time is a second ahead, so that the next poll is held."""
    before, between, then, log, after = grant.poller
    at = int(time.time()) + bool(parts)
    return b"%b%d%b%d%b%d%b%b%b" % (before, since, between, origin, then, at, log, grant.incarnation.encode(), after)
