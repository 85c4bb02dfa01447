"""The panel of members: who is online, updated by polls, and soon after people join or leave."""

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
    return re.findall(r'class="person-name"><bdi>(.*?)</bdi>', html)


def panel_of_page(who, room):
    page = who.get(room.get_absolute_url()).content.decode()
    return page.partition('<div id="people">')[2].partition("</div>")[0]


def polled_panel(who, room, at):
    """The panel in the answer to a poll of a page that received its last answer `at` that Unix time, or None."""
    answer = who.get(f"/rooms/{room.slug}/changes/", {"since": 9, "from": 9, "at": int(at), "log": room.incarnation})
    found = PANEL.search(answer.content.decode())
    return found and found[1]


def set_away(*people):
    Membership.objects.filter(nickname__in=people).update(seen_at=LONG_AGO)


@pytest.fixture
def later(monkeypatch):
    """A function that moves the clock of panels forward by some seconds."""
    passed = []
    clock = SimpleNamespace(time=lambda: time.time() + sum(passed))
    monkeypatch.setattr(presence, "time", clock)
    return passed.append


# What it shows


def test_online_members_come_first_and_the_owner_and_moderators_before_all(alice, bob, carol, person, room):
    person(room.name, "Aaron")
    person(room.name, "Zoe")
    set_away("Aaron")
    bob.membership.set_role("moderator")
    panel = panel_of_page(bob, room)
    assert names(panel) == ["Alice", "Bob", "Zoe", "Aaron"]
    assert "3 online" in panel
    assert panel.index("Zoe") < panel.index("Away") < panel.index("Aaron")
    assert re.findall(r'"badge">(\w+)<', panel) == ["owner", "moderator"]


def test_a_member_last_seen_ninety_seconds_ago_is_away(alice, bob, carol, person, room):
    dave = person(room.name, "Dave")
    for name, seconds in (("Bob", 88), ("Dave", 92)):
        seen_at = timezone.now() - timedelta(seconds=seconds)
        Membership.objects.filter(nickname=name).update(seen_at=seen_at)
    panel = panel_of_page(alice, room)
    assert panel.index("Bob") < panel.index("Away") < panel.index("Dave")
    assert "2 online" in panel
    assert '<span class="online">2 online</span>' in person().get("/").content.decode()
    page = alice.get(f"/rooms/{room.slug}/members/").content.decode()
    assert page.count('<span class="online">Online</span>') == 2
    assert dave.membership.is_inside, "away members stay members"


def test_a_second_holder_of_a_name_is_numbered(alice, person, room, settings):
    settings.NAME_HELD_DAYS = 0
    person(room.name, "Ann")
    set_away("Ann")
    person(room.name, "Ann")
    assert "no. 2 with this name" in panel_of_page(alice, room)


def test_new_members_see_themselves_at_once(alice, bob, person, room):
    panel_of_page(alice, room)
    dave = person(room.name, "Dave")
    assert "Dave" in names(panel_of_page(dave, room))
    dave.post(f"/rooms/{room.slug}/name/", {"nickname": "David"})
    assert "David" in names(panel_of_page(dave, room))


def test_the_panel_is_the_same_for_everyone_and_has_no_controls(alice, bob, room):
    panel = panel_of_page(alice, room)
    assert panel == panel_of_page(bob, room) == polled_panel(alice, room, at=0)
    assert not re.search(r"<form|<input|csrf|href|hx-|aria-live|role=", panel)


def test_a_stranger_sees_no_members(alice, person, room):
    assert panel_of_page(person(), room) == ""
    assert polled_panel(person(), room, at=0) is None


def test_the_panel_names_some_members_and_counts_all(alice, room):
    add_members(room, 200)
    set_away(*(f"M{n}" for n in range(100)))
    panel = panel_of_page(alice, room)
    assert len(names(panel)) == presence.MAX_ONLINE + presence.MAX_AWAY
    assert "101 online" in panel


def add_members(room, count):
    people = Participant.objects.bulk_create(Participant() for _ in range(count))
    Membership.objects.bulk_create(
        Membership(room=room, participant=who, nickname=f"M{n}", nickname_key=f"m{n}") for n, who in enumerate(people)
    )


# When polls send it


def test_a_poll_sends_a_changed_panel_once(alice, bob, person, room, later):
    panel_of_page(alice, room)
    later(20)
    person(room.name, "Dave")
    now = presence.time.time()
    assert "Dave" in polled_panel(alice, room, at=now - 5)
    assert polled_panel(alice, room, at=now + 3) is None


def test_a_poll_sends_no_unchanged_panel(alice, bob, room, later):
    panel_of_page(alice, room)
    at = presence.time.time() + 3
    later(200)
    assert polled_panel(alice, room, at) is None


def test_polls_send_changes_at_a_minimum_interval(alice, bob, person, room, later, monkeypatch):
    monkeypatch.setattr(presence, "CHANGE_SECONDS", 15)
    panel_of_page(alice, room)
    later(20)
    first = panel_of_page(person(room.name, "Dave"), room)
    assert polled_panel(alice, room, at=presence.time.time()) == first
    later(5)
    at = presence.time.time()
    panel_of_page(person(room.name, "Erin"), room)
    assert polled_panel(alice, room, at) is None
    later(11)
    assert "Erin" in polled_panel(alice, room, at)


