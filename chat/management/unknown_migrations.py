"""Refuses a database whose migrations this code does not have: one from before the first release, or a newer one."""

import logging
import sys
from concurrent.futures import ThreadPoolExecutor

from django.core.management.base import CommandError
from django.db import DatabaseError, InterfaceError, connection
from django.db.migrations.loader import MigrationLoader

logger = logging.getLogger("chat")

BEFORE_THE_FIRST_RELEASE = "0001_first"


def exit_on_unknown_migrations():
    """Print the reason and exit if the database has migrations that this code doesn't have.

    For servers other than `manage.py serve`. A database that is down stops no server. The check runs in a thread of its
    own, because the caller's may have an event loop, in which Django refuses to query.
    """
    with ThreadPoolExecutor(1) as executor:
        reason = executor.submit(_reason_to_exit).result()
    if reason:
        sys.stderr.write(f"{reason}\n")
        sys.exit(1)


def _reason_to_exit():
    try:
        refuse_unknown_migrations(connection)
    except CommandError as refusal:
        return str(refusal)
    except (DatabaseError, InterfaceError) as error:
        logger.warning("The database's migrations can't be read: %s", error)
    finally:
        connection.close()
    return None


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
