"""The panel of people: who is in a room, beside the log, brought up to date by the poll alone and never in a hurry."""

import re
import time
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.utils import timezone

from chat.gate import background
from chat.gate.sidebar import RenderedPart, Sidebar
from chat.models import Membership, Participant
from chat.realtime import presence
from tests.support.reading import held, until

PANEL = re.compile(r'<div hx-swap-oob="innerHTML:#people">(.*?)</div>', re.DOTALL)
LONG_AGO = "2020-01-01T00:00Z"


def names(html):
    return re.findall(r'class="who"><bdi>(.*?)</bdi>', html)


def panel_of_page(who, room):
    page = who.get(room.get_absolute_url()).content.decode()
    return page.partition('<div id="people">')[2].partition("</div>")[0]


def told(who, room, at):
    """The panel that comes with the answer to a poll of a page that was told something at that time, or nothing."""
    answer = who.get(f"/rooms/{room.slug}/changes/", {"since": 9, "from": 9, "at": int(at)})
    found = PANEL.search(answer.content.decode())
    return found and found[1]


def went_away(*people):
    Membership.objects.filter(nickname__in=people).update(seen_at=LONG_AGO)


@pytest.fixture
def later(monkeypatch):
    """A function that lets so many seconds pass, as far as panels go."""
    passed = []
    clock = SimpleNamespace(time=lambda: time.time() + sum(passed))
    monkeypatch.setattr(presence, "time", clock)
    return passed.append


# What it shows


def test_who_is_here_comes_first_and_who_keeps_the_room_before_all(alice, bob, carol, person, room):
    person(room.name, "Aaron")
    person(room.name, "Zoe")
    went_away("Aaron")
    bob.membership.set_role("moderator")
    panel = panel_of_page(bob, room)
    assert names(panel) == ["Alice", "Bob", "Zoe", "Aaron"]
    assert "3 here" in panel
    assert panel.index("Zoe") < panel.index("Not here just now") < panel.index("Aaron")
    assert re.findall(r'"badge">(\w+)<', panel) == ["owner", "moderator"]


def test_who_gave_a_sign_of_life_ninety_seconds_ago_is_not_here_any_more(alice, bob, carol, person, room):
    dave = person(room.name, "Dave")
    for name, seconds in (("Bob", 88), ("Dave", 92)):
        seen_at = timezone.now() - timedelta(seconds=seconds)
        Membership.objects.filter(nickname=name).update(seen_at=seen_at)
    panel = panel_of_page(alice, room)
    assert panel.index("Bob") < panel.index("Not here just now") < panel.index("Dave")
    assert "2 here" in panel
    assert '<span class="here">2 here</span>' in person().get("/").content.decode()
    page = alice.get(f"/rooms/{room.slug}/members/").content.decode()
    assert page.count('<span class="here">here</span>') == 2
    assert dave.membership.is_inside, "away is not out"


def test_a_later_holder_of_a_name_is_marked(alice, person, room, settings):
    settings.NAME_HELD_DAYS = 0
    person(room.name, "Ann")
    went_away("Ann")
    person(room.name, "Ann")
    assert "no. 2 of this name" in panel_of_page(alice, room)


def test_whoever_comes_sees_themselves_at_once(alice, bob, person, room):
    panel_of_page(alice, room)
    dave = person(room.name, "Dave")
    assert "Dave" in names(panel_of_page(dave, room))
    dave.post(f"/rooms/{room.slug}/name/", {"nickname": "David"})
    assert "David" in names(panel_of_page(dave, room))


def test_it_is_the_same_for_everybody_and_asks_for_nothing(alice, bob, room):
    panel = panel_of_page(alice, room)
    assert panel == panel_of_page(bob, room) == told(alice, room, at=0)
    assert not re.search(r"<form|<input|csrf|href|hx-|aria-live|role=", panel)


def test_a_stranger_is_told_of_nobody(alice, person, room):
    assert panel_of_page(person(), room) == ""
    assert told(person(), room, at=0) is None


