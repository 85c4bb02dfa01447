"""The audit log: written with each act, and never changed or deleted afterwards."""

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from chat.models import Actor, AuditDetail, AuditEntry, Invite, Membership, Message
from chat.models.audit import Action, record


def now(who):
    return Membership.objects.select_related("room").get(pk=who.membership.pk)


def logged():
    return list(AuditEntry.objects.order_by("pk").values_list("action", flat=True))


@pytest.fixture
def entry(alice, bob, room):
    now(bob).set_muted(True, now(alice))
    return AuditEntry.objects.get()


# What is written


def test_an_entry_says_who_did_what_to_whom(alice, bob, room, entry):
    assert (entry.action, entry.room_id, entry.actor_kind) == ("mute", room.pk, "member")
    assert (entry.actor_membership_id, entry.actor_participant_id) == (
        alice.membership.pk,
        alice.membership.participant_id,
    )
    assert (entry.subject_membership_id, entry.subject_participant_id) == (
        bob.membership.pk,
        bob.membership.participant_id,
    )
    assert entry.detail.data == {"actor_name": "Alice", "room_name": "Reading club", "subject_name": "Bob"}


def test_a_setting_is_written_with_before_and_after(alice, room):
    room.set_topic("Emma", now(alice))
    assert AuditEntry.objects.get().detail.data | {"before": "", "after": "Emma"} == {
        "actor_name": "Alice",
        "room_name": "Reading club",
        "before": "",
        "after": "Emma",
    }


def test_acts_of_a_site_admin_are_written_with_the_user(admin_client, admin_user, alice, room):
    alice.send(room, "rude words")
    message = Message.objects.get(text="rude words")
    admin_client.post("/admin/chat/message/", {"action": "remove", "_selected_action": [message.pk]})
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.actor_kind, entry.actor_user_id) == ("remove_message", "site_admin", admin_user.pk)
    assert (entry.message_id, entry.subject_membership_id) == (message.pk, alice.membership.pk)
    assert entry.detail.data["actor_name"] == admin_user.username


def test_every_act_with_power_is_written(alice, bob, room, person, admin_user):
    by, admin = now(alice), Actor.site_admin(admin_user)
    room.set_approval(True, by)
    person(room.name, "Dora").membership.approve(by)
    person(room.name, "Ed").membership.decline_request(by)
    room.update_settings(by=by, name="Evening club", access="unlisted", rules="Be kind.", locked=True)
    by.assign_role(now(bob), "moderator")
    invite, _key = Invite.objects.issue(by, days=1, max_uses=None)
    invite.revoke(by)
    now(bob).remove(by)
    now(bob).allow_rejoin(by)
    room.memberships.get(nickname="Dora").ban(by)
    room.memberships.get(nickname="Dora").unban(by)
    by.participant.sign_out_everywhere(admin)
    room.delete_with_messages(by)
    expected = "set_approval approve decline_request set_access rename_room set_rules lock set_role"
    expected += " issue_invite revoke_invite remove allow_rejoin ban unban sign_out_everywhere delete_room"
    assert sorted(logged()) == sorted(expected.split())
    assert AuditDetail.objects.count() == len(logged())


def test_ordinary_acts_are_not_written(alice, bob, carol, room):
    alice.send(room, "hello")
    now(bob).change_nickname("Benedikt")
    now(bob).leave()
    now(alice).participant.sign_out_everywhere()
    assert logged() == []


def test_an_act_that_changes_nothing_is_not_written(alice, carol, room):
    now(carol).remove(now(alice))
    room.unlock(now(alice))
    assert logged() == []


def test_an_entry_is_rolled_back_with_its_act(alice, room):
    @transaction.atomic
    def fails():
        room.lock(now(alice))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()
    assert logged() == []


def test_an_entry_needs_a_transaction(transactional_db):
    with pytest.raises(transaction.TransactionManagementError):
        record(Action.LOCK, None)


def test_a_deleted_room_keeps_its_entries(alice, room, entry):
    room_id = room.pk
    room.delete_with_messages(now(alice))
    assert list(AuditEntry.objects.filter(room_id=room_id).values_list("action", flat=True)) == ["mute", "delete_room"]
    assert entry.detail.data["subject_name"] == "Bob"


# That it stays


def refused(change):
    with pytest.raises(IntegrityError), transaction.atomic():
        change()


def test_an_entry_is_neither_changed_nor_deleted(entry):
    rows = AuditEntry.objects.filter(pk=entry.pk)
    refused(lambda: rows.update(action="ban"))
    refused(rows.delete)
    refused(lambda: rows.update(at=timezone.now()))
    assert rows.get().action == "mute"


def test_a_detail_is_neither_changed_nor_deleted(entry):
    rows = AuditDetail.objects.filter(pk=entry.pk)
    refused(rows.delete)
    refused(lambda: rows.update(data={"actor_name": "Eve"}))
    refused(lambda: rows.update(data={}))
    refused(lambda: rows.update(erased_at=timezone.now()))
    refused(lambda: rows.update(data={"actor_name": "Eve"}, erased_at=timezone.now()))
    assert rows.get().data["actor_name"] == "Alice"


@pytest.mark.parametrize(("model", "key", "column"), [(AuditEntry, "id", "action"), (AuditDetail, "entry_id", "data")])
def test_a_row_is_not_replaced(entry, model, key, column):
    """SQLite's REPLACE deletes the row without a DELETE trigger; the upsert of both databases is an UPDATE."""
    table = model._meta.db_table
    names = ", ".join(f'"{field.column}"' for field in model._meta.fields)
    copy = f"INTO {table} ({names}) SELECT {names} FROM {table} WHERE {key} = {entry.pk}"
    statements = [f"INSERT {copy} ON CONFLICT ({key}) DO UPDATE SET {column} = '{{}}'"]
    if connection.vendor == "sqlite":
        statements += [f"REPLACE {copy}", f"INSERT OR REPLACE {copy}"]
    for statement in statements:
        refused(lambda sql=statement: connection.cursor().execute(sql))
    assert model.objects.filter(pk=entry.pk).exists()


def test_a_detail_is_erased_once(entry):
    detail = entry.detail
    assert detail.erase()
    kept = AuditDetail.objects.get(pk=entry.pk)
    assert (kept.data, kept.erased_at, AuditEntry.objects.count()) == ({}, detail.erased_at, 1)
    assert not kept.erase()
    refused(lambda: AuditDetail.objects.filter(pk=entry.pk).update(erased_at=timezone.now()))
    refused(lambda: AuditDetail.objects.filter(pk=entry.pk).update(erased_at=None))


def test_flush_empties_the_log_and_restores_its_triggers(transactional_db, alice, room):
    room.lock(now(alice))
    call_command("flush", interactive=False, verbosity=0)
    assert logged() == []
    with transaction.atomic():
        entry = record(Action.LOCK, None)
    refused(AuditEntry.objects.all().delete)
    refused(AuditDetail.objects.all().delete)
    assert entry.detail.erase()


def test_flush_asks_first(transactional_db, alice, room, monkeypatch):
    room.lock(now(alice))
    monkeypatch.setattr("builtins.input", lambda question: "no")
    call_command("flush", verbosity=0)
    assert logged() == ["lock"]
