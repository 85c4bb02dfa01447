"""Invite links to a room: limited in number of uses and in time, and revocable."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING, Self

from django.apps import apps
from django.db import models
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from chat.exceptions import Refused
from chat.models.audit import Action, record

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise

    from chat.models.actor import ActedBy
    from chat.models.membership import Membership


class InviteQuerySet(models.QuerySet["Invite"]):
    def by_key(self, key: str) -> Invite | None:
        """The invite with that key, also if it is used up, expired or revoked; None without one or in a deleted room.

        Only a digest of the key is stored.
        """
        found = self.filter(key_digest=key_digest(key), room__deleted_at=None)
        return found.select_related("room", "created_by").first()

    def active(self) -> Self:
        """Invites that can still be used, newest first."""
        unused = models.Q(max_uses=None) | models.Q(uses__lt=F("max_uses"))
        return self.filter(unused, revoked_at=None, expires_at__gt=timezone.now()).order_by("-pk")

    def inactive(self) -> Self:
        """Expired, revoked and used-up invites, newest first."""
        return self.exclude(pk__in=self.active().order_by().values("pk")).order_by("-pk")

    def with_members(self) -> Self:
        """Each invite with its creator and, as `named`, the first MAX_NAMED members who used it.

        The number of queries is the same for any number of invites.
        """
        first = apps.get_model("chat.Membership").objects.order_by("joined_at", "pk")[: Invite.MAX_NAMED]
        return self.select_related("created_by").prefetch_related(
            models.Prefetch("joined_members", first, to_attr="named")
        )

    def issue(self, created_by: Membership, days: int, max_uses: int | None) -> tuple[Invite, str]:
        """Create an invite to the room of `created_by` for this many days. Returns the invite and the key of its link.

        The key itself is not stored. `max_uses` None: any number of people. Raises Refused if `created_by` no longer
        moderates the room.
        """
        key = secrets.token_urlsafe(16)
        expires_at = timezone.now() + timedelta(days=days)
        about = {"created_by": created_by, "expires_at": expires_at, "max_uses": max_uses}
        with created_by.room.change_by(created_by) as room:
            invite = self.create(room=room, key_digest=key_digest(key), **about)
            record(Action.ISSUE_INVITE, created_by, room=room, invite=invite.pk, days=days, max_uses=max_uses)
        return invite, key


class Invite(models.Model):
    """An invite link. `max_uses` is how often it can be used to join (None: any number), `uses` how often it was."""

    MAX_NAMED = 20  # members who joined with it and are listed by name; the rest are counted

    room = models.ForeignKey("chat.Room", models.CASCADE, related_name="invites", verbose_name=_("room"))
    created_by = models.ForeignKey(
        "chat.Membership", models.CASCADE, related_name="created_invites", verbose_name=_("created by")
    )
    key_digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    expires_at = models.DateTimeField(_("expires"))
    max_uses = models.PositiveSmallIntegerField(_("maximum uses"), null=True)
    uses = models.PositiveIntegerField(_("used"), default=0)
    revoked_at = models.DateTimeField(_("revoked"), null=True)

    objects = InviteQuerySet.as_manager()

    class Meta:
        verbose_name = _("invite link")
        verbose_name_plural = _("invite links")

    def __str__(self) -> str:
        return f"#{self.pk}"

    @property
    def unnamed_count(self) -> int:
        """How many more times it was used to join than the members who are listed by name."""
        return max(0, self.uses - self.MAX_NAMED)

    @property
    def refusal(self) -> _StrOrPromise:
        """Why the invite can't be used any more, as a sentence for the reader; "" if it is active."""
        if self.revoked_at:
            return _("This invite link was revoked. Ask for a new one.")
        if self.expires_at <= timezone.now():
            return _("This invite link has expired. Ask for a new one.")
        if self.max_uses is not None and self.uses >= self.max_uses:
            return _("This invite link has no uses left. Ask for a new one.")
        return ""

    def use(self) -> Invite:
        """Count one more use, inside the room's `change()`, and return the invite.

        Raises Refused if it is used up, revoked or expired.
        """
        self.refresh_from_db(fields=["uses", "revoked_at", "expires_at", "max_uses"])
        if self.refusal:
            raise Refused(self.refusal, code="invite")
        self.uses += 1
        self.save(update_fields=["uses"])
        return self

    def revoke(self, by: ActedBy = None) -> bool:
        """Revoke the invite, so that nobody can join with it any more. Members who joined with it stay.

        Returns False if it was revoked before. Raises Refused if `by` is no longer a moderator.
        """
        with self.room.change_by(by) as room:
            if not Invite.objects.filter(pk=self.pk, revoked_at=None).update(revoked_at=timezone.now()):
                return False
            record(Action.REVOKE_INVITE, by, room=room, invite=self.pk)
            return True


def key_digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
