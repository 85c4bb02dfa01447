"""Who types: asked of Django for as long as somebody does; readers who wait are woken for it, but seldom."""

import asyncio
import logging
import time

from chat.gate.polls import Poll

logger = logging.getLogger("chat.gate")

WAKES_EVERY = 3  # seconds at least between two times that those who read a room are woken for it
PART = "typing"


class TypingFollower:
    """`typing(room, languages)` is called in a thread and answers the part as it is by then."""

    def __init__(self, typing, in_thread, rooms):
        self.typing, self.in_thread, self.rooms = typing, in_thread, rooms
        self.following = {}

    def heard(self, room_id):
        """Somebody types there."""
        if room_id in self.rooms.by_id and room_id not in self.following:
            self.following[room_id] = asyncio.create_task(self.follow(room_id))
            self.following[room_id].add_done_callback(lambda _: self.following.pop(room_id))

    def said(self, room_id):
        """Something was said there, maybe by somebody who typed: it is told together with the line as it is now."""
        room = self.rooms.by_id.get(room_id)
        if room and room_id in self.following:
            room.beside.asking = asyncio.create_task(self.look(room_id, room.beside))
            room.beside.asking.add_done_callback(room.beside.asked)

    async def follow(self, room_id):
        """Tell of it until nobody types any more."""
        while room := self.rooms.by_id.get(room_id):
            await asyncio.sleep(room.beside.woken_at + WAKES_EVERY - time.monotonic())
            room.beside.woken_at = time.monotonic()
            if await self.look(room_id, room.beside):
                self.rooms.wake([one for one in room.waiting if isinstance(one, Poll)])
            if not room.beside.shows(PART):
                break

    async def look(self, room_id, beside):
        """Whether others type there than before. Who does is told again and again: a page takes the line away."""
        try:
            made = await self.in_thread(self.typing, room_id, tuple(beside.languages))
        except Exception as error:
            logger.error("it was not found out who types: %s: %s", type(error).__name__, error)
            return False
        changed = made.mark != (beside.known(PART) or ((), 0))[0]
        if changed:
            beside.hurry = int(time.time())
        if changed or made.mark:
            beside.learn(PART, made)
        return changed
