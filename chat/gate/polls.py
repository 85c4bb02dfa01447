"""Polls that Django has granted: held until there is news, then answered with a painting that all readers share."""

import asyncio
import contextlib
import logging
import random
import time
from collections import Counter
from typing import NamedTuple

from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from chat.gate import error_pages
from chat.gate.error_pages import GateRefusal
from chat.gate.timing_wheel import TimingWheel

logger = logging.getLogger("chat.gate")

SHORTEST_HOLD, LONGEST_HOLD = 7, 9  # seconds, spread, so that readers do not come back in waves
FRESH = 4  # seconds; a page that asks later than that after it was told has slept, and is told where it stands at once
MOST_PER_SESSION = 3  # of the six connections that a browser opens, so that its writes have the others
MOST_PER_ADDRESS = 1000
OWN_HEADERS = [
    (b"content-type", b"text/html; charset=utf-8"),
    (b"cache-control", b"private, no-store"),
    (b"vary", b"HX-Request"),
]
ASK_NEXT = (b"hx-trigger", b"asked")
A_POLL = {"method": "GET", "headers": [(b"hx-request", b"true")]}


class Gone(Exception):
    """Whoever asked has hung up."""


class Told(NamedTuple):
    """An answer as it is written: `head` begins with the status, and lacks what the server adds and the blank line."""

    head: bytes
    body: bytes


class Poll:
    """A page's question on `connection`, until it is answered: it has been told everything up to version `since`, at
    `at` (seconds since 1970), and its log was painted whole at version `origin`."""

    __slots__ = ("at", "connection", "grant", "origin", "polls", "question", "room", "since", "slot")

    def __init__(self, connection, question, since, origin, at):
        self.connection, self.question = connection, question
        self.since, self.origin, self.at = since, origin, at
        self.room = None  # in which it is held

    def said(self):
        return self.question.said(self.since, self.origin, self.at)

    def wake(self):
        """Have it answered; the task in which somebody is asked for that first, if that has to be."""
        if self.room:
            self.give_up()
            return self.polls.tell(self)
        return None

    def give_up(self):
        if self.room:
            self.polls.let_go(self)


