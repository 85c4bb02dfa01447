"""The user model of accounts and site admins: our own, so that fields can be added."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import AbstractUser
from django.db import transaction
from django.utils.translation import gettext as _

from chat.exceptions import Refused

if TYPE_CHECKING:
    from django_otp.models import Device

    from chat.models.actor import Actor
    from chat.models.participant import Participant


class User(AbstractUser):
    """The project's user model. Use it through `get_user_model()`."""

    acted_on_by: Actor  # the site admin who acts; only the admin sets it
    changes: dict[str, dict[str, Any]]  # set before saving
    otp_device: Device  # set by django-otp
    new_participant: Participant  # the guest for whom the account is created

    @transaction.atomic
    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save the user and what the signals do, such as ending all sessions, in one transaction."""
        super().save(*args, **kwargs)

    def confirm_password(self, password: str) -> None:
        """Raise Refused if this is not the user's password.

        Hashing takes a tenth of a second, so call it before a transaction, which locks SQLite for all other writers.
        """
        if not self.check_password(password):
            raise Refused(_("Wrong password."), code="password")

    def reset_password(self, password: str) -> None:
        """Set a new password without the old one, which was forgotten, and end all sessions."""
        self.set_password(password)
        self.save(update_fields=["password"])
