"""Two transactions at once, one of which waits for the other, and what a verb does with rows that have changed."""

import threading
import time
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from chat import markup
from chat.gate import background
from chat.gate.reading import Reading
from chat.models import Membership, Participant, Room
from chat.models.direct_message import open_direct_message
from chat.models.membership_roles import RolesMixin
from chat.models.room import RoomQuerySet
from chat.realtime import gate_backend
from tests.support.threads import closing, run, together


def while_locked(first, second):
    """The result of `second`, called in another thread half a second before the transaction of `first` ends."""
    results = []
    thread = threading.Thread(target=closing(lambda: results.append(second())))
    with transaction.atomic():
        first()
        thread.start()
        time.sleep(0.5)
    thread.join()
    return results[0]


# Conditional updates: PostgreSQL checks the conditions again after it waited for the row's lock.


@pytest.fixture
def asked(alice, bob):
    """Bob's membership in a direct message, with a chat request from Alice."""
    room = open_direct_message(alice.membership, bob.membership).room
    return room.memberships.get(participant=bob.session["participant"])


def test_ignoring_a_chat_request_does_not_undo_a_simultaneous_accept(transactional_db, asked):
    stale = Membership.objects.get(pk=asked.pk)
    assert while_locked(asked.accept_chat, stale.ignore_chat) is False
    assert Membership.objects.get(pk=asked.pk).is_inside


def test_an_ignored_chat_request_changes_nothing_that_the_other_page_receives(asked):
    before = asked.room.version
    assert asked.ignore_chat()
    asked.room.refresh_from_db()
    assert asked.room.version == before


def test_no_verb_updates_memberships_through_a_join(alice, bob, room, person, asked):
    waiting = person()
    room.set_approval(True)
    waiting.join(room.name, "Kim")
    member, seen_long_ago = room.memberships.get(nickname="Bob"), room.memberships.get(nickname="Alice")
    seen_long_ago.seen_at -= timedelta(days=1)
    with CaptureQueriesContext(connection) as queries:
        asked.ignore_chat()
        room.set_accounts_only(True)
        member.ban()
        member.unban()
        seen_long_ago.record_seen(reading=True)
        gate_backend.update_unlocked({member.pk}, seen_at=timezone.now())
        Participant.objects.get(pk=bob.session["participant"]).leave_all_rooms()
    updates = [query["sql"] for query in queries if query["sql"].startswith('UPDATE "chat_membership"')]
    assert len(updates) >= 7
    assert [sql for sql in updates if 'JOIN "chat_room"' in sql] == []
    assert waiting.membership.status == "join_declined"


# Addresses


def test_two_rooms_renamed_at_once_get_two_addresses(transactional_db, room, mallory):
    other = mallory.membership.room
    first = Room.objects.get(pk=room.pk)
    assert while_locked(lambda: first.set_name("C++"), lambda: other.set_name("C#"))
    assert set(Room.objects.values_list("name", "slug")) == {("C++", "c"), ("C#", "c-2")}


@pytest.mark.parametrize(
    ("before", "change"),
    [
        ({}, lambda room: room.set_name("C#")),
        ({"access": "private", "name": "C#", "key": None, "lookalike_key": None}, lambda room: room.set_access("open")),
    ],
    ids=["set_name", "set_access"],
)
def test_a_room_takes_the_next_address_if_another_took_the_first(room, mallory, monkeypatch, before, change):
    mallory.membership.room.set_name("C++")
    Room.objects.filter(pk=room.pk).update(slug="old", **before)
    room.refresh_from_db()
    monkeypatch.setattr(RoomQuerySet, "_taken_slugs", lambda *lookup: set())  # as it was a moment ago
    assert change(room)
    room.refresh_from_db()
    assert (room.slug, room.former_addresses.filter(slug="old").exists()) == ("c-2", True)


# Presence