def test_it_names_few_and_counts_all(alice, room):
    crowd(room, 200)
    went_away(*(f"M{n}" for n in range(100)))
    panel = panel_of_page(alice, room)
    assert len(names(panel)) == presence.MAX_ONLINE + presence.MAX_AWAY
    assert "101 here" in panel


def crowd(room, count):
    people = Participant.objects.bulk_create(Participant() for _ in range(count))
    Membership.objects.bulk_create(
        Membership(room=room, participant=who, nickname=f"M{n}", nickname_key=f"m{n}") for n, who in enumerate(people)
    )


# When it is told


def test_a_page_is_told_what_changed_since_and_not_twice(alice, bob, person, room, later):
    panel_of_page(alice, room)
    later(20)
    person(room.name, "Dave")
    now = presence.time.time()
    assert "Dave" in told(alice, room, at=now - 5)
    assert told(alice, room, at=now + 3) is None


def test_without_a_change_nothing_is_told(alice, bob, room, later):
    panel_of_page(alice, room)
    at = presence.time.time() + 3
    later(200)
    assert told(alice, room, at) is None


def test_pages_are_told_of_changes_every_fifteen_seconds_at_most(alice, bob, person, room, later):
    panel_of_page(alice, room)
    later(20)
    first = panel_of_page(person(room.name, "Dave"), room)
    assert told(alice, room, at=presence.time.time()) == first
    later(5)
    at = presence.time.time()
    panel_of_page(person(room.name, "Erin"), room)
    assert told(alice, room, at) is None
    later(11)
    assert "Erin" in told(alice, room, at)


def test_who_came_and_went_between_two_looks_does_not_stay_on_the_page_that_saw_them(alice, person, room, later):
    panel_of_page(alice, room)
    later(5)
    dave = person(room.name, "Dave")
    assert "Dave" in panel_of_page(dave, room)
    at = presence.time.time()
    went_away("Dave")
    Membership.objects.filter(nickname="Dave").delete()
    later(16)
    assert "Dave" not in told(alice, room, at)


def test_an_absent_member_who_leaves_is_taken_off(alice, bob, room, later):
    went_away("Bob")
    assert "Bob" in panel_of_page(alice, room)
    later(20)
    bob.membership.leave()
    at = presence.time.time()
    assert "Bob" not in told(alice, room, at)


def test_polls_look_once_in_fifteen_seconds(alice, bob, room, django_assert_max_num_queries, django_assert_num_queries):
    at = time.time()
    with django_assert_max_num_queries(9):
        told(alice, room, at)
    for who in (alice, bob):
        told(who, room, at)
        with django_assert_num_queries(4):  # the session, rooms that left this address, my membership, and the news
            told(who, room, at)


def test_who_has_an_account_is_told_from_guests(alice, bob, room):
    bob.post("/account/keep/", {"name": "Bob", "password": "a long walk home"})
    presence.refresh_panels([room.pk])
    page = alice.get(f"/rooms/{room.slug}/").content.decode()
    bobs = page[page.index("<bdi>Bob</bdi> <span") :].partition("</li>")[0]
    alices = page[page.index("<bdi>Alice</bdi> <span") :].partition("</li>")[0]
    assert ('<span class="badge">account</span>' in bobs, '<span class="badge">account</span>' in alices) == (
        True,
        False,
    )


def test_quiet_rooms_cost_three_statements_however_many(person, django_assert_num_queries):
    rooms = [person(f"Room {n}", "Ann").membership.room.pk for n in range(5)]
    assert len(presence.refresh_panels(rooms)) == 5
    with django_assert_num_queries(3):
        presence.refresh_panels(rooms)


