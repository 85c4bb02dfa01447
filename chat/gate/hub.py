"""The part of the gate that answers readers itself; all else of it only passes on."""

import asyncio
import contextlib

from chat.gate import background
from chat.gate.grant_renewal import GrantRenewals
from chat.gate.grants import Grants
from chat.gate.paintings import Paintings
from chat.gate.poll_request import PollRequest
from chat.gate.polls import Gone, Polls
from chat.gate.rooms import Rooms
from chat.gate.streams import Streams
from chat.gate.typing_indicator import TypingFollower


class Hub:
    """`site` is what is asked of Django: `paint`, `versions`, `still_hold`, `were_here`, `panels`, `typing`, `mark`,
    `listen`, `tidy`.

    `share` is how many polls at once are asked of Django, and how many paintings are made: after a restart all open
    pages come with a poll that was not granted yet, and those who write must not stand behind them.
    """

    def __init__(self, site, in_thread, headers, share):
        self.site, self.in_thread = site, in_thread
        self.grants, self.rooms = Grants(site.session_cookie), Rooms()
        paintings = Paintings(site.render_painting, self.in_turn, self.rooms, site.max_log_growth, site.max_changes)
        renewals = GrantRenewals(site.valid_grants, self.in_turn, self.grants)
        self.polls = Polls(self.grants, self.rooms, paintings, renewals, headers)
        self.streams = Streams(self.polls)
        self.typists = TypingFollower(site.typing_part, self.in_turn, self.rooms)
        self.first_polls, self.questions = asyncio.Semaphore(share), asyncio.Semaphore(share)
        self.rounds = []

    def start(self):
        self.loop = asyncio.get_running_loop()
        self.site.subscribe(self.in_the_loop(self.heard), self.in_the_loop(self.typists.heard))
        self.rounds = [
            asyncio.create_task(background.for_ever(background.watch, self.rooms, self.site, self.in_thread)),
            asyncio.create_task(background.for_ever(background.end_holds, self.polls)),
            asyncio.create_task(background.for_ever(background.note_presence, self.polls, self.site, self.in_thread)),
            asyncio.create_task(background.for_ever(background.tidy, self.site, self.in_thread)),
            asyncio.create_task(
                background.for_ever(background.look_who_is_here, self.rooms, self.site, self.in_thread)
            ),
        ]

    def in_the_loop(self, function):
        return lambda *arguments: self.loop.call_soon_threadsafe(function, *arguments)

    def heard(self, room_id, version, epoch):
        self.typists.said(room_id)
        self.rooms.heard(room_id, version, epoch)

    async def in_turn(self, function, *arguments):
        """What `function` answers in a thread, for readers; the others of them wait outside the queue for threads."""
        async with self.questions:
            return await self.in_thread(function, *arguments)

    def stop(self):
        self.polls.stop()

    def end(self):
        for task in self.rounds:
            task.cancel()

    def question(self, cycle, head):
        """What is asked in a request that was parsed from `head`, and where its page stands, if that is a poll that was
        granted; otherwise None."""
        scope, grant = cycle.scope, self.grants.asked(cycle.scope)
        question = grant and PollRequest.read(head, scope, grant.session, cycle.keep_alive)
        return (question, question.numbers(head)) if question else None

    @contextlib.asynccontextmanager
    async def turn(self, scope):
        """Wait until a poll may be asked of Django; everything else may at once. Raises polls.Gone."""
        if not self.grants.poll_query(scope):
            yield
            return
        async with self.first_polls:
            if "connection" in scope and scope["connection"].transport.is_closing():
                raise Gone
            yield

    def forget(self):
        """Know nothing any more: every reader asks Django next."""
        self.rooms.gone(list(self.rooms.by_id))
        for room in list(self.polls.paintings.of_room):
            self.polls.paintings.drop(room)
        self.grants.by_session.clear()
        self.grants.count = 0

    async def stream(self, offer, answer, connection, send):
        """Send the page, and go on with it for as long as its reader may read and takes what comes."""
        stream = offer.stream()
        self.give(stream.path, stream.grant, stream.version, stream.asked_at)
        try:
            await self.streams.serve(stream, answer, connection, send)
        except TimeoutError:
            connection.transport.abort()

    def learn(self, offer):
        """Keep what Django has said of a reader."""
        for session in offer.takes:
            self.grants.take(session)
        for grant in offer.grants:
            path, grant, version = grant()
            self.give(path, grant, version, offer.made_at)
        for room_id, *part in offer.parts:
            if room := self.rooms.by_id.get(room_id):
                room.beside.overtake(*part)

    def give(self, path, grant, version, asked_at):
        self.grants.give(path, grant, asked_at)
        self.rooms.seen(grant.room, version, grant.epoch, grant.incarnation)
        self.rooms.by_id[grant.room].beside.languages.add(grant.variant[0])