def test_a_member_who_came_and_went_between_two_refreshes_is_taken_off_the_page(alice, person, room, later):
    panel_of_page(alice, room)
    later(5)
    dave = person(room.name, "Dave")
    assert "Dave" in panel_of_page(dave, room)
    at = presence.time.time()
    set_away("Dave")
    Membership.objects.filter(nickname="Dave").delete()
    later(16)
    assert "Dave" not in polled_panel(alice, room, at)


def test_an_away_member_who_leaves_is_taken_off(alice, bob, room, later):
    set_away("Bob")
    assert "Bob" in panel_of_page(alice, room)
    later(20)
    bob.membership.leave()
    at = presence.time.time()
    assert "Bob" not in polled_panel(alice, room, at)


def test_polls_refresh_the_panel_once_in_fifteen_seconds(
    alice, bob, room, django_assert_max_num_queries, django_assert_num_queries
):
    at = time.time()
    with django_assert_max_num_queries(9):
        polled_panel(alice, room, at)
    for who in (alice, bob):
        polled_panel(who, room, at)
        with django_assert_num_queries(3):  # the session, the membership, and the changes
            polled_panel(who, room, at)


def test_members_with_an_account_have_a_badge(alice, bob, room):
    bob.post("/account/create/", {"name": "Bob", "password": "a long walk home"})
    presence.refresh_panels([room.pk])
    page = alice.get(f"/rooms/{room.slug}/").content.decode()
    bobs = page[page.index("<bdi>Bob</bdi> <span") :].partition("</li>")[0]
    alices = page[page.index("<bdi>Alice</bdi> <span") :].partition("</li>")[0]
    assert ('<span class="badge">account</span>' in bobs, '<span class="badge">account</span>' in alices) == (
        True,
        False,
    )


def test_refreshing_quiet_rooms_takes_three_statements_regardless_of_their_number(person, django_assert_num_queries):
    rooms = [person(f"Room {n}", "Ann").membership.room.pk for n in range(5)]
    assert len(presence.refresh_panels(rooms)) == 5
    with django_assert_num_queries(3):
        presence.refresh_panels(rooms)


def test_a_member_removed_while_the_panel_is_read_does_not_get_it(alice, bob, room, monkeypatch):
    def meanwhile(*arguments, read=presence.panel_for_poll):
        monkeypatch.undo()
        bob.membership.remove()
        presence.refresh_panels([room.pk])
        return read(*arguments)

    monkeypatch.setattr(presence, "panel_for_poll", meanwhile)
    version = bob.membership.room.version  # no new messages, so that the room is not read again for them
    answer = bob.get(
        f"/rooms/{room.slug}/changes/", {"since": version, "from": version, "at": 0, "log": room.incarnation}
    )
    assert answer.status_code == 286
    assert not PANEL.search(answer.content.decode())


# With the gate


@pytest.fixture
def frequent_refreshes(monkeypatch):
    """The gate refreshes panels every half second."""
    monkeypatch.setattr(background, "PANEL_INTERVAL", 0.5)
    monkeypatch.setattr(background, "CHANGE_INTERVAL", 0)
    monkeypatch.setattr(background, "TICK", 0.05)
    monkeypatch.setattr(presence, "REFRESH_SECONDS", 0.5)
    monkeypatch.setattr(presence, "CHANGE_SECONDS", 0.5)


def until_refreshed(gate, reader, since):
    """Wait until the gate has a panel that is newer than that Unix time."""
    room = gate.hub.rooms.by_id[reader.member.room_id]
    until(lambda: "people" in room.sidebar.parts and room.sidebar.changed_at > since + 1)


def test_the_gate_sends_the_panel_with_the_next_answer_and_wakes_no_poll(
    ann, ben, reader, gate, meanwhile, frequent_refreshes, short_holds, asked_django, monkeypatch
):
    ann.poll()
    monkeypatch.setattr("chat.gate.polls.MIN_HOLD", 3)
    monkeypatch.setattr("chat.gate.polls.MAX_HOLD", 3)
    poll, began = meanwhile(ann.ask), time.time()
    held(gate)
    set_away("Ben")
    until_refreshed(gate, ann, began)
    assert not poll.done()
    answer = poll.result(5).text
    assert time.time() - began > 2.5
    assert names(PANEL.search(answer)[1]) == ["Ann", "Ben"]
    assert "Away" in answer
    assert asked_django == []


@pytest.fixture
def quick_changes(monkeypatch):
    """The gate looks at a panel soon after people joined or left."""
    monkeypatch.setattr(background, "CHANGE_INTERVAL", 0.5)
    monkeypatch.setattr(background, "TICK", 0.05)
    monkeypatch.setattr(presence, "CHANGE_SECONDS", 0.5)


def gets_panel(reader, *people):
    """Poll as a page does, for less than one hold. Returns whether an answer has a panel with these people online."""
    end = time.monotonic() + 6
    while time.monotonic() < end:
        panel = PANEL.search(reader.poll().text)
        if panel and names(panel[1].partition("<h2>")[0]) == list(people):
            return True
    return False


