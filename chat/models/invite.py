"""Invitations: links by which somebody may come into one room, counted, expiring, and taken back at any time."""

import hashlib
import secrets
from datetime import timedelta

from django.apps import apps
from django.db import models
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from chat.exceptions import Refused


class InvitationQuerySet(models.QuerySet):
    def by_key(self, key):
        """The invite with that key, or None; only a digest of it is kept."""
        found = self.filter(key_digest=key_digest(key), room__deleted_at=None)
        return found.select_related("room", "created_by").first()

    def active(self):
        """Those by which somebody can still come in, newest first."""
        unused = models.Q(max_uses=None) | models.Q(uses__lt=F("max_uses"))
        return self.filter(unused, revoked_at=None, expires_at__gt=timezone.now()).order_by("-pk")

    def inactive(self):
        """Those by which nobody comes in any more, the newest first."""
        return self.exclude(pk__in=self.active().order_by().values("pk")).order_by("-pk")

    def listed(self):
        """With who made them and the first who came by them, in as many queries as for one."""
        first = apps.get_model("chat.Membership").objects.order_by("joined_at", "pk")[: Invite.NAMED]
        return self.select_related("created_by").prefetch_related(
            models.Prefetch("joined_members", first, to_attr="named")
        )

    def make(self, created_by, days, max_uses):
        """An invite into that member's room, and its key, which is told this once."""
        key = secrets.token_urlsafe(16)
        expires_at = timezone.now() + timedelta(days=days)
        about = {"created_by": created_by, "expires_at": expires_at, "max_uses": max_uses}
        return self.create(room=created_by.room, key_digest=key_digest(key), **about), key


class Invite(models.Model):
    """`max_uses` is how many may come in by it, empty for any number."""

    NAMED = 20  # of those who came by it, in a list; of the others it is told how many they are

    room = models.ForeignKey("chat.Room", models.CASCADE, related_name="invites", verbose_name=_("room"))
    created_by = models.ForeignKey(
        "chat.Membership", models.CASCADE, related_name="created_invites", verbose_name=_("made by")
    )
    key_digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(_("made"), auto_now_add=True)
    expires_at = models.DateTimeField(_("expires"))
    max_uses = models.PositiveSmallIntegerField(_("for how many"), null=True)
    uses = models.PositiveIntegerField(_("used"), default=0)
    revoked_at = models.DateTimeField(_("taken back"), null=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        verbose_name = _("invite")
        verbose_name_plural = _("invitations")

    def __str__(self):
        return f"#{self.pk}"

    @property
    def others(self):
        """How many came by it beside those who are named."""
        return max(0, self.uses - self.NAMED)

    @property
    def refusal(self):
        """Why nobody comes in by it any more, in words, or nothing."""
        if self.revoked_at:
            return _("This invitation was taken back. Ask for another one.")
        if self.expires_at <= timezone.now():
            return _("This invitation has expired. Ask for another one.")
        if self.max_uses is not None and self.uses >= self.max_uses:
            return _("This invitation has been used already. Ask for another one.")
        return ""

    def use(self):
        """Count one more who comes in by it, inside the room's `change()`. Raises Refused."""
        self.refresh_from_db(fields=["uses", "revoked_at", "expires_at", "max_uses"])
        if self.refusal:
            raise Refused(self.refusal, code="invite")
        self.uses += 1
        self.save(update_fields=["uses"])
        return self

    def revoke(self):
        """Let nobody else in by it; who came by it stays."""
        with self.room.change():
            Invite.objects.filter(pk=self.pk, revoked_at=None).update(revoked_at=timezone.now())


def key_digest(key):
    return hashlib.sha256(key.encode()).hexdigest()