class Polls:
    """`headers` go with every answer: nothing that was meant for one reader can get into that of another."""

    def __init__(self, grants, rooms, paintings, renewals, headers, most=10_000):
        self.grants, self.rooms, self.paintings, self.renewals = grants, rooms, paintings, renewals
        away = error_pages.answer(GateRefusal(503), A_POLL, headers)
        self.away = Told(with_lines(503, away.headers), away.body)
        self.head = with_lines(200, [*headers, *OWN_HEADERS])
        self.head_with_news = with_lines(200, [*headers, *OWN_HEADERS, ASK_NEXT])
        self.most = most
        self.held, self.by_session, self.by_address = 0, Counter(), Counter()
        self.wheel = TimingWheel()
        self.asking = set()
        self.members = set()
        self.stopping = False

    def take(self, poll):
        """See to it that this poll is answered, now or when there is news; False where Django has to."""
        question = poll.question
        poll.polls, poll.grant = self, self.grants.find(question.session, question.path, question.incarnation)
        room = poll.grant and self.rooms.polled(poll.grant)
        if not room:
            return False
        self.members.add(poll.grant.member)
        if self.may_hold(poll, room):
            self.hold(poll, room)
        else:
            self.tell(poll)
        return True

    def may_hold(self, poll, room):
        return (
            (poll.since, poll.grant.epoch) == (room.version, room.epoch)
            and -1 <= time.time() - poll.at <= FRESH
            and poll.at > room.beside.hurry
            and self.has_place(poll.grant.session, poll.grant.address)
        )

    def has_place(self, session, address):
        """Whether one more connection of this session, from this address, may be held."""
        return (
            not self.stopping
            and self.held < self.most
            and self.by_session.get(session, 0) < MOST_PER_SESSION
            and (not address or self.by_address.get(address, 0) < MOST_PER_ADDRESS)
        )

    def hold(self, poll, room):
        poll.room = room
        room.waiting.add(poll)
        poll.slot = self.wheel.put(poll, random.uniform(SHORTEST_HOLD, LONGEST_HOLD))  # noqa: S311
        self._count(poll.grant, 1)

    def let_go(self, poll):
        poll.room.waiting.discard(poll)
        poll.slot.discard(poll)
        poll.room = None
        self._count(poll.grant, -1)

    def end_holds(self):
        """Have those answered who have waited for as long as they may."""
        if due := self.wheel.due():
            self.rooms.wake(due)

    @contextlib.contextmanager
    def counted(self, grant):
        self._count(grant, 1)
        try:
            yield
        finally:
            self._count(grant, -1)

    def _count(self, grant, one):
        self.held += one
        for counter, key in ((self.by_session, grant.session), (self.by_address, grant.address)):
            counter[key] += one
            if not counter[key]:
                del counter[key]

    def tell(self, poll):
        """Answer this poll as things are by now; the task in which somebody is asked first, if that has to be."""
        if told := self.known(poll):
            poll.connection.answer(told)
            return None
        asking = asyncio.create_task(self.find_out(poll))
        self.asking.add(asking)
        asking.add_done_callback(self.asking.discard)
        return asking

    def known(self, poll):
        """What to tell, where nobody has to be asked for it; otherwise None."""
        room, grant = self.rooms.polled(poll.grant), poll.grant
        if room and grant.epoch != room.epoch:
            grant = self.grants.find(
                grant.session, poll.question.path, grant.incarnation
            )  # renewed together with another's
        if not room or not grant or grant.epoch != room.epoch or room.beside.asking:
            return None
        if poll.since == room.version:
            return self.without_news(poll, grant, room)
        painting = self.paintings.kept(self.paintings.key(grant, poll.since, poll.origin))
        return painting and self.with_news(poll, grant, room, painting)

    async def find_out(self, poll):
        """Answer it, whoever has to be asked for that."""
        room = self.rooms.by_id.get(poll.grant.room)
        try:
            if room and room.beside.asking:
                await asyncio.wait({room.beside.asking})
            grant, news = await self.news(poll.grant, poll.since, poll.question.path, poll.origin)
        except Exception as error:
            logger.error("a poll could not be answered: %s: %s", type(error).__name__, error)
            return poll.connection.answer(self.away)
        room = self.rooms.by_id.get(poll.grant.room)
        if not grant or not room:
            return poll.connection.ask_django()
        told = self.with_news(poll, grant, room, news) if news else self.without_news(poll, grant, room)
        return poll.connection.answer(told)

    async def news(self, grant, since, path, origin=None):
        """The grant as it holds by now, and what is new since then, as far as this reader may know it.

        Without a grant where they may not any more; without news where there is none.
        """
        for _attempt in range(3):
            room = self.rooms.polled(grant)
            if room and grant.epoch != room.epoch:
                await self.renewals.of(grant.room, room)
                grant = self.grants.find(grant.session, path, grant.incarnation)
            if room is None or grant is None:
                break
            self.rooms.heard(grant.room, room.version, grant.epoch, grant.incarnation)
            if since == room.version:
                return grant, None
            painting = await self.paintings.painted(grant, since, since if origin is None else origin)
            if painting is None or painting.incarnation != grant.incarnation:
                break
            self.rooms.heard(grant.room, painting.version, painting.epoch, painting.incarnation)
            if painting.epoch == grant.epoch:
                return grant, painting
        return None, None

    def without_news(self, poll, grant, room):
        beside = room.beside.due(poll.at, grant) if poll.at <= room.beside.changed_at else b""
        body = poller(grant, poll.since, poll.origin, beside) + beside
        return self.ask_next(grant, body) if beside else Told(*with_length(self.head, body))

    def with_news(self, poll, grant, room, painting):
        """With news the page asks again at once, if the gate has a place for it to wait in: it misses nothing of a
        lively talk, and asks no more often than there is something to say."""
        origin = painting.version if painting.whole else poll.origin
        beside = room.beside.due(poll.at, grant) if poll.at <= room.beside.changed_at else b""
        return self.ask_next(grant, poller(grant, painting.version, origin, beside) + painting.html + beside)

    def ask_next(self, grant, body):
        """Have the page ask again at once, if there is a place for it to wait in."""
        ask_next = self.has_place(grant.session, grant.address)
        return Told(*with_length(self.head_with_news if ask_next else self.head, body))

    def stop(self):
        """Hold nobody any more, and answer everybody who is held."""
        self.stopping = True
        self.rooms.wake_all()

    def were_here(self):
        """The members who have asked since this was last called, and those who wait for news just now: only these are
        sure to have seen all that was said so far, as the others may have closed the page since."""
        members, self.members = self.members, set()
        return members, self.rooms.waiting_members()


def with_lines(status, headers):
    return STATUS_LINE[status] + b"".join(b"%b: %b\r\n" % pair for pair in headers)


def with_length(head, body):
    return b"%bcontent-length: %d\r\n" % (head, len(body)), body


def poller(grant, since, origin, beside):
    """What tells the page how it stands, and asks next; who is told something beside the log is ahead of this second,
    so that it is known from who was told nothing yet in the second of a change."""
    before, between, then, log, after = grant.poller
    at = int(time.time()) + bool(beside)
    return b"%b%d%b%d%b%d%b%b%b" % (before, since, between, origin, then, at, log, grant.incarnation.encode(), after)
