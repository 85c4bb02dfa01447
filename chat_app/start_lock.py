"""A lock between processes that start at the same time, next to an SQLite database."""

import contextlib
import fcntl
import os
import sys
from pathlib import Path

SUFFIX = "-start"  # of the locked file, which also remembers the database (see wal_check)
held: set[Path] = set()  # paths of the databases whose lock this process has


def sqlite_path(database):
    """The path of the database in these settings, or None if it is not a file. Symbolic links are followed.

    SQLite creates its other files next to the real one.
    """
    name = str(database["NAME"])
    if "sqlite" not in database["ENGINE"] or name.startswith((":memory:", "file:")):
        return None
    return Path(name).resolve()


@contextlib.contextmanager
def locked(path):
    """Hold the lock of the SQLite database at `path`, and yield the locked file. It ends with the process.

    Yields None if this process has the lock already.
    """
    if path in held:
        yield None
        return
    with open_file(path) as file:
        take(file)
        held.add(path)
        try:
            yield file
        finally:
            held.remove(path)


def take(file):
    """Lock the file, when no other process has the lock. Exits with the reason if the disk has no locks."""
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say_waiting()
            fcntl.flock(file, fcntl.LOCK_EX)
    except OSError as error:
        sys.exit(f"Can't lock {file.name}: {error.strerror}. Keep the database on a disk of this machine.")


def say_waiting():
    print("Waiting for another process that is starting or migrating the database.", file=sys.stderr, flush=True)


def open_file(path):
    """Open the file to lock. Exits with the reason if that is not allowed.

    If root creates it, it gets the owner of the database or of its folder: the server may run as another user.
    """
    try:
        file = open(f"{path}{SUFFIX}", "a+b", opener=open_privately)  # noqa: SIM115 - the caller closes it
        if os.geteuid() == 0:
            owner = (path if path.exists() else path.parent).stat()
            os.fchown(file.fileno(), owner.st_uid, owner.st_gid)
        return file
    except OSError as error:
        sys.exit(f"Can't open {path}{SUFFIX}: {error.strerror}. The user who runs Parlour must be able to write it.")


def open_privately(path, flags):
    return os.open(path, flags, 0o600)
