"""Background tasks of the gate: each runs forever, at a fixed interval."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

from chat.gate import timing_wheel
from chat.gate.backend import Backend
from chat.gate.polls import Polls
from chat.gate.rooms import Rooms
from chat.gate.signatures import Arguments, RunInThread

logger = logging.getLogger("chat.gate")

# Seconds
WATCH_INTERVAL = 0.1  # between two checks for changes by other processes
PRESENCE_INTERVAL = 30
PRUNE_INTERVAL = 3600
PANEL_INTERVAL = 15  # between two refreshes of a room's panel
TICK = 1  # between two searches for rooms whose panel is due
RETRY_DELAY = 1


async def end_holds(polls: Polls) -> None:
    """Answer polls that have waited for the maximum time."""
    while True:
        await asyncio.sleep(timing_wheel.SLOT)
        polls.end_holds()


async def watch(rooms: Rooms, backend: Backend, run_in_thread: RunInThread) -> None:
    """Every WATCH_INTERVAL seconds, look for changes that other processes made to active rooms. Never returns."""
    may_have_changed, rooms.check_soon = backend.new_watch(), True
    while True:
        await asyncio.sleep(WATCH_INTERVAL)
        ids = rooms.forget_inactive()
        if ids and (may_have_changed() or rooms.check_soon):
            rooms.check_soon = False
            states = await run_in_thread(backend.room_versions, ids)
            for room_id, (version, epoch, incarnation) in states.items():
                rooms.forget_other_incarnation(room_id, incarnation)
                rooms.update(room_id, version, epoch)
            rooms.forget(room_id for room_id in ids if room_id not in states and room_id in rooms.by_id)


async def note_presence(polls: Polls, backend: Backend, run_in_thread: RunInThread) -> None:
    """Record at a fixed interval who is online and who has read everything."""
    while True:
        await asyncio.sleep(PRESENCE_INTERVAL)
        members, reading = polls.take_presence()
        if members or reading:
            await run_in_thread(backend.record_presence, members, reading)


async def prune(backend: Backend, run_in_thread: RunInThread) -> None:
    """Delete expired data at a fixed interval."""
    while True:
        await asyncio.sleep(PRUNE_INTERVAL)
        await run_in_thread(backend.prune)


async def refresh_panels(rooms: Rooms, backend: Backend, run_in_thread: RunInThread) -> None:
    """Render at a fixed interval the panels whose online members changed.

    Readers get them with their next answer. No held poll is answered early for this.
    """
    while True:
        await asyncio.sleep(TICK)
        since = time.monotonic() - PANEL_INTERVAL
        due = {pk: room.sidebar for pk in rooms.forget_inactive() if (room := rooms.by_id[pk]).sidebar.looked_at <= since}
        for sidebar in due.values():
            sidebar.looked_at = time.monotonic()
        known = {pk: (sidebar.mark_and_epoch("people"), tuple(sidebar.languages)) for pk, sidebar in due.items()}
        changed = await run_in_thread(backend.changed_panels, known) if known else {}
        for pk, part in changed.items():
            due[pk].update("people", part)


async def run_forever(task: Callable[[*Arguments], Awaitable[None]], *arguments: *Arguments) -> None:
    """Run the task, and run it again after a delay when it fails, for example because the database is down."""
    while True:
        try:
            await task(*arguments)
        except Exception:
            logger.exception("background task %s failed and is restarted", getattr(task, "__name__", task))
            await asyncio.sleep(RETRY_DELAY)
