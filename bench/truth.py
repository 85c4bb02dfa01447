"""What the database says in the end, and whether those who wrote and those who read agree with it."""

import contextlib
import re
import sqlite3
from collections import Counter

from bench.browsing import words


class Truth:
    """`rows` are the id and the words of every line of a room, in their order."""

    def __init__(self, database, slug):
        with contextlib.closing(sqlite3.connect(database)) as connection:
            self.sound = connection.execute("PRAGMA integrity_check").fetchone()[0]
            self.version = connection.execute("SELECT version FROM chat_room WHERE slug = ?", [slug]).fetchone()[0]
            rows = connection.execute(
                "SELECT line.id, line.text FROM chat_message AS line JOIN chat_room AS room ON room.id = line.room_id"
                " WHERE room.slug = ? ORDER BY first_version",
                [slug],
            ).fetchall()
        self.rows = [(pk, text.strip()) for pk, text in rows]  # spaces at the end are not painted
        self.counted = Counter(text for _pk, text in self.rows if text)

    def lost(self, senders):
        """What was acknowledged and is not there."""
        return [text for sender in senders for text in sender.acknowledged if text not in self.counted]

    @property
    def doubled(self):
        return [text for text, number in self.counted.items() if number > 1]

    def misplaced(self, senders):
        """The senders whose messages do not stand in the order in which they were sent, without a gap."""
        said = {}
        for _pk, text in self.rows:
            if found := re.fullmatch(r"(.+) says (\d+)", text):
                said.setdefault(found[1], []).append(int(found[2]))
        return [name for s in senders if (n := said.get(name := s.name, [])) != list(range(1, len(n) + 1))]

    def unseen_by(self, reader):
        """What this reader was shown once and what is not there, or not so."""
        there = dict(self.rows)
        return [pk for pk, text in reader.seen.items() if there.get(pk) != text]

    def equals(self, log):
        """Whether that page shows the newest lines as they are, however far back it goes."""
        shown = [(pk, words(line)) for pk, line in log.lines.items()]
        return shown == self.rows[-len(shown) :]


def database_of(server):
    return server.folder / "parlour.sqlite3"


def written(server):
    """Everything that anybody has said anywhere."""
    with contextlib.closing(sqlite3.connect(database_of(server))) as connection:
        return {text for (text,) in connection.execute("SELECT text FROM chat_message WHERE event = ''")}


def agree(old, fresh):
    """Whether the newest lines of an old page are, byte by byte, those of a fresh one."""
    shown, newest = list(old.lines.items()), list(fresh.lines.items())
    return shown[-len(newest) :] == newest
