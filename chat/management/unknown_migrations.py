"""Refuses a database whose migrations this code does not have: one from before the first release, or a newer one."""

from django.core.management.base import CommandError
from django.db.migrations.loader import MigrationLoader

BEFORE_THE_FIRST_RELEASE = "0001_first"


def refuse_unknown_migrations(connection):
    """Raises CommandError if migrations were applied that this code does not know."""
    loader = MigrationLoader(connection)
    replaced = {name for migration in loader.disk_migrations.values() for name in migration.replaces}
    unknown = loader.applied_migrations.keys() - loader.disk_migrations.keys() - replaced
    names = sorted(name for app, name in unknown if app == "chat")
    if BEFORE_THE_FIRST_RELEASE in names:
        raise CommandError(
            "This database was made by a version of Parlour from before its first release and cannot be upgraded: "
            "set DATABASE_URL to a new database, or move the old one away."
        )
    if names:
        raise CommandError(
            f"This database was made by a newer version of Parlour ({', '.join(names)}): "
            "install that version, or restore a backup from before the upgrade."
        )
