"""Retention: what is deleted automatically, and what is kept."""

import asyncio
import threading
import time
from datetime import timedelta
from functools import partial
from types import SimpleNamespace
from unittest.mock import AsyncMock

import pytest
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import IntegrityError, InterfaceError, OperationalError
from django.db.models import QuerySet
from django.utils import timezone

from chat import retention
from chat.gate import background
from chat.gate.asgi import Gate
from chat.models import FormerAddress, Invite, Membership, Message, Room, SignInLink, room_deletion
from chat.models.direct_message import open_direct_message
from chat.realtime import gate_backend
from chat.sessions import SessionStore
from tests.support.browsing import say
from tests.support.threads import run

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
    gate_backend.prune.__wrapped__(lambda: False)
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


# Errors, time limits and stopping


@pytest.fixture
def two_deleted(room, person, monkeypatch):
    """Two rooms that are marked as deleted, and whose rows are not erased yet."""
    monkeypatch.setattr(room_deletion, "PAUSE", 0)
    rooms = [room, person("Another room", "Olga").membership.room]
    for one in rooms:
        one.mark_deleted()
    return rooms


def failing_for(room, function, error=OperationalError):
    """The function, which fails for this room."""

    def fail(of, *arguments, **named):
        if of.pk == room.pk:
            raise error("deadlock detected")
        return function(of, *arguments, **named)

    return fail


@pytest.mark.parametrize("error", [OperationalError, IntegrityError, InterfaceError])
def test_a_room_that_cannot_be_erased_does_not_stop_the_others(two_deleted, monkeypatch, caplog, error):
    failing, other = two_deleted
    monkeypatch.setattr(Room, "erase", failing_for(failing, Room.erase, error))
    assert gate_backend.prune.__wrapped__(lambda: False) is False
    assert list(Room.with_deleted.all()) == [failing]
    assert f"deleted room {failing.pk}" in caplog.text
    assert f"deleted room {other.pk}" not in caplog.text
    monkeypatch.undo()
    call_command("prune")
    assert not Room.with_deleted.exists()


def test_an_unused_room_that_cannot_be_deleted_does_not_stop_the_rest(silent, person, monkeypatch, caplog):
    other = person("Another room", "Olga").membership.room
    Room.objects.update(last_sent_at=LONG_AGO)
    Membership.objects.update(seen_at=LONG_AGO)
    monkeypatch.setattr(retention, "_delete_if_unused", failing_for(silent, retention._delete_if_unused))
    assert retention.tidy() == 1
    assert (is_there(silent), is_there(other)) == (True, False)
    assert f"unused room {silent.pk}" in caplog.text


STEPS = {
    "restored backups": (retention.restored_backup, "detect"),
    "unused rooms": (retention, "_unused_rooms"),
    "join requests": (retention, "_abandoned_members"),
    "invites": (QuerySet, "delete"),
    "sessions": (SessionStore, "clear_expired"),
}


@pytest.mark.parametrize("step", STEPS)
def test_a_step_that_fails_does_not_stop_the_next(db, monkeypatch, caplog, step):
    done = []
    for name, (owner, function) in STEPS.items():
        monkeypatch.setattr(owner, function, partial(failing_step if name == step else done_step, name, done))
    assert retention.tidy() == 0
    assert set(STEPS) - set(done) == {step}
    assert f"The cleanup failed at: {step}." in caplog.text


def done_step(name, done, *_):
    done.append(name)


def failing_step(*_):
    raise OperationalError("database is locked")


def test_a_restored_backup_is_looked_for_first(silent, monkeypatch):
    found = []
    monkeypatch.setattr(retention.restored_backup, "detect", lambda: found.append(is_there(silent)))
    assert retention.tidy() == 1
    assert found == [True]


@pytest.fixture
def small_batches(room, alice, monkeypatch):
    """A deleted room with five messages, which are erased one by one."""
    say(alice.membership, *"abcd")
    room.mark_deleted()
    monkeypatch.setattr(room_deletion, "PAUSE", 0)
    monkeypatch.setattr(room_deletion, "BATCHES", {Message: 1, Membership: 1})
    return room


def test_erasing_ends_after_the_batch_in_which_the_server_stops(small_batches):
    asked = iter([False, False, False, True])
    assert Message.objects.count() == 5
    assert gate_backend.prune.__wrapped__(lambda: next(asked, True)) is True
    assert 0 < Message.objects.count() < 5


def test_erasing_ends_after_some_seconds_and_goes_on_later(small_batches, monkeypatch):
    monkeypatch.setattr(gate_backend, "ERASE_SECONDS", 0.05)
    monkeypatch.setattr(room_deletion, "PAUSE", 0.03)
    runs = [gate_backend.prune.__wrapped__(lambda: False)]
    assert 0 < Message.objects.count() < 5
    while runs[-1]:
        runs.append(gate_backend.prune.__wrapped__(lambda: False))
    assert len(runs) > 2
    assert not Room.with_deleted.exists()


def test_a_server_that_stops_deletes_no_more_rooms(silent):
    assert retention.tidy(lambda: True) == 0
    assert is_there(silent)


def test_the_gate_runs_the_cleanup_again_soon_while_more_is_left():
    left, slept = iter([True, True, False]), []

    async def sleep(seconds):
        slept.append(seconds)

    async def run_in_thread(function, is_stopping):
        return function(is_stopping)

    backend = SimpleNamespace(prune=lambda is_stopping: next(left))
    with pytest.raises(RuntimeError):  # what a coroutine makes of the iterator's end
        run(background.prune(bool, backend, run_in_thread, sleep))
    assert slept == [3600, 10, 10, 3600]


@pytest.mark.parametrize("by_signal", [True, False])
def test_a_running_cleanup_learns_that_the_server_stops(monkeypatch, by_signal):
    monkeypatch.setattr(background, "PRUNE_INTERVAL", 0)
    running, learned = threading.Event(), []

    def prune(is_stopping):
        running.set()
        end = time.monotonic() + 5
        while not is_stopping() and time.monotonic() < end:
            time.sleep(0.01)
        learned.append(is_stopping())

    async def serve_and_stop():
        gate, events = Gate(None, threads=2, backend=backend_with(prune)), asyncio.Queue()
        serving = asyncio.create_task(gate.lifespan(events.get, AsyncMock()))
        events.put_nowait({"type": "lifespan.startup"})
        await asyncio.to_thread(running.wait, 5)
        if by_signal:
            gate.stop()
        events.put_nowait({"type": "lifespan.shutdown"})
        await serving

    run(serve_and_stop())
    assert learned[0]


def backend_with(prune):
    """The gate's backend without a database: nothing changes, and nobody reads."""
    own = {"subscribe": lambda *_: None, "new_watch": lambda: bool, "prune": prune}
    return SimpleNamespace(**vars(gate_backend) | own)
