"""Room deletion: the room disappears at once, and its rows are erased in batches afterwards."""

from __future__ import annotations

import secrets
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from django.db import InterfaceError, OperationalError, models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from chat.exceptions import Refused
from chat.models.audit import Action, record
from chat.models.membership import Membership
from chat.models.message import Message

if TYPE_CHECKING:
    from collections.abc import Callable

    from chat.models.actor import ActedBy
    from chat.models.room import Room

# Rows deleted in one transaction, which takes some 50 ms. Messages first, because deleting a member cascades to theirs.
BATCHES = {Message: 1000, Membership: 200}
PAUSE = 0.05  # seconds between two batches, so that other writers get their turn
ERASED_AT_ONCE = 1  # second spent on erasing before the delete request is answered; the hourly cleanup does the rest


class DeletionMixin(models.Model):
    """The part of a room that deletes it.

    `Room.objects` and `Membership.objects` leave out rooms that are marked as deleted, and their members.
    """

    deleted_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        abstract = True

    @staticmethod
    def deleted_refusal() -> Refused:
        return Refused(_("This room no longer exists."), code="deleted")

    def delete_with_messages(self: Room, by: ActedBy = None) -> bool:
        """Delete the room and its messages. Raises RuntimeError if it is called inside a transaction.

        The name is free and nothing is readable as soon as the room is marked as deleted. Then the rows are
        erased in many transactions. If that is interrupted, the hourly cleanup continues it. Raises Refused if
        `by` may not delete the room. Returns True.
        """
        with transaction.atomic(durable=True):
            deleted = self.mark_deleted(by)
        with suppress(OperationalError, InterfaceError):
            self.erase(ERASED_AT_ONCE)
        return deleted

    def mark_deleted(self: Room, by: ActedBy = None) -> bool:
        """Hide the room and its members from every query, free its name and addresses, and notify open pages.

        Raises Refused if `by` may not delete the room. Returns True.
        """
        with self.change_by(by, owner=True):
            record(Action.DELETE_ROOM, by, room=self)
            self.deleted_at = timezone.now()
            released = {"key": None, "lookalike_key": None, "dm_key": None, "slug": f"-{secrets.token_urlsafe(16)}"}
            type(self).objects.filter(pk=self.pk).update(deleted_at=self.deleted_at, **released)
            self.former_addresses.all().delete()
            return True

    def erase(self: Room, seconds: float | None = None, is_over: Callable[[], bool] = lambda: False) -> bool:
        """Delete the room, which is marked as deleted, and all its rows, for at most `seconds` (None: no limit).

        It also ends after the batch at which `is_over()` is True. Returns whether all are gone. Raises ValueError if
        the room is not marked as deleted.
        """
        if self.deleted_at is None:
            raise ValueError(f"Room {self.pk} is not marked as deleted.")
        deadline = None if seconds is None else time.monotonic() + seconds
        for model, size in BATCHES.items():
            while delete_batch(model._base_manager.filter(room=self.pk), size):
                if is_over() or (deadline and time.monotonic() > deadline):
                    return False
                time.sleep(PAUSE)
        type(self).with_deleted.filter(pk=self.pk).delete()
        return True


def delete_batch(rows: models.QuerySet[models.Model], size: int) -> bool:
    """Delete at most `size` of the rows, and return whether there may be more."""
    pks = list(rows.values_list("pk", flat=True)[:size])
    rows.filter(pk__in=pks).delete()
    return len(pks) == size
