"""What the gate knows of the rooms that somebody reads just now, and who waits there for news."""

import asyncio
import time

from chat.gate.sidebar import Sidebar

WATCHED_FOR = 15  # seconds after the last poll; a reader who comes later than that asks Django
SLICE = 32  # readers woken in one go, so that others get their turn in between


class Room:
    """One room as of the latest news of it."""

    __slots__ = ("beside", "epoch", "incarnation", "polled_at", "version", "waiting")

    def __init__(self, version, epoch, incarnation):
        self.version, self.epoch, self.incarnation = version, epoch, incarnation
        self.polled_at = time.monotonic()
        self.waiting = set()  # held polls, and streams; each has `wake` and a `grant`
        self.beside = Sidebar()


class Rooms:
    """Rooms by their id. One that nobody reads costs nothing: it is not here."""

    def __init__(self):
        self.by_id = {}
        self.waking = set()
        self.unsure = False  # a room came in of which something may have been said before it was listened for

    def polled(self, grant):
        """The room of that grant, or None where it is not known, or known in another incarnation."""
        room = self.by_id.get(grant.room)
        if not room or room.incarnation != grant.incarnation:
            return None
        room.polled_at = time.monotonic()
        return room

    def seen(self, room_id, version, epoch, incarnation):
        """Somebody who reads that room was told this of it."""
        self.forget_other_incarnation(room_id, incarnation)
        if room_id in self.by_id:
            self.heard(room_id, version, epoch)
        else:
            self.by_id[room_id] = Room(version, epoch, incarnation)
            self.unsure = True

    def forget_other_incarnation(self, room_id, incarnation):
        if room_id in self.by_id and self.by_id[room_id].incarnation != incarnation:
            self.gone([room_id])

    def heard(self, room_id, version, epoch, incarnation=None):
        """News, if it is newer than what is known, and of the same incarnation as far as that is known."""
        room = self.by_id.get(room_id)
        if room and incarnation not in (None, room.incarnation):
            return
        if room and (version > room.version or epoch > room.epoch):
            room.version, room.epoch = max(version, room.version), max(epoch, room.epoch)
            self.wake_room(room)

    def wake_room(self, room):
        woken, room.waiting = room.waiting, set()
        self.wake(woken)

    def wake(self, waiting):
        """Wake them in slices, soon."""
        task = asyncio.create_task(wake(waiting))
        self.waking.add(task)
        task.add_done_callback(self.waking.discard)

    def wake_all(self):
        for room in self.by_id.values():
            self.wake_room(room)

    def waiting_members(self):
        """Who waits for news in any room, having been told all there is."""
        return {one.grant.member for room in self.by_id.values() for one in room.waiting}

    def gone(self, ids):
        """These rooms are not in the database any more; whoever reads them asks Django."""
        for room_id in ids:
            self.wake_room(self.by_id.pop(room_id))

    def watched(self):
        """The ids of the rooms that somebody reads; the others are forgotten."""
        since = time.monotonic() - WATCHED_FOR
        self.by_id = {pk: room for pk, room in self.by_id.items() if room.waiting or room.polled_at >= since}
        return list(self.by_id)


async def wake(waiting):
    """Where an answer takes a question first, the others wait for it too: they would ask the same."""
    for number, one in enumerate(waiting, start=1):
        if asking := one.wake():
            await asyncio.wait({asking})
        if number % SLICE == 0:
            await asyncio.sleep(0)
