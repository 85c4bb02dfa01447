"""Replay: an old page plus the answer of its poll equals a fresh page, whatever was written in between."""

from contextlib import suppress
from datetime import timedelta
from itertools import count

import pytest
from django.core.cache import caches
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chat.exceptions import Refused
from chat.models import FormerAddress, Membership, Message, Participant, Room
from chat.models.room_events import RUN_ENDS_AFTER, RUN_EVENTS
from chat.realtime import delta
from tests.support.pages import OpenPage
from tests.support.transactions import rolled_back

ZONES = ["", "Asia/Tokyo", "America/St_Johns"]

pytestmark = pytest.mark.django_db

people = st.integers(0, 2)
nothing = st.just("")
minutes = st.sampled_from([0, 1, 3, 6, 50, 700, -30])
writes = st.one_of(
    st.tuples(st.just("send"), people, st.sampled_from(["hello", "one\ntwo", "https://example.org", "<b>&"])),
    st.tuples(st.just("send"), people, st.just("again")),
    st.tuples(st.sampled_from(["edit", "remove_message", "restore_message"]), st.integers(0, 30), nothing),
    st.tuples(st.just("topic"), people, st.sampled_from(["", "Tea", "<i>Cake"])),
    st.tuples(st.just("rules"), people, st.sampled_from(["", "Be kind", "1 < 2 & 3"])),
    st.tuples(st.just("change_nickname"), people, st.sampled_from(["Zoe", "Yan"])),
    st.tuples(st.just("rename"), people, st.sampled_from(["", " again"])),
    st.tuples(st.just("access"), people, st.sampled_from(["open", "unlisted", "private"])),
    st.tuples(st.just("role"), people, st.sampled_from(["owner", "moderator", "member"])),
    st.tuples(st.just("mute"), people, st.sampled_from(["reader", "other", ""])),
    st.tuples(st.just("member_limit"), people, st.sampled_from(["3", "4", ""])),
    st.tuples(st.sampled_from(["lock", "archive", "approval", "announce_only"]), people, st.sampled_from(["on", ""])),
    st.tuples(
        st.sampled_from(["join", "join", "leave", "approve", "decline", "remove", "ban", "unban", "allow_rejoin"]),
        people,
        nothing,
    ),
    st.tuples(st.just("come_and_go"), people, nothing),
)
steps = st.lists(st.tuples(writes, minutes, st.sets(people), st.sets(people)), min_size=1, max_size=25)


class Opening:
    """How every play begins: a room with three readers in three time zones, who have an open page each, and a clock."""

    NAME = "Play"

    def __init__(self, person):
        self.readers = [person() for _ in ZONES]
        for n, reader in enumerate(self.readers):
            reader.enter(self.NAME, f"Reader {n}")
            Participant.objects.filter(pk=reader.session["participant"]).update(time_zone=ZONES[n])
        self.room = Room.objects.by_name(self.NAME)
        self.others = [Participant.objects.create() for _ in ZONES]
        for n in range(3 * delta.PAGE_SIZE):
            self.readers[n % 3].membership.send(f"earlier {n}", f"earlier:{n}")
        self.pages = [OpenPage(reader, self.room) for reader in self.readers]
        self.now = timezone.now()


@pytest.fixture
def opening(person, monkeypatch, settings):
    """Written once for all plays of a test; each play is rolled back."""
    settings.LIMITS = False
    monkeypatch.setattr(delta, "PAGE_SIZE", 4)
    # The clock runs on for days, and a page whose former address has expired hears no more.
    monkeypatch.setattr(FormerAddress, "MEMBERS_REDIRECTED_FOR", timedelta(days=365))
    return Opening(person)


