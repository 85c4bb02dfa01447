"""The heart: an old page and what the poll brings it equal a fresh page, whatever was written in between."""

from contextlib import suppress
from datetime import timedelta
from itertools import count

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chat.exceptions import Refused
from chat.models import Membership, Message, Room
from chat.realtime import delta
from tests.support.pages import OpenPage

ZONES = ["", "Asia/Tokyo", "America/St_Johns"]
ROOMS = count()

pytestmark = pytest.mark.django_db

people = st.integers(0, 2)
minutes = st.sampled_from([0, 1, 3, 6, 50, 700, -30])
writes = st.one_of(
    st.tuples(st.just("send"), people, st.sampled_from(["hello", "one\ntwo", "https://example.org", "<b>&"])),
    st.tuples(st.just("send"), people, st.just("again")),
    st.tuples(st.sampled_from(["edit", "remove", "restore"]), st.integers(0, 30), st.just("")),
    st.tuples(st.just("topic"), people, st.sampled_from(["", "Tea", "<i>Cake"])),
    st.tuples(st.just("change_nickname"), people, st.sampled_from(["Zoe", "Yan"])),
    st.tuples(st.just("title"), people, st.sampled_from(["", " again"])),
    st.tuples(st.sampled_from(["lock", "unlock", "join", "leave"]), people, st.just("")),
)
steps = st.lists(st.tuples(writes, minutes, st.sets(people), st.sets(people)), min_size=1, max_size=25)


class Play:
    """A room with three readers in three zones, three others who come and go, and a clock that is set by hand."""

    def __init__(self, person, monkeypatch):
        self.now = timezone.now()
        monkeypatch.setattr(timezone, "now", lambda: self.now)
        name = f"Play {next(ROOMS)}"
        self.readers = [person() for _ in ZONES]
        for n, reader in enumerate(self.readers):
            reader.join(name, f"Reader {n}", time_zone=ZONES[n])
        self.room = Room.objects.by_name(name)
        self.title_at_first = name
        self.others = [person() for _ in ZONES]
        self.numbers = count()
        for n in range(3 * delta.PAGE_SIZE):
            self.send(n % 3, f"earlier {n}")
        self.pages = [OpenPage(reader, self.room) for reader in self.readers]

    def write(self, what, which, words):
        self.room.refresh_from_db()
        getattr(self, what)(which, words)

    def send(self, which, words):
        self.readers[which].send(self.room, words, n=next(self.numbers))

    def topic(self, which, words):
        self.room.set_topic(words)

    def change_nickname(self, which, words):
        with suppress(Refused):
            Membership.objects.get(participant=self.readers[which].session["participant"]).change_nickname(words)

    def title(self, which, words):
        self.room.set_name(self.title_at_first + words)

    def lock(self, which, words):
        self.room.lock()

    def unlock(self, which, words):
        self.room.unlock()

    def join(self, which, words):
        self.others[which].join(self.room.name, f"Other {which}")

    def leave(self, which, words):
        self.others[which].post(f"/rooms/{self.room.slug}/leave/")

    def edit(self, which, words):
        self._to_one(which, lambda message: message.edit(f"edited {next(self.numbers)}"))

    def remove(self, which, words):
        self._to_one(which, Message.remove)

    def restore(self, which, words):
        self._to_one(which, Message.restore)

    def _to_one(self, which, verb):
        said = list(Message.objects.filter(room=self.room, event="").select_related("room"))
        if said:
            verb(said[which % len(said)])

    def check(self):
        self.room.refresh_from_db()
        for page in self.pages:
            page.poll()
            assert page.lines == self.all_lines(page)[-len(page.lines) :]
            fresh = OpenPage(page.person, self.room)
            assert len(page.lines) >= len(fresh.lines)
            assert page.version == fresh.version == self.room.version
            assert page.header == fresh.header

    def all_lines(self, page):
        """Everything that was ever said, as a page that opened now and read back to the first line would show it."""
        fresh = OpenPage(page.person, self.room)
        while under_way := fresh.ask_for_older():
            fresh.unfold(under_way)
        return fresh.lines


@given(steps)
@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
def test_an_old_page_and_its_deltas_equal_a_fresh_page(person, monkeypatch, settings, steps):
    settings.LIMITS = False
    monkeypatch.setattr(delta, "PAGE_SIZE", 4)
    play = Play(person, monkeypatch)
    for write, passed, pollers, back_readers in steps:
        play.now += timedelta(minutes=passed)
        under_way = [(play.pages[n], play.pages[n].ask_for_older()) for n in back_readers]
        play.write(*write)
        # From every version some page sets out, and every page is somewhere on its way.
        play.pages += [OpenPage(play.readers[n], play.room) for n in pollers]
        for n in pollers:
            play.pages[n].poll()
        for page, older in under_way:
            page.unfold(older)
    play.check()


def test_what_was_removed_while_older_messages_were_on_their_way_is_gone_from_the_page(alice, room, monkeypatch):
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
    assert page.words == ["message 0", "Removed by the site’s staff.", "message 2", "message 3"]
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


def test_a_page_left_open_for_a_week_stays_small(alice, room, settings):
    settings.LIMITS = False
    page = OpenPage(alice, room)
    membership = alice.membership
    for n in range(delta.MAX_LOG_GROWTH + 100):
        membership.send(f"message {n}", f"week:{n}")
        if n % 100 == 0:
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
