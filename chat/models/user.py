"""The user model of accounts and site admins: our own, so that fields can be added."""

from django.contrib.auth.models import AbstractUser


class User(AbstractUser):
    """The project's user model. Use it through `get_user_model()`."""
