"""What this process still has to write to the database: the drafts that changed since the last write."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from datetime import datetime
from threading import Lock
from typing import Generic, NamedTuple, TypeVar

Value = TypeVar("Value")
Form = tuple[str, int]  # the key of a page, and the number of its composer


class Stay(NamedTuple):
    """A member's present stay in a room. It ends when they leave, and when the database is emptied or restored."""

    membership: int
    joined_at: datetime
    incarnation: str  # the room's


class Changes(NamedTuple, Generic[Value]):
    """`entries` by stay; `sent` has, by membership id, the forms that sent their text."""

    entries: dict[Stay, Value]
    sent: dict[int, set[Form]]

    def batches(self, size: int) -> Iterator[Changes[Value]]:
        """Split the changes so that each part has at most `size` entries, and sent forms of `size` members."""
        entries, sent = list(self.entries.items()), list(self.sent.items())
        for start in range(0, max(len(entries), len(sent)), size):
            yield Changes(dict(entries[start : start + size]), dict(sent[start : start + size]))


class Unwritten(Generic[Value]):
    """Collects changes from all threads. `taken_at` is when they were last taken, on the monotonic clock."""

    def __init__(self) -> None:
        self._lock, self._changes, self.taken_at = Lock(), Changes[Value]({}, {}), time.monotonic()

    def add(self, stay: Stay, entry: Value) -> None:
        with self._lock:
            self._changes.entries[stay] = entry

    def record_sent(self, membership: int, forms: Iterable[Form]) -> None:
        with self._lock:
            self._add_sent(membership, forms)

    def _add_sent(self, membership: int, forms: Iterable[Form]) -> None:
        sent = self._changes.sent
        sent[membership] = sent.get(membership, set()).union(forms)

    def sent_by(self, membership: int) -> set[Form]:
        return self._changes.sent.get(membership, set())

    def get(self, stay: Stay) -> Value | None:
        return self._changes.entries.get(stay)

    def take(self) -> Changes[Value]:
        """Return all changes and forget them."""
        with self._lock:
            taken, self._changes, self.taken_at = self._changes, Changes({}, {}), time.monotonic()
            return taken

    def give_back(self, changes: Changes[Value]) -> None:
        """Collect changes again that could not be written; newer ones of the same stays are kept."""
        with self._lock:
            self._changes = Changes(changes.entries | self._changes.entries, self._changes.sent)
            for membership, forms in changes.sent.items():
                self._add_sent(membership, forms)