def test_open_pages_get_the_panel_within_seconds_after_a_join_a_leave_and_a_removal(
    ann, ben, reader, gate, quick_changes, asked_django
):
    ann.poll()
    cy = reader("Cy")
    assert gets_panel(ann, "Ann", "Ben", "Cy")
    ben.member.leave()
    assert gets_panel(ann, "Ann", "Cy")
    cy.member.remove(by=ann.member)
    assert gets_panel(ann, "Ann")


def test_open_pages_get_a_new_nickname_in_the_panel_within_seconds(ann, ben, gate, quick_changes):
    ann.poll()
    ben.member.change_nickname("Benedikt")
    assert gets_panel(ann, "Ann", "Benedikt")


def test_a_message_does_not_make_the_gate_look_for_people(ann, ben, gate, quick_changes, monkeypatch):
    ann.poll()
    sidebar = gate.hub.rooms.by_id[ann.member.room_id].sidebar
    ben.send("hello")
    assert "hello" in ann.poll().text
    assert not background.panel_is_due(sidebar, time.monotonic() + 60)


def test_a_crowd_that_joins_is_in_the_panel_every_three_seconds(monkeypatch):
    monkeypatch.setattr(background, "PANEL_INTERVAL", 15)
    monkeypatch.setattr(background, "CHANGE_INTERVAL", 3)
    sidebar, looks = Sidebar(), []
    sidebar.looked_at = 0
    for tenth in range(600):  # a minute with a join every tenth of a second
        now = tenth / 10
        sidebar.people_changed_at = now
        if background.panel_is_due(sidebar, now):
            sidebar.looked_at = now
            looks.append(now)
    assert len(looks) == 19
    assert next(now for now in range(60, 100) if background.panel_is_due(sidebar, now)) <= 62
    sidebar.looked_at = 62
    assert not background.panel_is_due(sidebar, 66)
    assert background.panel_is_due(sidebar, 77)


def test_a_page_opened_after_a_leave_does_not_show_the_person(alice, bob, room):
    assert names(panel_of_page(alice, room)) == ["Alice", "Bob"]
    bob.membership.leave()
    assert names(panel_of_page(alice, room)) == ["Alice"]


def test_without_the_gate_polls_send_the_panel_soon_after_a_leave(alice, bob, room, later):
    panel_of_page(alice, room)
    bob.membership.leave()
    later(4)
    assert names(polled_panel(alice, room, time.time() + 2)) == ["Alice"]


def test_without_the_gate_polls_send_the_panel_soon_after_a_join(alice, bob, person, room, later):
    panel_of_page(alice, room)
    panel_of_page(person(room.name, "Cy"), room)
    later(4)
    assert names(polled_panel(alice, room, time.time() + 2)) == ["Alice", "Bob", "Cy"]


def test_the_gate_sends_a_panel_only_once(ann, ben, gate, frequent_refreshes, short_holds):
    until_refreshed(gate, ann, 0)
    time.sleep(2.5)
    assert not PANEL.search(ann.poll().text)


def test_the_panel_of_a_page_is_not_replaced_by_an_older_one(ann, gate, reader, frequent_refreshes, monkeypatch):
    until_refreshed(gate, ann, 0)
    monkeypatch.setattr(background, "PANEL_INTERVAL", 3600)
    cy = reader("Cy")
    cy.since = 0
    for _ in range(2):
        panel = PANEL.search(cy.ask(cy.query(0, 0, int(time.time()) - 60)).text)
        assert "Cy" in names(panel[1])


def test_only_grants_of_its_epoch_receive_a_panel(ann, ben, gate):
    """The panel may be newer than what the gate knows about who may read it."""
    ann.ask(ann.query(1, 1, 1))
    room, language = gate.hub.rooms.by_id[ann.member.room_id], "en"
    for epoch, told in ((room.epoch + 1, False), (room.epoch, True), (room.epoch - 1, False)):
        made = RenderedPart((epoch,), epoch, {language: b'<div hx-swap-oob="innerHTML:#people">secret</div>'})
        room.sidebar.update("people", made)
        assert ("secret" in ann.ask(ann.query(1, 1, 1)).text) is told


def test_an_older_panel_does_not_replace_a_newer_one():
    beside = Sidebar()
    beside.update("people", RenderedPart((1,), 5, {"en": b"new"}))
    grant = SimpleNamespace(variant=("en",), epoch=5)
    beside.supersede("people", "en", 4, b"old")
    assert beside.due_parts(0, grant) == b"new"
    beside.supersede("people", "en", 5, b"newer")
    assert beside.due_parts(0, grant) == b"newer"
    assert beside.due_parts(time.time() + 5, grant) == b""


def test_a_panel_in_a_new_language_is_rendered_at_the_next_refresh(ann, gate, frequent_refreshes):
    until_refreshed(gate, ann, 0)
    beside = gate.hub.rooms.by_id[ann.member.room_id].sidebar
    beside.languages.add("de")
    until(lambda: "de" in beside.parts["people"][0].html)


# In a browser
