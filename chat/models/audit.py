"""The audit log: entries of acts on rooms and people, which can't be changed; only their details can be erased."""

from django.db import connection, models, transaction
from django.utils import timezone

from chat.models.actor import Actor, ActorKind


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

    def __str__(self):
        return f"{self.action} #{self.pk}"

    @property
    def detail(self):
        return AuditDetail.objects.get(pk=self.pk)


class AuditDetail(models.Model):
    """The details of an audit entry: names, reason, old and new values; unlike the entry, they can be erased, once."""

    entry_id = models.BigIntegerField(primary_key=True, editable=False)
    data = models.JSONField(default=dict, editable=False)
    erased_at = models.DateTimeField(null=True, editable=False)

    def __str__(self):
        return f"#{self.pk}"

    def erase(self):
        """Erase `data` and return True, or return False if it was erased before."""
        erased_at = timezone.now()
        if not AuditDetail.objects.filter(pk=self.pk, erased_at=None).update(data={}, erased_at=erased_at):
            return False
        self.data, self.erased_at = {}, erased_at
        return True


def record(action, by, *, room=None, member=None, participant=None, message=None, **data):
    """Write one entry to the audit log. `data` is what changed and why.

    Raises TransactionManagementError outside a transaction: an act and its entry are saved together. Every act on a
    room or on others goes through here. Joining, leaving, posting and changing a nickname do not.
    """
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("An act is logged in its own transaction.")
    actor = Actor.of(by)
    entry = AuditEntry.objects.create(
        action=action,
        room_id=room and room.pk,
        message_id=message and message.pk,
        subject_participant_id=member.participant_id if member else participant and participant.pk,
        subject_membership_id=member and member.pk,
        **_actor_ids(actor),
    )
    names = {
        "actor_name": actor.name,
        "room_name": room and room.name,
        "subject_name": member and member.nickname,
    }
    AuditDetail.objects.create(pk=entry.pk, data={key: value for key, value in names.items() if value} | data)
    return entry


def _actor_ids(actor):
    return {
        "actor_kind": actor.kind,
        "actor_user_id": actor.user and actor.user.pk,
        "actor_participant_id": actor.membership and actor.membership.participant_id,
        "actor_membership_id": actor.membership and actor.membership.pk,
    }
