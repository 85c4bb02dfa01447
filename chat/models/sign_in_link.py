"""Sign-in links: sign one person in on another device, once, until they expire or are revoked."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import TYPE_CHECKING, Self

from django.db import models, transaction
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from chat.exceptions import Refused
from chat.models import two_factor
from chat.models.invite import key_digest

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise

    from chat.models.participant import Participant


class SignInLinkQuerySet(models.QuerySet["SignInLink"]):
    def by_key(self, key: str) -> SignInLink | None:
        """The link with that key, also if it was used or revoked or has expired; None without one.

        Only a digest of the key is stored.
        """
        return self.select_related("participant__user").filter(key_digest=key_digest(key)).first()

    def active(self) -> Self:
        """Sign-in links that can still be used, newest first."""
        return self.filter(used_at=None, revoked_at=None, expires_at__gt=timezone.now()).order_by("-pk")

    def issue(self, participant: Participant, hours: int) -> tuple[SignInLink, str]:
        """Create a link that is valid for `hours`. Returns it and its key, of which only a digest is stored."""
        key = secrets.token_urlsafe(16)
        expires_at = timezone.now() + timedelta(hours=hours)
        return self.create(participant=participant, key_digest=key_digest(key), expires_at=expires_at), key

    def revoke(self) -> bool:
        """Revoke the links that can still be used. Returns whether there were any."""
        return self.active().order_by().update(revoked_at=timezone.now()) > 0


class SignInLink(models.Model):
    """A link that signs a person in on another device, once.

    Its key has 128 random bits and only a digest of it is stored, so it needs no signature.
    """

    participant = models.ForeignKey(
        "chat.Participant", models.CASCADE, related_name="sign_in_links", verbose_name=_("participant")
    )
    key_digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    expires_at = models.DateTimeField(_("expires"))
    used_at = models.DateTimeField(_("used"), null=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True)

    objects = SignInLinkQuerySet.as_manager()

    class Meta:
        verbose_name = _("sign-in link")
        verbose_name_plural = _("sign-in links")

    def __str__(self) -> str:
        return f"#{self.pk}"

    @property
    def refusal(self) -> _StrOrPromise:
        """Why this link cannot be used any more, as a sentence; an empty string if it can be used."""
        if self.revoked_at:
            return _("This sign-in link was revoked. Create a new one in a browser where you’re signed in.")
        if self.used_at:
            return _("This sign-in link was already used. Create a new one in a browser where you’re signed in.")
        if self.expires_at <= timezone.now():
            return _("This sign-in link has expired. Create a new one in a browser where you’re signed in.")
        return ""

    @cached_property
    def needs_code(self) -> bool:
        """Whether it signs in to an account with two-factor authentication."""
        return self.participant.user is not None and two_factor.is_set_up(self.participant.user)

    @transaction.atomic
    def use(self, sign_out_others: bool = False, code: str = "") -> Participant:
        """Use up this link, and return the participant to sign in.

        `sign_out_others` ends all earlier sessions. `code` is one of two-factor authentication, if the account uses it.
        Raises Refused if the code is wrong, or the link is used, revoked or expired.
        """
        self._check_code(code)
        # Lock the participant before the link, as `sign_out_everywhere` does: the same order avoids deadlocks.
        type(self.participant).objects.select_for_update().get(pk=self.participant_id)
        unused = SignInLink.objects.active().order_by().filter(pk=self.pk)
        if not unused.update(used_at=timezone.now()):
            self.refresh_from_db()
            raise Refused(self.refusal, code="link")
        if sign_out_others:
            self.participant.sign_out_everywhere()
        return self.participant

    def _check_code(self, code: str) -> None:
        """Check the code, unless the link can't be used anyway: then it must not use up a code."""
        user = self.participant.user
        if user and not self.refusal:
            two_factor.check_may_sign_in(user)
            if self.needs_code:
                two_factor.verify_code(user, code)
