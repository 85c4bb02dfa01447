"""Paintings: each is rendered once for all readers who need it, however many ask at the same time."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple

from chat.gate.grants import Grant
from chat.gate.rooms import Rooms
from chat.gate.signatures import RunInThread, Variant

MAX_TOTAL_SIZE = 32 * 1024 * 1024  # bytes of all cached paintings
OVERHEAD = 500  # bytes that a cached painting takes in addition to its HTML


class Painting(NamedTuple):
    """HTML that brings a page up to `version`, for grants of this epoch and incarnation.

    If `whole`, it is a full refresh, which replaces the page's log. `changes_people` is True if it shows that someone
    joined or left, so that the panel of members may have changed too.
    """

    version: int
    epoch: int
    incarnation: str
    whole: bool
    html: bytes
    changes_people: bool = False


Key = tuple[int, str, int | None, Variant]  # room, incarnation, version of the page (None: whole log), variant


class Paintings:
    """Makes paintings, and caches those of each room's latest state, because no one asks for older ones.

    `render(*key)` is called in a thread. It returns a Painting, or None if the room was deleted. A page gets the
    whole log if it missed more than `max_changes` changes. It also gets it if it has grown by more than
    `max_log_growth` changes since its log was last painted whole.
    """

    def __init__(
        self,
        render: Callable[[int, str, int | None, Variant], Painting | None],
        run_in_thread: RunInThread,
        rooms: Rooms,
        max_log_growth: int,
        max_changes: int,
        max_total_size: int = MAX_TOTAL_SIZE,
    ) -> None:
        self.render, self.run_in_thread, self.rooms = render, run_in_thread, rooms
        self.max_log_growth, self.max_changes = max_log_growth, max_changes
        self.by_room: OrderedDict[int, dict[Key, Painting]] = OrderedDict()
        self.size, self.max_total_size = 0, max_total_size
        self.pending: dict[Key, asyncio.Future[Painting | None]] = {}

    async def get(self, grant: Grant, since: int, origin: int) -> Painting | None:
        """Return the painting that brings a page from version `since` to the latest, or None if the room was deleted.

        `origin` is the version at which the page's log was last painted whole.
        """
        key = self.key(grant, since, origin)
        return self.cached(key) or await asyncio.shield(self.pending.get(key) or self.start(key))

    def key(self, grant: Grant, since: int, origin: int) -> Key:
        """The key of the painting that this page needs. Pages with the same key need the same painting.

        `since` is the version that the page has, and `origin` the version of its last full refresh.
        """
        room = self.rooms.by_id.get(grant.room)
        missed = room.version - since if room else 0
        whole = not (0 <= missed <= self.max_changes and 0 <= since - origin <= self.max_log_growth)
        return grant.room, grant.incarnation, None if whole else since, grant.variant

    def cached(self, key: Key) -> Painting | None:
        """The cached painting for this key; None if there is none, or the room changed after it was rendered."""
        room_id = key[0]
        room, painting = self.rooms.by_id.get(room_id), self.by_room.get(room_id, {}).get(key)
        if not painting or not room or painting[:3] != (room.version, room.epoch, room.incarnation):
            return None
        self.by_room.move_to_end(room_id)
        return painting

    def start(self, key: Key) -> asyncio.Future[Painting | None]:
        future = self.pending[key] = asyncio.ensure_future(self.run_in_thread(self.render, *key))
        future.add_done_callback(lambda done: self.finish(key, done))
        return future

    def finish(self, key: Key, future: asyncio.Future[Painting | None]) -> None:
        del self.pending[key]
        if not future.cancelled() and not future.exception() and (painting := future.result()):
            self.keep(key, painting)

    def keep(self, key: Key, painting: Painting) -> None:
        room = key[0]
        if painting.changes_people and room in self.rooms.by_id:
            self.rooms.by_id[room].sidebar.people_changed_at = time.monotonic()
        kept = self.by_room.get(room, {})
        if any(other[:3] != painting[:3] for other in kept.values()) or key in kept:
            self.drop(room)
        self.by_room.setdefault(room, {})[key] = painting
        self.by_room.move_to_end(room)
        self.size += size_of(painting)
        while self.size > self.max_total_size:
            self.drop(next(iter(self.by_room)))

    def drop(self, room: int) -> None:
        self.size -= sum(map(size_of, self.by_room.pop(room, {}).values()))


def size_of(painting: Painting) -> int:
    return len(painting.html) + OVERHEAD
