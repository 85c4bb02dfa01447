"""manage.py migrate: Django's own, but first it refuses a database that this code cannot upgrade."""

from django.core.management.commands import migrate
from django.db import connections

from chat.management.unknown_migrations import refuse_unknown_migrations


class Command(migrate.Command):
    def handle(self, *args, database, **options):
        refuse_unknown_migrations(connections[database])
        super().handle(*args, database=database, **options)
