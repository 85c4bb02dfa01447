"""File permissions: only the user who runs Parlour can read the database, its copies and .env."""

import os
import stat
import sys
from pathlib import Path

from django.conf import settings

from chat_app import env_file
from chat_app.start_lock import sqlite_path

READABLE_BY_OTHERS = stat.S_IROTH | stat.S_IWOTH
SQLITE_SUFFIXES = ("", "-journal", "-shm", "-start", "-wal")


def protect():
    """Let this process create files for its user only, and correct existing files that other users can read.

    A file that only its group can read stays as it is: that was set on purpose.
    """
    os.umask(0o077)
    corrected = [path.name for path in private_files() if correct(path)]
    if corrected:
        say(f"Other users of this machine could read {', '.join(corrected)}. Now only the owner can.")


def private_files():
    """The files that exist: .env, the database with its -wal and -shm, and copies next to it and next to manage.py."""
    folder = settings.BASE_DIR
    found = {env_file.PATH, *folder.glob("*.sqlite3*")}
    database = sqlite_path(settings.DATABASES["default"])
    if database:
        found |= {Path(f"{database}{suffix}") for suffix in SQLITE_SUFFIXES}
        if database.suffix:  # Without one, other files may begin with its name.
            found |= {path for path in database.parent.glob("*") if path.name.startswith(database.name)}
    return sorted(path for path in found if path.is_file() and not path.is_symlink())


def correct(path: Path):
    """Take the file from other users. Returns whether it changed; says so if that isn't allowed."""
    if not path.stat().st_mode & READABLE_BY_OTHERS:
        return False
    try:
        path.chmod(0o600)
    except OSError as error:
        say(f"Other users of this machine can read {path}. Run: chmod 600 '{path}' ({error.strerror}).")
        return False
    return True


def say(line):
    print(line, file=sys.stderr, flush=True)
