"""Deleting a room: nothing of it is readable at once, and its rows are erased in batches that can be resumed."""

import pytest
from django.core.management import call_command
from django.db import InterfaceError, OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext

from chat.models import Invite, Membership, Message, NameHolder, Room, room_deletion
from chat.models.direct_message import open_direct_message
from chat.realtime import delta, gate_backend
from tests.support.browsing import say
from tests.support.reading import held


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch):
    monkeypatch.setattr(room_deletion, "PAUSE", 0)


@pytest.fixture
def large(alice, bob, room):
    """A room with 2,000 messages."""
    columns = {"membership": alice.membership, "room": room, "nickname": "Alice"}
    times = {"sent_at": room.created_at, "previous_at": room.created_at}
    start, n = room.messages.latest("first_version").first_version + 1, 2000 - room.messages.count()
    Message.objects.bulk_create(
        Message(text="a secret", first_version=v, version=v, token=v, **columns, **times)
        for v in range(start, start + n)
    )
    Room.objects.filter(pk=room.pk).update(version=start + n - 1, message_count=n)
    room.refresh_from_db()
    return room


def everything():
    return [model._base_manager.count() for model in (Room, Membership, Message, NameHolder, Invite)]


def deletions(queries):
    return [query["sql"] for query in queries if query["sql"].startswith('DELETE FROM "chat_message"')]


def test_messages_of_a_deleted_room_are_erased_in_batches(large):
    with CaptureQueriesContext(connection) as queries:
        large.delete_with_messages()
    assert len([sql for sql in deletions(queries) if sql.count(",") > 900]) == 2
    assert everything() == [0, 0, 0, 0, 0]


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
def test_a_failure_while_erasing_leaves_the_rest_to_the_hourly_cleanup(
    transactional_db, alice, room, monkeypatch, error
):
    def fail(*rows):
        raise error("connection already closed")

    with monkeypatch.context() as broken:
        broken.setattr(room_deletion, "delete_batch", fail)
        answer = alice.post(f"/rooms/{room.slug}/delete/", {"name": room.name})
    assert (answer.status_code, Room.objects.count()) == (303, 0)
    call_command("prune")
    assert not Room.with_deleted.exists()


def test_marking_a_room_as_deleted_writes_no_row_of_its_members_or_messages(large):
    """So the room's lock is as short for a hundred thousand members as for two."""
    with CaptureQueriesContext(connection) as queries:
        large.mark_deleted()
    written = [query["sql"] for query in queries if query["sql"].startswith(("UPDATE", "DELETE"))]
    assert written
    assert not [sql for sql in written if sql.split('"')[1] in ("chat_membership", "chat_message")]
    assert not Membership.objects.exists()


@pytest.fixture
def interrupted(large, monkeypatch):
    """A deleted room of which one batch is gone."""
    delete_batch, calls = room_deletion.delete_batch, []

    def failing(*batch):
        calls.append(batch)
        if len(calls) == 2:
            raise OperationalError("database is locked")
        return delete_batch(*batch)

    monkeypatch.setattr(room_deletion, "delete_batch", failing)
    large.delete_with_messages()
    monkeypatch.undo()
    return large


def test_an_interrupted_deletion_is_resumed_by_the_cleanup(interrupted):
    assert Message.objects.count() == 1000
    assert Room.with_deleted.count() == 1
    call_command("prune")
    assert everything() == [0, 0, 0, 0, 0]


def test_a_slow_deletion_leaves_the_rest_to_the_cleanup(large, monkeypatch):
    monkeypatch.setattr(room_deletion, "ERASED_AT_ONCE", -1)
    large.delete_with_messages()
    assert Message.objects.count() == 1000
    gate_backend.prune.__wrapped__(lambda: False)
    assert everything() == [0, 0, 0, 0, 0]


