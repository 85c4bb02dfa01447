"""The typing indicator: while people type, fetch the typing line from Django, and wake held polls when it changes."""

import asyncio
import logging
import time
from collections.abc import Callable, Collection

from chat.gate.polls import Poll
from chat.gate.rooms import Room, Rooms
from chat.gate.sidebar import RenderedPart
from chat.gate.signatures import RunInThread
from chat_app.logs import about

logger = logging.getLogger("chat.gate")

WAKE_INTERVAL = 3  # minimum seconds between two times that a room's readers are woken
PART = "typing"


class TypingFollower:
    """Keeps the typing indicators of active rooms up to date, and wakes waiting readers when the typists change.

    `typing_part` is the Backend's method.
    """

    def __init__(
        self,
        typing_part: Callable[[int, str, Collection[str]], RenderedPart],
        run_in_thread: RunInThread,
        rooms: Rooms,
    ) -> None:
        self.typing_part, self.run_in_thread, self.rooms = typing_part, run_in_thread, rooms
        self.following: dict[int, asyncio.Task[None]] = {}

    def typing_started(self, room_id: int) -> None:
        if room_id in self.rooms.by_id and room_id not in self.following:
            self.following[room_id] = asyncio.create_task(self.follow(room_id))
            self.following[room_id].add_done_callback(lambda _: self.following.pop(room_id))

    def room_changed(self, room_id: int) -> None:
        """Render the typing line again after a new message, as its author may have been typing.

        The message and the new line are sent together.
        """
        room = self.rooms.by_id.get(room_id)
        if room and room_id in self.following:
            room.sidebar.refresh_task = asyncio.create_task(self.refresh(room_id, room))
            room.sidebar.refresh_task.add_done_callback(room.sidebar.refresh_done)

    async def follow(self, room_id: int) -> None:
        """Refresh the room's typing line every 3 seconds until no one types. Answer held polls when it changes."""
        while room := self.rooms.by_id.get(room_id):
            await asyncio.sleep(room.sidebar.woken_at + WAKE_INTERVAL - time.monotonic())
            room.sidebar.woken_at = time.monotonic()
            if await self.refresh(room_id, room):
                self.rooms.wake([waiter for waiter in room.waiting if isinstance(waiter, Poll)])
            if not room.sidebar.shows(PART):
                break

    async def refresh(self, room_id: int, room: Room) -> bool:
        """Render the typing line again and return whether the people who are typing have changed.

        An unchanged line is sent again too, because pages hide it after some seconds. An error is logged, and
        the result is False.
        """
        sidebar = room.sidebar
        try:
            part = await self.run_in_thread(self.typing_part, room_id, room.incarnation, tuple(sidebar.languages))
        except Exception as error:
            what = f"{type(error).__name__}: {error}"
            logger.error("could not refresh the typing indicator: %s", what, extra=about("typing indicator"))
            return False
        changed = part.mark != (sidebar.mark_and_epoch(PART) or ((), 0))[0]
        if changed:
            sidebar.answer_before = int(time.time())
        if changed or part.mark:
            sidebar.update(PART, part)
        return changed
