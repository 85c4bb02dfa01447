"""The user model of accounts and site admins; its own, so that it can grow."""

from django.contrib.auth.models import AbstractUser


class User(AbstractUser):
    """Use it through `get_user_model()`."""
