"""Refuses an SQLite database that was replaced while the -wal file of the old one stayed, before it is damaged."""

# SQLite applies every -wal file it finds: nothing in it says to which database it belongs. So Parlour gives the
# database a new random id at each start (SQLite's `user_version`), and remembers it in a file of its own.

import json
import os
import secrets
import sqlite3
import struct
import sys
from contextlib import closing, suppress
from typing import NamedTuple

from chat_app.start_lock import locked

WAL_HEADER = 32  # bytes; a -wal without more has no changes
WAL_MODE = 2  # the version of database files in WAL mode; others have 1, such as copies made with VACUUM INTO
PATIENCE = 1  # seconds to wait for other processes that use the database
STALE = (
    "{name}-wal belongs to another database than {name}: it is probably left from before a backup was restored. Using "
    "both would destroy data. Move {name}-wal and {name}-shm to another folder, then run manage.py restored and start. "
    "If both come from the same copy, move {name}-start instead, and nothing is lost."
)


class Header(NamedTuple):
    """The beginning of a database file, without what its -wal changes."""

    version: int
    changes: int  # a counter that only rises; copies begin with a low one
    schema: int  # the same, for changes of tables
    id: int

    @classmethod
    def read(cls, path):
        """Return the header, or None without a database.

        Only while this process has no connection to it: closing the file would end that connection's locks.
        """
        with suppress(OSError), open(path, "rb") as file:
            first = file.read(100)
            if first.startswith(b"SQLite format 3\0") and len(first) == 100:
                return cls(first[18], *(struct.unpack_from(">I", first, place)[0] for place in (24, 40, 60)))
        return None


def refuse_stale_wal(path):
    """Exit with the reason if the -wal at this path is not the database's own. Without a -wal, remember the database.

    Called before the process connects to the database.
    """
    if not Header.read(path):
        return
    with locked(path) as file:
        changed = has_changes(path)
        header = Header.read(path)  # after the question: another process may have emptied the -wal meanwhile
        if not changed:
            remember(file, header, [header.id])
        elif is_stale(header, recall(file)):
            sys.exit(STALE.format(name=path.name))


def has_changes(path):
    with suppress(OSError):
        return os.path.getsize(f"{path}-wal") > WAL_HEADER
    return False


def is_stale(header, known):
    if header.version < WAL_MODE:
        return True
    return bool(known) and (
        header.id not in known["ids"] or header.changes < known["changes"] or header.schema < known["schema"]
    )


def renew_id(path):
    """Give the database a new id, so that it differs from earlier copies. Called when a server starts.

    Nothing changes while another process uses the database. If the process ends half-way, both ids are remembered.
    """
    header = Header.read(path)
    if not header:
        return
    with locked(path) as file, suppress(sqlite3.DatabaseError):  # Django reports a broken database
        new = secrets.randbits(31)
        with closing(sqlite3.connect(path, timeout=PATIENCE, isolation_level=None)) as database:
            if not checkpoint(database):
                return
            remember(file, header, [id_of(database), new])
            database.execute(f"PRAGMA user_version = {new}")
            done = checkpoint(database)
        if done:
            remember(file, Header.read(path), [new])


def checkpoint(database):
    """Write all changes into the database file and empty the -wal. Returns whether that was possible."""
    busy, *_ = database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return not busy


def id_of(database):
    return database.execute("PRAGMA user_version").fetchone()[0]


def recall(file):
    """What was remembered, or None if there is nothing that can be read."""
    file.seek(0)
    with suppress(ValueError, TypeError, KeyError):
        known = json.loads(file.read())
        return {"ids": list(known["ids"]), "changes": int(known["changes"]), "schema": int(known["schema"])}
    return None


def remember(file, header, ids):
    known = {"ids": ids, "changes": header.changes, "schema": header.schema}
    if known == recall(file):
        return
    file.truncate(0)
    file.write(json.dumps(known).encode())
    file.flush()
    os.fsync(file.fileno())
