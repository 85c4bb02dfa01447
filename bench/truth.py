"""Compares the database at the end of a run with what senders sent and readers saw."""

import contextlib
import re
import sqlite3
from collections import Counter

from bench.browsing import words


class Truth:
    """`rows`: id and text of every message of a room, in order."""

    def __init__(self, database, slug):
        with contextlib.closing(sqlite3.connect(database)) as connection:
            self.sound = connection.execute("PRAGMA integrity_check").fetchone()[0]
            self.version = connection.execute("SELECT version FROM chat_room WHERE slug = ?", [slug]).fetchone()[0]
            rows = connection.execute(
                "SELECT line.id, line.text FROM chat_message AS line JOIN chat_room AS room ON room.id = line.room_id"
                " WHERE room.slug = ? ORDER BY first_version",
                [slug],
            ).fetchall()
        self.rows = [(pk, text.strip()) for pk, text in rows]  # pages don't show trailing spaces
        self.counted = Counter(text for _pk, text in self.rows if text)

    def lost(self, senders):
        """Messages that were acknowledged and are not in the database."""
        return [text for sender in senders for text in sender.acknowledged if text not in self.counted]

    @property
    def doubled(self):
        return [text for text, number in self.counted.items() if number > 1]

    def misplaced(self, senders):
        """Names of senders whose messages are out of order or have a gap."""
        said = {}
        for _pk, text in self.rows:
            if found := re.fullmatch(r"(.+) says (\d+)", text):
                said.setdefault(found[1], []).append(int(found[2]))
        return [name for s in senders if (n := said.get(name := s.name, [])) != list(range(1, len(n) + 1))]

    def unseen_by(self, reader):
        """Messages this reader saw that are missing in the database or have another text."""
        there = dict(self.rows)
        return [pk for pk, text in reader.seen.items() if there.get(pk) != text]

    def equals(self, log):
        """Whether the page shows the newest messages as they are in the database, for its whole length."""
        shown = [(pk, words(line)) for pk, line in log.lines.items()]
        return shown == self.rows[-len(shown) :]


def database_of(server):
    return server.folder / "parlour.sqlite3"


def written(server):
    """The texts of all messages in all rooms."""
    with contextlib.closing(sqlite3.connect(database_of(server))) as connection:
        return {text for (text,) in connection.execute("SELECT text FROM chat_message WHERE event = ''")}


def agree(old, fresh):
    """Whether the newest messages of an old page equal those of a fresh page, byte by byte."""
    shown, newest = list(old.lines.items()), list(fresh.lines.items())
    return shown[-len(newest) :] == newest
