"""The installation: one row with a random value, which keeps caches of an earlier database from being used."""

import secrets

from django.db import connections, models

from chat_app.caches import incarnation


def new_incarnation():
    return secrets.token_urlsafe(9)  # 12 characters


class Installation(models.Model):
    """`incarnation` is part of every cache key. It changes when the database was emptied or restored from a backup."""

    ONLY = 1  # the id of the one row

    incarnation = models.CharField(max_length=16, default=new_incarnation)

    def __str__(self):
        return self.incarnation

    @classmethod
    def current(cls):
        """The one row, created if it is missing: on a new database, or after `manage.py flush`."""
        return cls.objects.get_or_create(pk=cls.ONLY)[0]

    @classmethod
    def rotate(cls):
        """Invalidate every cache. Other processes notice within `chat_app.caches.REREAD_SECONDS`."""
        cls.objects.update_or_create(pk=cls.ONLY, defaults={"incarnation": new_incarnation()})
        incarnation.reload()


def create_installation(using, **kwargs):
    """After `migrate` and `flush`, so that no page has to."""
    if Installation._meta.db_table in connections[using].introspection.table_names():
        Installation.current()
