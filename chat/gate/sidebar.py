"""What is told beside a room's log: parts that Django paints once for all readers of one language."""

import time
from typing import NamedTuple

UNDER_WAY = 1  # seconds that an answer may have been under way: what it told may be as old as that


class RenderedPart(NamedTuple):
    """A part as Django has painted it, by language; nothing in it is newer than `epoch`. What differs has another
    `mark`; an empty one shows nothing."""

    mark: tuple
    epoch: int
    html: dict[str, bytes]


class Sidebar:
    """Of one room, its parts by their names. A page is told what has changed since it was last told anything.

    `changed_at` is when one of them last did, in seconds since 1970; a page that was told nothing after the second
    `hurry` is not held. `asking` is a task that finds out whether they are still so.
    """

    __slots__ = ("asking", "changed_at", "hurry", "languages", "looked_at", "parts", "woken_at")

    def __init__(self):
        self.languages, self.parts = set(), {}
        self.changed_at = self.hurry = -1
        self.asking, self.woken_at, self.looked_at = None, 0, time.monotonic()

    def known(self, name):
        """Mark and epoch of that part; None where it is not there in every language that is read."""
        made, _moment = self.parts.get(name, (None, None))
        return (made.mark, made.epoch) if made and made.html.keys() >= self.languages else None

    def shows(self, name):
        return name in self.parts and bool(self.parts[name][0].mark)

    def learn(self, name, made):
        """Tell it to every page that has been told nothing since."""
        self.changed_at = time.time() + UNDER_WAY
        self.parts[name] = made, self.changed_at

    def asked(self, task):
        if self.asking is task:  # and not one that was begun after it
            self.asking = None

    def overtake(self, name, language, epoch, html):
        """A page was just given this: should it be told of that part, then of none that is older."""
        made, moment = self.parts.get(name, (None, None))
        if made and epoch >= made.epoch:
            self.parts[name] = made._replace(epoch=epoch, html=made.html | {language: html}), moment

    def due(self, at, grant):
        """What a page has to be told that was last told anything at `at`, by the rights of this grant."""
        language, told = grant.variant[0], b""
        self.languages.add(language)
        for made, moment in self.parts.values():
            if at <= moment and made.epoch == grant.epoch:
                told += made.html.get(language, b"")
        return told
