"""A lock between processes that start at the same time, next to an SQLite database."""

import contextlib
import fcntl
from pathlib import Path

SUFFIX = "-start"  # of the locked file, which also remembers the database (see wal_check)


def sqlite_path(database):
    """The path of the database in these settings, or None if it is not a file. Symbolic links are followed.

    SQLite creates its other files next to the real one.
    """
    name = str(database["NAME"])
    if "sqlite" not in database["ENGINE"] or name.startswith((":memory:", "file:")):
        return None
    return Path(name).resolve()


@contextlib.contextmanager
def locked(path, on_wait=None):
    """Hold the lock of the SQLite database at `path`, and yield the locked file. `on_wait` is called before waiting.

    The lock ends with the process.
    """
    with open(f"{path}{SUFFIX}", "a+b") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if on_wait:
                on_wait()
            fcntl.flock(file, fcntl.LOCK_EX)
        yield file