class Play:
    """What happens after the opening, with three more people who join and leave."""

    def __init__(self, opening, monkeypatch):
        # Another play used the same ids and versions for other messages.
        for cache in caches.all():
            cache.clear()
        self.now = opening.now
        monkeypatch.setattr(timezone, "now", lambda: self.now)
        self.readers, self.others = [reader.copy() for reader in opening.readers], opening.others
        self.participants = [reader.session["participant"] for reader in self.readers]
        self.room = Room.objects.get(pk=opening.room.pk)
        self.title_at_first = opening.NAME
        self.numbers = count()
        self.pages = [page.copy(reader, self.room) for page, reader in zip(opening.pages, self.readers, strict=True)]

    def write(self, what, which, words):
        self.room.refresh_from_db()
        with suppress(Refused):
            getattr(self, what)(which, words)

    def send(self, which, words):
        self.readers[which].send(self.room, words, n=next(self.numbers))

    def topic(self, which, words):
        self.room.set_topic(words)

    def rules(self, which, words):
        self.room.set_rules(words)

    def change_nickname(self, which, words):
        self._reader(which).change_nickname(words)

    def rename(self, which, words):
        self.room.set_name(self.title_at_first + words)

    def access(self, which, words):
        self.room.set_access(words)

    def lock(self, which, words):
        self.room.set_locked(bool(words))

    def archive(self, which, words):
        self.room.set_archived(bool(words))

    def approval(self, which, words):
        self.room.set_approval(bool(words))

    def announce_only(self, which, words):
        self.room.set_announce_only(bool(words))

    def member_limit(self, which, words):
        self.room.set_member_limit(int(words) if words else None)

    def role(self, which, words):
        owner = self.room.memberships.inside().get(role="owner")
        owner.assign_role(self._reader(which), words)

    def mute(self, which, words):
        member = self._other(which) if words == "other" else self._reader(which)
        if member and not member.is_moderator:
            member.set_muted(bool(words))

    def join(self, which, words):
        self.room.join(self.others[which], f"Other {which}")

    def leave(self, which, words):
        self._to_other(which, "leave")

    def come_and_go(self, which, words):
        """All of them leave, or those who can join: a run of lines that pages fold."""
        for n in range(3):
            member = self._other((which + n) % 3)
            verb = self.leave if member and member.is_inside else self.join
            with suppress(Refused):
                verb((which + n) % 3, words)

    def approve(self, which, words):
        self._to_other(which, "approve")

    def decline(self, which, words):
        self._to_other(which, "decline_request")

    def remove(self, which, words):
        self._to_other(which, "remove")

    def ban(self, which, words):
        self._to_other(which, "ban")

    def unban(self, which, words):
        self._to_other(which, "unban")

    def allow_rejoin(self, which, words):
        self._to_other(which, "allow_rejoin")

    def edit(self, which, words):
        self._to_one(which, lambda message: message.edit(f"edited {next(self.numbers)}"))

    def remove_message(self, which, words):
        self._to_one(which, Message.remove)

    def restore_message(self, which, words):
        self._to_one(which, Message.restore)

    def _reader(self, which):
        mine = Membership.objects.select_related("room", "participant")
        return mine.get(participant=self.participants[which])

    def _other(self, which):
        mine = self.others[which].memberships.select_related("room", "participant")
        return mine.filter(room=self.room).first()

    def _to_other(self, which, verb):
        if member := self._other(which):
            getattr(member, verb)()

    def _to_one(self, which, verb):
        said = list(Message.objects.filter(room=self.room, event="").select_related("room"))
        if said:
            verb(said[which % len(said)])

    def check(self):
        self.room.refresh_from_db()
        check_runs(self.room)
        for page in self.pages:
            page.poll()
        # Once per reader and not per page: a reader's fresh page does not depend on the pages that are open.
        for reader in self.readers:
            self.compare([page for page in self.pages if page.person is reader], OpenPage(reader, self.room))

    def compare(self, pages, fresh):
        lines = len(fresh.lines)
        # As many lines as the longest page has, as a new page shows them after loading older messages.
        longest = max(len(page.lines) for page in pages)
        while len(fresh.lines) < longest and (under_way := fresh.ask_for_older()):
            fresh.unfold(under_way)
        for page in pages:
            assert page.lines == fresh.lines[-len(page.lines) :]
            assert page.folded == [line for line in fresh.folded if line in dict(page.lines)]
            assert len(page.lines) >= lines
            assert page.version == fresh.version == self.room.version
            assert page.header == fresh.header


