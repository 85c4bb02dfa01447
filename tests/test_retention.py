"""Retention: what is deleted automatically, and what is kept."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.utils import timezone

from chat import retention
from chat.models import FormerAddress, Invite, Membership, Room, SignInLink
from chat.models.direct_message import open_direct_message
from chat.realtime import gate_backend
from tests.support.browsing import say

LONG_AGO = timezone.now() - timedelta(days=15)


@pytest.fixture
def silent(alice, room):
    """A room without messages, in which no member was seen for a long time."""
    Room.objects.update(last_sent_at=LONG_AGO)
    Membership.objects.update(seen_at=LONG_AGO)
    return room


def is_there(room):
    return Room.objects.filter(pk=room.pk).exists()


def test_a_room_without_messages_is_deleted(silent, capsys):
    call_command("prune")
    assert capsys.readouterr().out == "Rooms deleted: 1.\n"
    assert not is_there(silent)


def test_a_room_with_a_message_is_kept(alice, silent):
    (said,) = say(alice.membership, "hello")
    said.remove()
    Room.objects.update(last_sent_at=LONG_AGO)
    retention.tidy()
    assert is_there(silent)


def test_a_room_that_gets_a_message_meanwhile_is_kept(alice, silent, monkeypatch):
    silent_rooms, asked = retention.silent_rooms, []

    def found():
        asked.append(1)
        rooms = silent_rooms()
        if len(asked) == 1:
            rooms = list(rooms)
            say(alice.membership, "hello")
        return rooms

    monkeypatch.setattr(retention, "silent_rooms", found)
    assert retention.tidy() == 0
    assert is_there(silent)


@pytest.fixture
def deserted(alice, bob, room):
    """A private room with messages that both members left long ago."""
    say(alice.membership, "hello")
    room.set_access("private")
    for who in (alice, bob):
        who.post(f"/rooms/{room.slug}/leave/")
    Room.objects.update(last_sent_at=timezone.now() - timedelta(days=31))
    return room


def test_a_private_room_that_everyone_left_is_deleted(deserted):
    retention.tidy()
    assert not is_there(deserted)


def test_an_open_room_that_everyone_left_is_kept(deserted):
    deserted.set_access("open")
    Room.objects.update(last_sent_at=timezone.now() - timedelta(days=31))
    retention.tidy()
    assert is_there(deserted)


def test_a_private_room_with_an_active_invite_is_kept(alice, deserted):
    ends = timezone.now() + timedelta(days=90)
    Invite.objects.create(room=deserted, created_by=alice.membership, key_digest="0", expires_at=ends)
    retention.tidy()
    assert is_there(deserted)


def test_a_direct_message_is_deleted_when_both_have_left(alice, bob, room):
    pair = open_direct_message(alice.membership, bob.membership).room
    say(Membership.objects.get(room=pair, status="in"), "hello?")
    Membership.objects.get(room=pair, status="in").leave()
    Membership.objects.get(room=pair, status="chat_requested").decline_chat()
    Room.objects.update(last_sent_at=timezone.now() - timedelta(days=31))
    retention.tidy()
    assert not is_there(pair)


def test_invites_are_deleted_long_after_they_have_ended(alice, room):
    Invite.objects.issue(alice.membership, days=1, max_uses=1)
    Invite.objects.update(expires_at=timezone.now() - timedelta(days=89))
    retention.tidy()
    assert Invite.objects.exists()
    Invite.objects.update(expires_at=timezone.now() - timedelta(days=91))
    retention.tidy()
    assert not Invite.objects.exists()


def test_a_room_with_recent_events_is_kept(silent):
    silent.set_topic("Emma")
    retention.tidy()
    assert is_there(silent)


def test_a_room_with_a_recent_reader_is_kept(alice, silent):
    alice.get(f"/rooms/{silent.slug}/")
    retention.tidy()
    assert is_there(silent)


def test_empty_rooms_can_be_kept_for_ever(silent, settings):
    settings.EMPTY_ROOM_DAYS = 0
    retention.tidy()
    assert is_there(silent)


def test_expired_data_is_deleted_and_nothing_else(alice, room):
    for days, slug in ((-1, "past"), (1, "soon")):
        FormerAddress.objects.create(room=room, slug=slug, until=timezone.now() + timedelta(days=days))
        Session.objects.create(session_key=slug, expire_date=timezone.now() + timedelta(days=days))
    FormerAddress.objects.create(room=room, slug="for ever")
    for hours in (-31 * 24, 1):
        SignInLink.objects.issue(alice.membership.participant, hours)
    gate_backend.prune.__wrapped__()
    assert sorted(FormerAddress.objects.values_list("slug", flat=True)) == ["for ever", "soon"]
    assert not Session.objects.filter(session_key="past").exists()
    assert Session.objects.filter(session_key="soon").exists()
    assert SignInLink.objects.count() == 1


@pytest.mark.parametrize("status", ["waiting", "chat_requested"])
def test_a_private_room_with_an_open_request_is_kept(alice, deserted, status):
    Membership.objects.filter(nickname="Alice").update(status=status)
    Membership.objects.update(seen_at=timezone.now())
    retention.tidy()
    assert is_there(deserted)


def test_a_join_request_checked_again_meanwhile_is_kept(alice, person, room, monkeypatch):
    room.set_approval(True)
    dave = person(room.name, "Dave")
    Membership.objects.update(seen_at=LONG_AGO)
    listed = list(retention.abandoned_join_requests())
    dave.get(f"/rooms/{room.slug}/join-request/")
    retention._cancel_if_abandoned(listed[0])
    assert dave.membership.is_waiting
