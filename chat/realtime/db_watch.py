"""The watch: when to look at what other processes have written."""

import sqlite3
import time

from django.conf import settings
from django.db import connection

INTERVAL = 0.1  # seconds from look to look
INTERVAL_WITH_REDIS = 2  # the same with Redis, which tells at once, for when it is away


def new_watch():
    """A function that tells whether it is time to look at what has been written."""
    if connection.vendor == "sqlite":
        return sqlite_watch()
    return every(INTERVAL_WITH_REDIS if settings.REDIS_URL else INTERVAL)


def every(seconds):
    due = 0

    def is_due():
        nonlocal due
        if (now := time.monotonic()) < due:
            return False
        due = now + seconds
        return True

    return is_due


def sqlite_watch():
    """Whether any process has written since the last time; SQLite knows that in a few microseconds."""
    own = sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)
    seen = None

    def moved():
        nonlocal seen
        before, seen = seen, own.execute("PRAGMA data_version").fetchone()
        return seen != before

    return moved
