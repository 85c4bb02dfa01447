"""manage.py migrate: Django's own, for one process at a time, and not for a database that this code cannot upgrade."""

from django.core.management.commands import migrate
from django.db import connections

from chat.management.migration_lock import migration_lock
from chat.management.unknown_migrations import refuse_unknown_migrations


class Command(migrate.Command):
    def execute(self, *args, **options):
        """Take the lock before Django's system checks, which open the database."""
        with migration_lock(connections[options["database"]]):
            return super().execute(*args, **options)

    def handle(self, *args, database, **options):
        refuse_unknown_migrations(connections[database])
        super().handle(*args, database=database, **options)