def check_runs(room):
    """What each system message says of its run is what one counts in the whole log."""
    run = []
    for message in room.messages.order_by("first_version"):
        late = bool(run) and message.sent_at - run[-1].sent_at > RUN_ENDS_AFTER
        if message.event not in RUN_EVENTS:
            run = []
            assert "run" not in (message.detail or {})
            continue
        run = [message] if late else [*run, message]
        others = {line.subject_id for line in run} - {message.subject_id}
        mixed = len({line.event for line in run}) > 1
        expected = {"start": run[0].first_version, "others": len(others), "mixed": mixed}
        assert message.detail.get("run") == (expected | {"previous": run[-2].pk} if len(run) > 1 else None)


@pytest.mark.parametrize("part", range(8))  # so that they are spread over the workers
@given(steps)
@settings(
    max_examples=10,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
def test_an_old_page_and_its_deltas_equal_a_fresh_page(opening, monkeypatch, part, steps):
    with rolled_back():
        perform(Play(opening, monkeypatch), steps)


def perform(play, steps):
    for write, passed, pollers, back_readers in steps:
        play.now += timedelta(minutes=passed)
        under_way = [(play.pages[n], play.pages[n].ask_for_older()) for n in back_readers]
        play.write(*write)
        # Pages start from every version, and poll at different times.
        play.pages += [OpenPage(play.readers[n], play.room) for n in pollers]
        for n in pollers:
            play.pages[n].poll()
        for page, older in under_way:
            page.unfold(older)
    play.check()


def test_a_message_removed_while_older_messages_load_disappears(alice, room, monkeypatch):
    monkeypatch.setattr(delta, "PAGE_SIZE", 2)
    for n in range(4):
        alice.send(room, f"message {n}", n=n)
    page = OpenPage(alice, room)
    under_way = page.ask_for_older()
    Message.objects.get(text="message 1").remove()
    page.poll()
    page.unfold(under_way)
    assert "message 1" in page.words
    page.poll()
    assert page.words == ["message 0", "Message removed by a site admin.", "message 2", "message 3"]
    assert not page.document.cssselect("[name=older]")


def test_times_never_run_backwards_when_the_clock_does(alice, room, monkeypatch):
    before = timezone.now()
    monkeypatch.setattr(timezone, "now", lambda: before - timedelta(hours=1))
    alice.send(room, "said by a clock that was set back")
    times = list(room.messages.order_by("first_version").values_list("sent_at", flat=True))
    assert times == sorted(times)


def test_a_tab_that_slept_for_a_day_shows_everything_once(alice, room, settings):
    settings.LIMITS = False
    page = OpenPage(alice, room)
    for n in range(delta.MAX_CHANGES + 10):
        alice.membership.send(f"message {n}", f"sleep:{n}")
    page.poll()
    assert page.words == [f"message {n}" for n in range(160, 210)]
    assert page.lines == OpenPage(alice, room).lines


def test_a_page_left_open_for_a_week_stays_small(alice, room, monkeypatch):
    monkeypatch.setattr(delta, "MAX_LOG_GROWTH", delta.MAX_LOG_GROWTH // 10)
    monkeypatch.setattr(delta, "MAX_CHANGES", delta.MAX_CHANGES // 10)
    page = OpenPage(alice, room)
    membership = alice.membership
    for n in range(delta.MAX_LOG_GROWTH + 10):
        membership.send(f"message {n}", f"week:{n}")
        if n % 10 == 0:
            page.poll()
    page.poll()
    assert len(page.lines) < delta.MAX_LOG_GROWTH
    fresh = OpenPage(alice, room)
    assert page.lines[-len(fresh.lines) :] == fresh.lines


@pytest.mark.parametrize("since", ["", "-1", "9" * 18, "9" * 40, "５", "1_0", "0x1", "1 ", "null", "1.0", "\x00"])
def test_a_cursor_that_makes_no_sense_paints_the_log_whole(alice, room, since):
    alice.send(room, "hello")
    answer = alice.poll(room, since)
    assert answer.status_code == 200
    assert b"innerHTML:#messages" in answer.content
    assert b"hello" in answer.content


def test_below_the_floor_the_log_is_painted_whole(alice, room):
    alice.send(room, "hello")
    Room.objects.update(floor_version=2)
    assert b"innerHTML:#messages" in alice.poll(room, 1).content
    assert b"innerHTML:#messages" not in alice.poll(room, 2).content