def test_nothing_of_a_deleted_room_is_readable(alice, bob, person, admin_client, interrupted):
    left, slug = Message.objects.latest("pk"), interrupted.slug
    stranger = person()
    for visitor in (alice, bob, stranger):
        for page in ("", "members/", "history/", "live/", "compose/", "settings/"):
            answer = visitor.get(f"/rooms/{slug}/{page}")
            assert answer.status_code == 404, page
        assert visitor.get(f"/messages/{left.pk}/").status_code == 404
        assert interrupted.name not in visitor.get("/").content.decode()
        assert visitor.send(interrupted, "hello?").status_code in (404, 409)
    assert "no longer in this room" in bob.poll(interrupted, 1).content.decode()
    for model in ("room", "message", "membership", "participant"):
        listed = admin_client.get(f"/admin/chat/{model}/").content.decode()
        assert "a secret" not in listed
        assert interrupted.name not in listed
    assert admin_client.get(f"/admin/chat/message/{left.pk}/change/").status_code == 302
    assert gate_backend.room_versions.__wrapped__([interrupted.pk]) == {}
    assert gate_backend.render_painting.__wrapped__(interrupted.pk, "x" * 10, 1, ("en", "UTC", "poll")) is None


def test_a_room_deleted_while_the_gate_reads_it_has_no_painting(alice, room, monkeypatch):
    """The room is read before its messages."""
    since = delta.since

    def delete_first(room, cursor):
        Room.objects.get(pk=room.pk).mark_deleted()
        return since(room, cursor)

    monkeypatch.setattr(delta, "since", delete_first)
    variant = "en", "UTC", "poll"
    assert gate_backend.render_painting.__wrapped__(room.pk, room.incarnation, room.version - 1, variant) is None
    assert gate_backend.changed_panels.__wrapped__({room.pk: (None, ["en"])}) == {}
    assert gate_backend.typing_part.__wrapped__(room.pk, room.incarnation, ["en"]).epoch == 0


def test_invites_of_a_deleted_room_do_not_work(alice, person, large, monkeypatch):
    _invite, key = Invite.objects.issue(alice.membership, days=1, max_uses=None)
    monkeypatch.setattr(room_deletion, "ERASED_AT_ONCE", -1)
    large.delete_with_messages()
    assert Invite.objects.by_key(key) is None


def test_a_room_of_the_same_name_can_be_created_at_once(person, interrupted):
    dave = person(interrupted.name, "Alice")
    assert dave.membership.room.pk != interrupted.pk
    assert dave.membership.is_owner
    assert dave.get(f"/rooms/{interrupted.slug}/").status_code == 200


def test_two_people_can_open_a_direct_message_again(alice, bob, room, monkeypatch):
    mine, other = alice.membership, bob.membership
    direct = open_direct_message(mine, other).room
    monkeypatch.setattr(Room, "erase", lambda *_: False)
    direct.delete_with_messages()
    assert open_direct_message(mine, other).room.pk != direct.pk


def test_an_account_can_be_deleted_although_a_room_of_theirs_is_only_marked(alice, interrupted):
    participant = Membership._base_manager.get(nickname="Alice").participant
    participant.leave_all_rooms()
    participant.sign_out_everywhere()


def test_nobody_can_post_in_a_deleted_room(alice, room, monkeypatch):
    member = alice.membership
    monkeypatch.setattr(Room, "erase", lambda *_: False)
    Room.objects.get().delete_with_messages()
    with pytest.raises(Exception, match="no longer exists"):
        say(member, "hello?")
    assert not Message.objects.filter(text="hello?").exists()


def test_a_room_that_is_not_marked_is_not_erased(room):
    with pytest.raises(ValueError, match="not marked"):
        room.erase()
    assert Room.objects.count() == 1


def test_readers_whose_poll_is_held_are_notified_at_once(gate, ann, meanwhile, monkeypatch):
    monkeypatch.setattr(Room, "erase", lambda *_: False)
    ann.ask(ann.query(at=1))  # without being held
    poll = meanwhile(ann.ask)
    held(gate)
    Room.objects.get().delete_with_messages()
    answer = poll.result(3)
    assert "no longer in this room" in (answer.text if answer.status_code == 286 else ann.ask().text)


@pytest.mark.django_db(transaction=True)
def test_a_room_is_not_deleted_inside_a_transaction(alice, room):
    """An error of the database that is suppressed there would undo the deletion without a word."""
    with pytest.raises(RuntimeError), transaction.atomic():
        room.delete_with_messages()
    assert Room.objects.get(pk=room.pk).deleted_at is None
    room.delete_with_messages()
    assert not Room.with_deleted.exists()
