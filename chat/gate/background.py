"""Background tasks of the gate: each runs forever, at a fixed interval."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

from chat.gate import timing_wheel
from chat.gate.backend import Backend
from chat.gate.polls import Poll, Polls
from chat.gate.rooms import Rooms
from chat.gate.sidebar import Sidebar
from chat.gate.signatures import Arguments, RunInThread
from chat_app.logs import about

Sleep = Callable[[float], Awaitable[None]]
logger = logging.getLogger("chat.gate")

# Seconds
WATCH_INTERVAL = 0.1  # between two checks for changes by other processes
PRESENCE_INTERVAL = 30
PRUNE_INTERVAL = 3600
PRUNE_MORE_INTERVAL = 10  # instead, while more data is to be deleted
PANEL_INTERVAL = 15  # between two refreshes of a room's panel
CHANGE_INTERVAL = 3  # instead, after someone joined or left
TICK = 0.5  # between two searches for rooms whose panel is due
DRAFTS_INTERVAL = 10
RETRY_DELAY = 1


async def end_holds(polls: Polls) -> None:
    """Answer polls whose hold is over, checked forever in short intervals (timing_wheel.SLOT seconds)."""
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
    """Every PRESENCE_INTERVAL seconds, record which members are online and what they have read. Never returns."""
    while True:
        await asyncio.sleep(PRESENCE_INTERVAL)
        received, reading = polls.take_presence()
        if received or reading:
            try:
                await run_in_thread(backend.record_presence, received, reading)
            except Exception:
                polls.reading.put_back(received)  # The next round records them.
                raise


async def write_drafts(backend: Backend, run_in_thread: RunInThread, sleep: Sleep = asyncio.sleep) -> None:
    """Every DRAFTS_INTERVAL seconds, write the drafts that have changed to the database. Never returns."""
    while True:
        await sleep(DRAFTS_INTERVAL)
        await run_in_thread(backend.write_drafts)


async def prune(
    is_stopping: Callable[[], bool], backend: Backend, run_in_thread: RunInThread, sleep: Sleep = asyncio.sleep
) -> None:
    """Delete expired data at a fixed interval, and again soon while there is more."""
    has_more = False
    while True:
        await sleep(PRUNE_MORE_INTERVAL if has_more else PRUNE_INTERVAL)
        has_more = await run_in_thread(backend.prune, is_stopping)


async def refresh_panels(rooms: Rooms, backend: Backend, run_in_thread: RunInThread) -> None:
    """Render at a fixed interval the panels whose online members changed, and sooner after someone joined or left.

    Readers get them with their next answer. Held polls are answered early only after someone joined or left.
    """
    while True:
        await asyncio.sleep(TICK)
        now = time.monotonic()
        due = {pk: rooms.by_id[pk] for pk in rooms.forget_inactive() if panel_is_due(rooms.by_id[pk].sidebar, now)}
        for room in due.values():
            room.sidebar.looked_at = now
        known = {pk: (room.sidebar.mark_and_epoch("people"), tuple(room.sidebar.languages)) for pk, room in due.items()}
        changed = await run_in_thread(backend.changed_panels, known) if known else {}
        for pk, part in changed.items():
            due[pk].sidebar.update("people", part)
            if has_new_people(due[pk].sidebar, now):
                due[pk].sidebar.answer_before = int(time.time())
                rooms.wake([waiter for waiter in due[pk].waiting if isinstance(waiter, Poll)])


def panel_is_due(sidebar: Sidebar, now: float) -> bool:
    """Whether the room's panel has to be refreshed at this time, on the clock of time.monotonic()."""
    age = now - sidebar.looked_at
    return age >= PANEL_INTERVAL or (age >= CHANGE_INTERVAL and has_new_people(sidebar, now))


def has_new_people(sidebar: Sidebar, now: float) -> bool:
    """Whether someone joined or left in the last two intervals: a change right after a refresh waits for the next."""
    return now - sidebar.people_changed_at < 2 * CHANGE_INTERVAL


async def run_forever(task: Callable[[*Arguments], Awaitable[None]], *arguments: *Arguments) -> None:
    """Run a task that never returns. If it fails (the database is down), run it again after RETRY_DELAY seconds."""
    while True:
        try:
            await task(*arguments)
        except Exception:
            name = getattr(task, "__name__", task)
            logger.exception("background task %s failed and is restarted", name, extra=about(name))
            await asyncio.sleep(RETRY_DELAY)
