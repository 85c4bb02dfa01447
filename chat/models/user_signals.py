"""Signals of the user model: they keep participants in step with users that are changed anywhere, as in the admin."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db.models.signals import post_delete, post_save, pre_delete, pre_save
from django.dispatch import receiver

from chat.models.audit import Action, record
from chat.models.participant import Participant
from chat.models.user import User

SESSION_FIELDS = ("password", "is_active")  # a change of these ends all sessions of the user
PROFILE_FIELDS = ("username", "email", "is_staff", "is_superuser")


@receiver(pre_save, sender=User)
def note_changes(instance: User, **kwargs: object) -> None:
    fields = SESSION_FIELDS + PROFILE_FIELDS
    before = (User.objects.filter(pk=instance.pk).values(*fields).first() if instance.pk else None) or {}
    changed = [name for name in fields if before and before[name] != getattr(instance, name)]
    instance.changes = {name: {"before": before[name], "after": getattr(instance, name)} for name in changed}


@receiver(post_save, sender=User)
def end_sessions(instance: User, created: bool, **kwargs: object) -> None:
    participant = getattr(instance, "participant", None)
    if participant and not created and instance.changes.keys() & set(SESSION_FIELDS):
        participant.sign_out_everywhere()


@receiver(post_save, sender=User)
def claim_name(
    instance: User, raw: bool = False, update_fields: Collection[str] | None = None, **kwargs: object
) -> None:
    """Reserve the name of a saved account, even if the admin or the command line created or renamed it."""
    if not raw and (update_fields is None or "username" in update_fields):
        participant = getattr(instance, "new_participant", None) or Participant.objects.filter(user=instance).first()
        (participant or Participant()).claim_name(instance)


@receiver(post_save, sender=User)
def record_change(instance: User, created: bool, **kwargs: object) -> None:
    """Write to the audit log that a site admin created or changed a user in the admin.

    The password itself is not written. Changes made outside the admin are not logged.
    """
    if created:
        _record(Action.CREATE_ACCOUNT, instance)
        return
    changes = dict(instance.changes)
    if changes.pop("password", None):
        _record(Action.SET_PASSWORD, instance)
    if changes.pop("is_active", None):
        _record(Action.ACTIVATE_ACCOUNT if instance.is_active else Action.DEACTIVATE_ACCOUNT, instance)
    if changes:
        _record(Action.CHANGE_ACCOUNT, instance, changes=changes)


def _record(action: Action, user: User, **data: Any) -> None:
    """Record an action in the audit log if the admin performed it: only the admin sets `acted_on_by` on the user."""
    if by := getattr(user, "acted_on_by", None):
        participant = Participant.objects.filter(user=user).first()
        record(action, by, participant=participant, account_id=user.pk, account_name=user.username, **data)


@receiver(pre_delete, sender=User)
def leave_all_rooms(instance: User, **kwargs: object) -> None:
    participant = getattr(instance, "participant", None)
    _record(Action.DELETE_ACCOUNT, instance)
    if participant:
        participant.sign_out_everywhere()  # first: it locks the participant before the rooms, as everywhere
        participant.leave_all_rooms(getattr(instance, "acted_on_by", None))


@receiver(post_delete, sender=User)
def free_name(instance: User, **kwargs: object) -> None:
    Participant.objects.filter(user=None).exclude(account_key=None).update(account_key=None)
