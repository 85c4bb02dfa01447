"""Paintings: each made once for all readers who ask for it, however many ask at the same moment."""

import asyncio
from collections import OrderedDict
from typing import NamedTuple

MOST = 32 * 1024 * 1024  # bytes of all paintings kept
OWN_SIZE = 500  # bytes that a painting takes beside its HTML


class Painting(NamedTuple):
    """What brings a page up to `version` in that incarnation of the room; `whole` where the log is painted anew.
    Rights were as of `epoch`."""

    version: int
    epoch: int
    incarnation: str
    whole: bool
    html: bytes


class Paintings:
    """`paint(room, incarnation, since, variant)` is called in a thread and answers a Painting, or None without a room.

    A page that missed more than `most_changes`, or has grown by more than `longest`, is painted whole. Kept are those
    of each room as it is now; what was painted before its latest news nobody asks for any more.
    """

    def __init__(self, paint, in_thread, rooms, longest, most_changes, most=MOST):
        self.paint, self.in_thread, self.rooms, self.longest = paint, in_thread, rooms, longest
        self.most_changes = most_changes
        self.of_room, self.size, self.most = OrderedDict(), 0, most
        self.flights = {}

    async def painted(self, grant, since, origin):
        """The painting that brings the page of this grant from `since` to now."""
        key = self.key(grant, since, origin)
        return self.kept(key) or await asyncio.shield(self.flights.get(key) or self.take_off(key))

    def key(self, grant, since, origin):
        """What pages that need the same painting have in common."""
        known = self.rooms.by_id.get(grant.room)
        missed = known.version - since if known else 0
        whole = not (0 <= missed <= self.most_changes and 0 <= since - origin <= self.longest)
        return grant.room, grant.incarnation, None if whole else since, grant.variant

    def kept(self, key):
        """The painting that is there already, if nothing has happened since it was made; otherwise None."""
        room, known = key[0], self.rooms.by_id.get(key[0])
        painting = self.of_room.get(room, {}).get(key)
        if not painting or not known or painting[:3] != (known.version, known.epoch, known.incarnation):
            return None
        self.of_room.move_to_end(room)
        return painting

    def take_off(self, key):
        flight = self.flights[key] = asyncio.ensure_future(self.in_thread(self.paint, *key))
        flight.add_done_callback(lambda done: self.land(key, done))
        return flight

    def land(self, key, flight):
        del self.flights[key]
        if not flight.cancelled() and not flight.exception() and flight.result():
            self.keep(key, flight.result())

    def keep(self, key, painting):
        room = key[0]
        kept = self.of_room.get(room, {})
        if any(other[:3] != painting[:3] for other in kept.values()) or key in kept:
            self.drop(room)
        self.of_room.setdefault(room, {})[key] = painting
        self.of_room.move_to_end(room)
        self.size += size(painting)
        while self.size > self.most:
            self.drop(next(iter(self.of_room)))

    def drop(self, room):
        self.size -= sum(map(size, self.of_room.pop(room, {}).values()))


def size(painting):
    return len(painting.html) + OWN_SIZE
