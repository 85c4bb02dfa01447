"""The user model of accounts and site admins: our own, so that fields can be added."""

from typing import Any

from django.contrib.auth.models import AbstractUser
from django.db import transaction


class User(AbstractUser):
    """The project's user model. Use it through `get_user_model()`."""

    @transaction.atomic
    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save the user and what the signals do, such as ending all sessions, in one transaction."""
        super().save(*args, **kwargs)
