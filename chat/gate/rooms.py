"""The rooms that are being read: their latest state, and the connections that wait for news there."""

import asyncio
import time
from collections.abc import Collection, Iterable
from typing import Protocol

from chat.gate.grants import Grant
from chat.gate.sidebar import Sidebar

ACTIVE_SECONDS = 15  # seconds after the last poll until a room is forgotten
SLICE = 32  # waiters woken in one go, so that other tasks run in between


class Waiter(Protocol):
    """A connection that waits for news: a held poll, or a stream between two writes."""

    grant: Grant

    def wake(self) -> asyncio.Task[None] | None:
        """End the wait and answer. Returns the task that makes the answer, or None if the answer was ready."""


class Room:
    """The gate's view of one room: its latest known state, and the connections that wait for news in it."""

    __slots__ = ("epoch", "incarnation", "polled_at", "sidebar", "version", "waiting")

    def __init__(self, version: int, epoch: int, incarnation: str) -> None:
        self.version, self.epoch, self.incarnation = version, epoch, incarnation
        self.polled_at = time.monotonic()
        self.waiting: set[Waiter] = set()
        self.sidebar = Sidebar()


class Rooms:
    """Active rooms by id. A room without readers is not in here and costs nothing."""

    def __init__(self) -> None:
        self.by_id: dict[int, Room] = {}
        self.waking: set[asyncio.Task[None]] = set()
        self.check_soon = False  # a room was added, and may have changed before that

    def get(self, grant: Grant) -> Room | None:
        """Return the grant's room and note that it is polled now; None if it isn't active or of another incarnation."""
        room = self.by_id.get(grant.room)
        if not room or room.incarnation != grant.incarnation:
            return None
        room.polled_at = time.monotonic()
        return room

    def note_state(self, room_id: int, version: int, epoch: int, incarnation: str) -> None:
        """Add the room, or update it, with the state that a page was rendered from."""
        self.forget_other_incarnation(room_id, incarnation)
        if room_id in self.by_id:
            self.update(room_id, version, epoch)
        else:
            self.by_id[room_id] = Room(version, epoch, incarnation)
            self.check_soon = True

    def forget_other_incarnation(self, room_id: int, incarnation: str) -> None:
        if room_id in self.by_id and self.by_id[room_id].incarnation != incarnation:
            self.forget([room_id])

    def update(self, room_id: int, version: int, epoch: int, incarnation: str | None = None) -> None:
        """Store a newer version or epoch of an active room, and wake its waiters.

        State of another incarnation is ignored. If `incarnation` is None, it is not checked.
        """
        room = self.by_id.get(room_id)
        if room and incarnation not in (None, room.incarnation):
            return
        if room and (version > room.version or epoch > room.epoch):
            room.version, room.epoch = max(version, room.version), max(epoch, room.epoch)
            self.wake_room(room)

    def wake_room(self, room: Room) -> None:
        woken, room.waiting = room.waiting, set()
        self.wake(woken)

    def wake(self, waiters: Collection[Waiter]) -> None:
        """Wake these waiters in a new task, SLICE at a time, so that other tasks run in between."""
        task = asyncio.create_task(wake_in_slices(waiters))
        self.waking.add(task)
        task.add_done_callback(self.waking.discard)

    def wake_all(self) -> None:
        for room in self.by_id.values():
            self.wake_room(room)

    def waiting_members(self) -> set[int]:
        """Return the ids of members with a waiting connection, who have therefore seen all messages."""
        return {waiter.grant.member for room in self.by_id.values() for waiter in room.waiting}

    def forget(self, ids: Iterable[int]) -> None:
        """Forget rooms that were deleted or restored, and wake their readers, whom Django answers next."""
        for room_id in ids:
            self.wake_room(self.by_id.pop(room_id))

    def forget_inactive(self) -> list[int]:
        """Forget the rooms without readers, and return the ids of the others."""
        since = time.monotonic() - ACTIVE_SECONDS
        self.by_id = {pk: room for pk, room in self.by_id.items() if room.waiting or room.polled_at >= since}
        return list(self.by_id)


async def wake_in_slices(waiters: Iterable[Waiter]) -> None:
    """Wake the waiters, and let other tasks run after each SLICE of them.

    If a waiter's answer has to be fetched, wait for it first: most of the next waiters need the same answer.
    """
    for number, waiter in enumerate(waiters, start=1):
        if task := waiter.wake():
            await asyncio.wait({task})
        if number % SLICE == 0:
            await asyncio.sleep(0)
