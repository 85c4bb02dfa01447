"""The installation: one row with the incarnation, a random value, so that caches of an earlier database aren't used."""

from __future__ import annotations

import secrets

from django.db import connections, models

from chat_app.caches import incarnation


def new_incarnation() -> str:
    return secrets.token_urlsafe(9)  # 12 characters


class Installation(models.Model):
    """The one row that holds `incarnation`, a random value in every cache key.

    It changes when the database is emptied or a backup is restored.
    """

    ONLY = 1  # the id of the one row

    incarnation = models.CharField(max_length=16, default=new_incarnation)

    def __str__(self) -> str:
        return self.incarnation

    @classmethod
    def current(cls) -> Installation:
        """Return the installation's only row, and create it if it is missing: on a new database or after `flush`."""
        return cls.objects.get_or_create(pk=cls.ONLY)[0]

    @classmethod
    def lock(cls) -> None:
        """Let other processes that lock this row wait until this transaction ends."""
        list(cls.objects.select_for_update().filter(pk=cls.ONLY).values_list("pk"))

    @classmethod
    def rotate(cls) -> None:
        """Change the incarnation, so that every cache entry becomes invalid.

        Other processes notice within `chat_app.caches.REREAD_SECONDS`.
        """
        cls.objects.update_or_create(pk=cls.ONLY, defaults={"incarnation": new_incarnation()})
        incarnation.reload()


def create_installation(using: str, **kwargs: object) -> None:
    """Create the one row, after `migrate` and `flush`, so that no page has to."""
    if Installation._meta.db_table in connections[using].introspection.table_names():
        Installation.current()
