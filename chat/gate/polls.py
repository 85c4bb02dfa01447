"""Polls that Django has granted: held until there is news, then answered with a painting that all readers share."""

import asyncio
import contextlib
import random
import time
from collections import Counter

from chat.gate.wsgi import Answer

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


class Gone(Exception):
    """Whoever asked has hung up."""


class Polls:
    """`headers` go with every answer: nothing that was meant for one reader can get into that of another."""

    def __init__(self, grants, rooms, paintings, renewals, headers, most=10_000):
        self.grants, self.rooms, self.paintings, self.renewals = grants, rooms, paintings, renewals
        headers = [*headers, *OWN_HEADERS]
        self.head, self.head_with_news = with_lines(headers), with_lines([*headers, ASK_NEXT])
        self.most = most
        self.held, self.by_session, self.by_address = 0, Counter(), Counter()
        self.members = set()
        self.stopping = False

    async def answer(self, asked, path, connection):
        """The answer, or None where Django has to give it. Raises Gone."""
        room = self.rooms.polled(asked.grant.room)
        if room is None:
            return None
        self.members.add(asked.grant.member)
        if self.may_hold(asked, room):
            with self.counted(asked.grant):
                await self.wait(room, connection, random.uniform(SHORTEST_HOLD, LONGEST_HOLD))  # noqa: S311
        return await self.told(asked, path)

    def may_hold(self, asked, room):
        return (
            (asked.since, asked.grant.epoch) == (room.version, room.epoch)
            and -1 <= time.time() - asked.at <= FRESH
            and self.has_place(asked.grant.session, asked.grant.address)
        )

    def has_place(self, session, address):
        """Whether one more connection of this session, from this address, may be held."""
        return (
            not self.stopping
            and self.held < self.most
            and self.by_session.get(session, 0) < MOST_PER_SESSION
            and (not address or self.by_address.get(address, 0) < MOST_PER_ADDRESS)
        )

    async def wait(self, room, connection, seconds):
        """Wait for news, for a change of rights, or for so many seconds. Raises Gone."""
        if connection.transport.is_closing():
            raise Gone
        loop = asyncio.get_running_loop()
        news = connection.waiting = loop.create_future()
        end = loop.call_later(seconds, end_of_hold, news)
        room.waiting.add(news)
        try:
            if not await news:
                raise Gone
        finally:
            end.cancel()
            connection.waiting = None
            room.waiting.discard(news)

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

    async def told(self, asked, path):
        """What is new, with the poller around it; None where Django has to say it.

        With news the page asks again at once, if the gate has a place for it to wait in: it misses nothing of a lively
        talk, and asks no more often than there is something to say.
        """
        grant, news = await self.news(asked.grant, asked.since, path, asked.origin)
        if grant is None:
            return None
        if news is None:
            return self.put_together(grant, asked.since, asked.origin, b"", False)
        origin = news.version if news.whole else asked.origin
        return self.put_together(grant, news.version, origin, news.html, self.has_place(grant.session, grant.address))

    async def news(self, grant, since, path, origin=None):
        """The grant as it holds by now, and what is new since then, as far as this reader may know it.

        Without a grant where they may not any more; without news where there is none.
        """
        for _attempt in range(3):
            room = self.rooms.polled(grant.room)
            if room and grant.epoch != room.epoch:
                await self.renewals.of(grant.room, room)
                grant = self.grants.find(grant.session, path)
            if room is None or grant is None:
                break
            if since == room.version:
                return grant, None
            painting = await self.paintings.painted(
                grant.room, since, since if origin is None else origin, grant.variant
            )
            if painting is None:
                break
            self.rooms.heard(grant.room, painting.version, painting.epoch)
            if painting.epoch == grant.epoch:
                return grant, painting
        return None, None

    def put_together(self, grant, since, origin, html, ask_next):
        before, between, then, after = grant.poller
        told = b"%b%d%b%d%b%d%b%b" % (before, since, between, origin, then, int(time.time()), after, html)
        headers, lines = self.head_with_news if ask_next else self.head
        length = b"%d" % len(told)
        return Answer(200, [*headers, (b"content-length", length)], told, b"%bcontent-length: %b\r\n" % (lines, length))

    def stop(self):
        """Hold nobody any more, and answer everybody who is held."""
        self.stopping = True
        self.rooms.wake_all()

    def were_here(self):
        """The members who have asked since this was last called."""
        members, self.members = self.members, set()
        return members


def with_lines(headers):
    """Headers, and the lines that they are on the wire."""
    return headers, b"".join(b"%b: %b\r\n" % pair for pair in headers)


def end_of_hold(future):
    if not future.done():
        future.set_result(True)
