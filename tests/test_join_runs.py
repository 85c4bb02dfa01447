"""Runs of people who joined or left: the last line counts the others, and pages hide those before it."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from lxml import html

from chat.models import Message, Participant
from chat.realtime import delta
from tests.support.browsing import say
from tests.support.pages import OpenPage


@pytest.fixture
def clock(monkeypatch):
    """A function that sets the time forward; it begins at noon."""
    now = [datetime(2026, 3, 4, 12, tzinfo=UTC)]
    monkeypatch.setattr(timezone, "now", lambda: now[0])

    def forward(**by):
        now[0] += timedelta(**by)

    return forward


@pytest.fixture
def club(room):
    """A room in which someone has posted."""
    say(room.memberships.get(), "hello")
    return room


def join(room, *nicknames):
    return [room.join(Participant.objects.create(), nickname) for nickname in nicknames]


def shown(person, room):
    """The system messages that a new page of the room shows below the first message, without their times."""
    page = OpenPage(person, room)
    lines = page.document.cssselect("#messages li[id]")
    seen = [line for line in lines if line.get("id") not in page.folded]
    events = [event for line in seen for event in line.cssselect(".event:not([data-event=opened])")]
    return [re.sub(r" \d\d:\d\d$", "", " ".join(event.text_content().split())) for event in events]


def test_one_person_who_joins_is_shown_as_such(alice, club):
    join(club, "Bob")
    assert shown(alice, club) == ["Bob joined"]


@pytest.mark.parametrize(
    ("others", "counted"), [(["Bob"], "1 other joined"), (["Bob", "Carol", "Dave"], "3 others joined")]
)
def test_the_last_of_those_who_join_is_named_and_the_others_are_counted(alice, club, others, counted):
    join(club, *others, "Zoe")
    assert shown(alice, club) == [f"Zoe joined {counted}"]


def test_those_who_left_are_counted_as_leaving(alice, club):
    members = join(club, "Bob", "Carol", "Dave")
    say(members[0], "bye")
    for member in members:
        member.leave()
    assert shown(alice, club) == ["Dave joined 2 others joined", "Dave left 2 others left"]


def test_some_join_and_some_leave(alice, club):
    bob, _carol = join(club, "Bob", "Carol")
    bob.leave()
    join(club, "Dave")
    assert shown(alice, club) == ["Dave joined 2 others joined or left"]


def test_one_person_who_comes_and_goes_is_not_counted_as_others(alice, club):
    (bob,) = join(club, "Bob")
    bob.leave()
    club.join(bob.participant, "Bob")
    assert shown(alice, club) == ["Bob joined Show earlier"]


@pytest.mark.parametrize("between", ["a message", "a new topic", "a new nickname"])
def test_whatever_else_is_in_the_log_ends_a_run(alice, club, between):
    bob, _carol = join(club, "Bob", "Carol")
    {
        "a message": lambda: say(bob, "hello"),
        "a new topic": lambda: club.set_topic("Emma"),
        "a new nickname": lambda: bob.change_nickname("Benedikt"),
    }[between]()
    join(club, "Dave")
    first, *_between, last = shown(alice, club)
    assert (first, last) == ("Carol joined 1 other joined", "Dave joined")


def test_a_quiet_room_does_not_count_those_of_the_morning_in_the_evening(clock, alice, club):
    join(club, "Bob", "Carol")
    clock(hours=3, seconds=1)
    join(club, "Dave")
    assert shown(alice, club) == ["Carol joined 1 other joined", "Dave joined"]


def test_a_new_day_hides_no_line_of_the_day_before(clock, alice, club):
    clock(hours=11, minutes=58)
    join(club, "Bob", "Carol")
    clock(minutes=3)
    join(club, "Dave")
    assert shown(alice, club) == ["Carol joined 1 other joined", "Dave joined"]


def test_a_page_that_begins_within_a_run_counts_the_whole_run(alice, club, monkeypatch):
    monkeypatch.setattr(delta, "PAGE_SIZE", 3)
    join(club, *(f"Guest {n}" for n in range(10)))
    assert shown(alice, club) == ["Guest 9 joined 9 others joined"]


def test_a_page_that_is_open_folds_its_loaded_line_when_the_next_one_arrives(alice, club):
    join(club, "Bob")
    page = OpenPage(alice, club)
    loaded = page.lines[-1][0]
    assert loaded not in page.folded
    join(club, "Carol")
    page.poll()
    assert page.folded == [loaded]


def test_the_page_of_the_last_line_shows_all_of_the_run(alice, club):
    join(club, "Bob", "Carol", "Dave")
    link = OpenPage(alice, club).document.cssselect(".folded")[-1]
    page = html.document_fromstring(alice.get(link.get("href")).content.decode())
    assert len(page.cssselect(".lines.unfolded > li > .event[data-event=joined]")) == 3
    for other in (club.get_absolute_url() + "history/", Message.objects.get(text="hello").get_absolute_url()):
        assert b"unfolded" not in alice.get(other).content


def statements(act):
    with CaptureQueriesContext(
        connection,
    ) as queries:
        act()
    return len(queries)


def test_joining_costs_two_statements_more_within_a_run_and_sending_none(club):
    alice = club.memberships.get()
    people = Participant.objects.bulk_create(Participant() for _ in range(4))
    say(alice, "so that the next one who joins begins a run")
    begins = statements(lambda: club.join(people[0], "Guest 0"))
    continues = [statements(lambda n=n: club.join(people[n], f"Guest {n}")) for n in (1, 2)]
    assert continues == [begins + 2] * 2
    assert statements(lambda: say(alice, "after a run")) == statements(lambda: say(alice, "after a message"))
