"""The audit log: entries of acts on rooms and people, which can't be changed; only their details can be erased."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import connection, models, transaction
from django.utils import timezone

from chat.models.actor import ActedBy, Actor, ActorKind

if TYPE_CHECKING:
    from chat.models.membership import Membership
    from chat.models.message import Message
    from chat.models.participant import Participant
    from chat.models.room import Room


class Action(models.TextChoices):
    SET_TOPIC = "set_topic"
    SET_RULES = "set_rules"
    LOCK = "lock"
    UNLOCK = "unlock"
    SET_ANNOUNCE_ONLY = "set_announce_only"
    ARCHIVE = "archive"
    UNARCHIVE = "unarchive"
    SET_ACCOUNTS_ONLY = "set_accounts_only"
    SET_MEMBER_LIMIT = "set_member_limit"
    SET_APPROVAL = "set_approval"
    RENAME_ROOM = "rename_room"
    SET_ACCESS = "set_access"
    DELETE_ROOM = "delete_room"
    APPROVE = "approve"
    DECLINE_REQUEST = "decline_request"
    REMOVE = "remove"
    BAN = "ban"
    UNBAN = "unban"
    ALLOW_REJOIN = "allow_rejoin"
    MUTE = "mute"
    UNMUTE = "unmute"
    SET_ROLE = "set_role"
    ISSUE_INVITE = "issue_invite"
    REVOKE_INVITE = "revoke_invite"
    EDIT_MESSAGE = "edit_message"
    REMOVE_MESSAGE = "remove_message"
    RESTORE_MESSAGE = "restore_message"
    SIGN_OUT_EVERYWHERE = "sign_out_everywhere"
    CREATE_ACCOUNT = "create_account"
    CHANGE_ACCOUNT = "change_account"
    SET_PASSWORD = "set_password"  # noqa: S105  (an action)
    DEACTIVATE_ACCOUNT = "deactivate_account"
    ACTIVATE_ACCOUNT = "activate_account"
    DELETE_ACCOUNT = "delete_account"
    CREATE_GROUP = "create_group"
    CHANGE_GROUP = "change_group"
    DELETE_GROUP = "delete_group"
    CHANGE_SITE = "change_site"


class AuditEntry(models.Model):
    """One act in the audit log, with plain ids instead of foreign keys, so that it outlives what it names.

    Triggers (migrations/_audit_triggers.py) refuse UPDATE and DELETE.
    """

    at = models.DateTimeField(default=timezone.now, editable=False, db_index=True)
    action = models.CharField(max_length=32, choices=Action, editable=False)
    room_id = models.BigIntegerField(null=True, editable=False)
    message_id = models.BigIntegerField(null=True, editable=False)
    actor_kind = models.CharField(max_length=32, choices=ActorKind, editable=False)
    actor_user_id = models.BigIntegerField(null=True, editable=False)
    actor_participant_id = models.BigIntegerField(null=True, editable=False)
    actor_membership_id = models.BigIntegerField(null=True, editable=False)
    subject_participant_id = models.BigIntegerField(null=True, editable=False)
    subject_membership_id = models.BigIntegerField(null=True, editable=False)

    class Meta:
        indexes = [models.Index(fields=["room_id", "id"], name="audit_by_room")]
        verbose_name = "audit entry"
        verbose_name_plural = "audit entries"

    def __str__(self) -> str:
        return f"{self.action} #{self.pk}"

    @property
    def detail(self) -> AuditDetail:
        return AuditDetail.objects.get(pk=self.pk)


class AuditDetail(models.Model):
    """The details of an audit entry: names, reason, old and new values; unlike the entry, they can be erased, once."""

    entry_id = models.BigIntegerField(primary_key=True, editable=False)
    data = models.JSONField(default=dict, editable=False)
    erased_at = models.DateTimeField(null=True, editable=False)

    def __str__(self) -> str:
        return f"#{self.pk}"

    def erase(self) -> bool:
        """Erase `data` and return True, or return False if it was erased before."""
        erased_at = timezone.now()
        if not AuditDetail.objects.filter(pk=self.pk, erased_at=None).update(data={}, erased_at=erased_at):
            return False
        self.data, self.erased_at = {}, erased_at
        return True


def record(
    action: Action,
    by: ActedBy,
    *,
    room: Room | None = None,
    member: Membership | None = None,
    participant: Participant | None = None,
    message: Message | None = None,
    **data: Any,
) -> AuditEntry:
    """Write one entry to the audit log. `data` is what changed and why.

    Raises TransactionManagementError outside a transaction: an act and its entry are saved together. Every act on a
    room or on others goes through here. Joining, leaving, posting and changing a nickname do not.
    """
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("An act is logged in its own transaction.")
    actor = Actor.of(by)
    entry = AuditEntry.objects.create(
        action=action,
        room_id=room.pk if room else None,
        message_id=message.pk if message else None,
        subject_participant_id=member.participant_id if member else participant.pk if participant else None,
        subject_membership_id=member.pk if member else None,
        **_actor_ids(actor),
    )
    AuditDetail.objects.create(pk=entry.pk, data=_names(actor, room, member) | data)
    return entry


def _names(actor: Actor, room: Room | None, member: Membership | None) -> dict[str, str]:
    names = {
        "actor_name": actor.name,
        "room_name": room.name if room else "",
        "subject_name": member.nickname if member else "",
    }
    return {key: value for key, value in names.items() if value}


def _actor_ids(actor: Actor) -> dict[str, ActorKind | int | None]:
    return {
        "actor_kind": actor.kind,
        "actor_user_id": actor.user.pk if actor.user else None,
        "actor_participant_id": actor.membership.participant_id if actor.membership else None,
        "actor_membership_id": actor.membership.pk if actor.membership else None,
    }