def test_who_is_shown_out_while_the_panel_is_read_is_told_of_nobody(alice, bob, room, monkeypatch):
    def meanwhile(*arguments, read=presence.panel_for_poll):
        monkeypatch.undo()
        bob.membership.remove()
        presence.refresh_panels([room.pk])
        return read(*arguments)

    monkeypatch.setattr(presence, "panel_for_poll", meanwhile)
    version = bob.membership.room.version  # without news, so that the room is not read again for that
    answer = bob.get(f"/rooms/{room.slug}/changes/", {"since": version, "from": version, "at": 0})
    assert answer.status_code == 286
    assert not PANEL.search(answer.content.decode())


# Behind the gate


@pytest.fixture
def looks(monkeypatch):
    """The gate looks every half second."""
    monkeypatch.setattr(background, "PANELS_EVERY", 0.5)
    monkeypatch.setattr(background, "TICK", 0.05)
    monkeypatch.setattr(presence, "REFRESH_SECONDS", 0.5)


def until_looked(gate, reader, since):
    """Until the gate knows of a panel that is newer than that time."""
    room = gate.live.rooms.by_id[reader.member.room_id]
    until(lambda: "people" in room.beside.parts and room.beside.changed_at > since + 1)


def test_the_gate_tells_it_with_an_answer_that_is_due_and_wakes_nobody(
    ann, ben, reader, gate, meanwhile, looks, short_holds, asked_django, monkeypatch
):
    monkeypatch.setattr("chat.gate.polls.SHORTEST_HOLD", 3)
    monkeypatch.setattr("chat.gate.polls.LONGEST_HOLD", 3)
    ann.poll()
    poll, began = meanwhile(ann.ask), time.time()
    held(gate)
    went_away("Ben")
    until_looked(gate, ann, began)
    assert not poll.done()
    answer = poll.result(5).text
    assert time.time() - began > 2.5
    assert names(PANEL.search(answer)[1]) == ["Ann", "Ben"]
    assert "Not here just now" in answer
    assert asked_django == []


def test_a_page_that_has_been_told_is_not_told_again(ann, ben, gate, looks, short_holds):
    until_looked(gate, ann, 0)
    time.sleep(2.5)
    assert not PANEL.search(ann.poll().text)


def test_the_panel_of_a_page_is_not_followed_by_an_older_one(ann, gate, reader, looks, monkeypatch):
    until_looked(gate, ann, 0)
    monkeypatch.setattr(background, "PANELS_EVERY", 3600)
    cy = reader("Cy")
    cy.since = 0
    for _ in range(2):
        panel = PANEL.search(cy.ask(f"since=0&from=0&at={int(time.time()) - 60}").text)
        assert "Cy" in names(panel[1])


def test_only_grants_of_its_epoch_are_told_of_a_panel(ann, ben, gate):
    """A painting may be newer than the news that somebody has lost the right to it."""
    ann.ask("since=1&from=1&at=1")
    room, language = gate.live.rooms.by_id[ann.member.room_id], "en"
    for epoch, told in ((room.epoch + 1, False), (room.epoch, True), (room.epoch - 1, False)):
        made = RenderedPart((epoch,), epoch, {language: b'<div hx-swap-oob="innerHTML:#people">secret</div>'})
        room.beside.learn("people", made)
        assert ("secret" in ann.ask("since=1&from=1&at=1").text) is told


def test_an_older_page_does_not_overtake_what_is_known():
    beside = Sidebar()
    beside.learn("people", RenderedPart((1,), 5, {"en": b"new"}))
    grant = SimpleNamespace(variant=("en",), epoch=5)
    beside.overtake("people", "en", 4, b"old")
    assert beside.due(0, grant) == b"new"
    beside.overtake("people", "en", 5, b"newer")
    assert beside.due(0, grant) == b"newer"
    assert beside.due(time.time() + 5, grant) == b""


def test_a_language_that_nobody_read_before_is_painted_at_the_next_look(ann, gate, looks):
    until_looked(gate, ann, 0)
    beside = gate.live.rooms.by_id[ann.member.room_id].beside
    beside.languages.add("de")
    until(lambda: "de" in beside.parts["people"][0].html)


# In a browser
