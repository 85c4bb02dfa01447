"""Removed and banned people: how long they can't rejoin, and the reason that they see."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.timesince import timeuntil
from django.utils.translation import gettext as _

from chat.exceptions import Refused
from chat.models.audit import Action, record

if TYPE_CHECKING:
    from chat.models.actor import ActedBy
    from chat.models.membership import Membership


class RemovalMixin(models.Model):
    """The part of a membership that keeps a removed person out of the room for REMOVAL_MINUTES.

    `removed_until` is when they can rejoin; None if they were not removed, or may rejoin at once.
    """

    removed_until = models.DateTimeField(null=True, editable=False)

    class Meta:
        abstract = True

    @property
    def is_kept_out(self: Membership) -> bool:
        """Whether this person was removed so recently that they can't rejoin yet."""
        return self.status == self.Status.REMOVED and bool(self.removed_until and self.removed_until > timezone.now())

    @property
    def removal_left(self: Membership) -> str:
        """How much longer a removed person can't rejoin, in words such as "9 minutes", rounded up."""
        return timeuntil(self.removed_until + timedelta(seconds=59)) if self.removed_until else ""

    @property
    def rejoin_refusal(self: Membership) -> Refused | None:
        """Why this person can't rejoin, under any nickname and with any invite; None if they can."""
        if self.status == self.Status.BANNED:
            sentence = _("You’ve been banned from this room. Contact a moderator if this is a mistake.")
            return Refused(sentence, code="banned")
        if self.is_kept_out:
            sentence = _("You were removed from this room. You can rejoin in %(time)s.")
            return Refused(sentence % {"time": self.removal_left}, code="removed")
        return None

    def keep_out(self: Membership) -> None:
        """Save that this person was removed now, inside the room's `change()`."""
        removed = self.status == self.Status.REMOVED and settings.REMOVAL_MINUTES > 0
        self.removed_until = timezone.now() + timedelta(minutes=settings.REMOVAL_MINUTES) if removed else None
        self.save(update_fields=["removed_until"])

    def take_removal_of(self: Membership, other: Membership) -> None:
        """Keep this person out as long as `other`, the same person's other membership, inside the room's `change()`."""
        self.status, self.removed_until = other.status, other.removed_until
        self.save(update_fields=["status", "removed_until"])

    def allow_rejoin(self: Membership, by: ActedBy = None) -> bool:
        """Let a removed person rejoin before their time is over. Returns False if they can rejoin already.

        Raises Refused if `by` no longer moderates the room.
        """
        with self.room.change_by(by) as room:
            self.refresh_from_db(fields=["status", "removed_until"])
            if not self.is_kept_out:
                return False
            self.removed_until = None
            self.save(update_fields=["removed_until"])
            record(Action.ALLOW_REJOIN, by, room=room, member=self)
            return True
