"""Tells the gate when to check the database for changes that other processes wrote."""

import sqlite3
import time
from collections.abc import Callable

from django.conf import settings
from django.db import connection

INTERVAL = 0.1  # seconds between two checks
INTERVAL_WITH_REDIS = 2  # seconds; Redis signals changes at once, so this only covers the time while it is down


def new_watch() -> Callable[[], bool]:
    """Return a function that tells, at each call, whether to check the database for changes now.

    On SQLite it returns True if another connection has written since its last call. On other databases it returns
    True at a fixed interval.
    """
    if connection.vendor == "sqlite":
        return sqlite_watch()
    return every(INTERVAL_WITH_REDIS if settings.REDIS_URL else INTERVAL)


def every(seconds: float) -> Callable[[], bool]:
    """Return a function that returns True at most once in this many seconds, and otherwise False."""
    due = 0.0

    def is_due() -> bool:
        nonlocal due
        if (now := time.monotonic()) < due:
            return False
        due = now + seconds
        return True

    return is_due


def sqlite_watch() -> Callable[[], bool]:
    """A function that returns whether another connection wrote to the SQLite file since the last call.

    The first call returns True. `PRAGMA data_version` answers in a few microseconds, but only on a connection that
    stays open.
    """
    own_connection = sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)
    version = None

    def has_changed() -> bool:
        nonlocal version
        before, version = version, own_connection.execute("PRAGMA data_version").fetchone()
        return bool(version != before)

    return has_changed