def test_presence_and_a_transfer_of_the_room_do_not_wait_for_each_other(transactional_db, alice, bob, monkeypatch):
    owner, heir = alice.membership, bob.membership
    between, replace = threading.Event(), RolesMixin._replace_role
    results = {}

    def replace_slowly(self, role, by):
        replace(self, role, by)
        if self.pk == heir.pk:
            between.set()
            time.sleep(0.5)

    def transfer():
        results["transferred"] = owner.assign_role(heir, "owner")

    def record():
        between.wait()
        gate_backend.record_presence.__wrapped__(dict.fromkeys((owner.pk, heir.pk), ("", 0)), set())
        results["recorded"] = True

    monkeypatch.setattr(RolesMixin, "_replace_role", replace_slowly)
    together([transfer, record])
    assert results == {"transferred": True, "recorded": True}


def test_presence_leaves_out_a_locked_member_only(transactional_db, alice, bob):
    Membership.objects.update(seen_at="2020-01-01T00:00Z")
    locked, free = alice.membership, bob.membership

    def lock():
        Membership._base_manager.filter(pk=locked.pk).update(muted=False)

    def record():
        gate_backend.record_presence.__wrapped__({locked.pk: ("", 0)}, {free.pk})
        return Membership.objects.online().filter(pk=free.pk).exists()

    assert while_locked(lock, record)
    locked.refresh_from_db()
    assert locked.is_online is not connection.features.has_select_for_update_skip_locked


def test_members_whose_presence_could_not_be_recorded_are_recorded_in_the_next_round(monkeypatch):
    rounds, reading = [], Reading()

    async def run_in_thread(_record, received, _reading):
        rounds.append(received)
        reading.note(2, "a", 7)  # who polled meanwhile
        reading.note(1, "a", 6)
        raise OperationalError("deadlock detected")

    polls = SimpleNamespace(reading=reading, take_presence=lambda: (reading.take(), set()))
    monkeypatch.setattr(background, "PRESENCE_INTERVAL", 0)
    reading.note(1, "a", 5)
    for _ in range(2):
        with pytest.raises(OperationalError):
            run(background.note_presence(polls, SimpleNamespace(record_presence=None), run_in_thread))
    assert rounds == [{1: ("a", 5)}, {1: ("a", 6), 2: ("a", 7)}]
    assert reading.take() == rounds[1]


# Statuses and roles that have changed since they were read


def test_an_approved_member_does_not_leave_by_cancelling_the_join_request(alice, room, person):
    room.set_approval(True)
    stale = person(room.name, "Kim").membership
    Membership.objects.get(pk=stale.pk).approve(alice.membership)
    assert stale.leave() is False
    assert Membership.objects.get(pk=stale.pk).is_inside


def test_someone_who_accepted_a_chat_meanwhile_does_not_leave_by_declining_it(asked):
    stale = Membership.objects.get(pk=asked.pk)
    asked.accept_chat()
    assert stale.leave() is False
    assert Membership.objects.get(pk=asked.pk).is_inside


@pytest.mark.parametrize("status", ["waiting", "chat_requested"])
def test_someone_who_leaves_for_good_leaves_also_what_they_entered_meanwhile(alice, asked, status):
    stale = Membership.objects.get(pk=asked.pk)
    stale.status = status
    asked.accept_chat()
    assert stale.leave(for_good=True)
    assert Membership.objects.get(pk=asked.pk).status == "left"


def test_a_former_owner_does_not_pass_the_room_on_again(alice, bob, room):
    stale = alice.membership
    alice.membership.assign_role(bob.membership, "owner")
    assert stale.pass_ownership_on(for_good=True) is False
    assert (alice.membership.role, bob.membership.role) == ("moderator", "owner")


# Rendering takes no lock


def test_an_edited_message_is_rendered_before_the_transaction(transactional_db, alice, monkeypatch):
    message = alice.membership.send("as it was", "form:1")
    locked, render = [], markup.render
    monkeypatch.setattr(markup, "render", lambda *what: locked.append(connection.in_atomic_block) or render(*what))
    assert message.edit("as it is")
    assert locked == [False]
