"""A lock for the migration of a database: other processes wait, and then find nothing left to do."""

import contextlib

from chat_app import start_lock

ADVISORY = 0x7061726C6F7572  # PostgreSQL's number of the lock: "parlour"


def migration_lock(connection):
    """A context manager that holds the lock. A process that has it already gets it again."""
    if connection.vendor == "postgresql":
        return advisory_lock(connection)
    path = start_lock.sqlite_path(connection.settings_dict)
    return start_lock.locked(path) if path and path.parent.is_dir() else contextlib.nullcontext()


@contextlib.contextmanager
def advisory_lock(connection):
    """PostgreSQL's own lock. It ends with the connection."""
    if not ask(connection, "pg_try_advisory_lock"):
        start_lock.say_waiting()
        ask(connection, "pg_advisory_lock")
    try:
        yield
    finally:
        ask(connection, "pg_advisory_unlock")


def ask(connection, function):
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s)", [ADVISORY])
        return cursor.fetchone()[0]
