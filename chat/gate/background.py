"""Rounds: what the gate does every so often, as long as somebody reads."""

import asyncio
import logging
import time

from chat.gate import timing_wheel

logger = logging.getLogger("chat.gate")

LOOKS_EVERY = 0.1  # seconds between two looks at what other processes have written
NOTES_EVERY = 30  # seconds between two notes of who is here
TIDIES_EVERY = 3600  # seconds
PANELS_EVERY = 15  # seconds between two looks at who is in a room, of which open pages are then told
TICK = 1  # seconds between two looks at which rooms are due for that


async def end_holds(polls):
    """Answer those who have waited for as long as they may."""
    while True:
        await asyncio.sleep(timing_wheel.SLOT)
        polls.end_holds()


async def watch(rooms, site, in_thread):
    """Hear of what others write: which of the rooms that somebody reads have moved."""
    moved, rooms.unsure = site.new_watch(), True
    while True:
        await asyncio.sleep(LOOKS_EVERY)
        ids = rooms.watched()
        if ids and (moved() or rooms.unsure):
            rooms.unsure = False
            versions = await in_thread(site.room_versions, ids)
            for room_id, (version, epoch, incarnation) in versions.items():
                rooms.forget_other_incarnation(room_id, incarnation)
                rooms.heard(room_id, version, epoch)
            rooms.gone(set(ids) - versions.keys())


async def note_presence(polls, site, in_thread):
    """Let it be known who has been here, and who is reading just now."""
    while True:
        await asyncio.sleep(NOTES_EVERY)
        members, reading = polls.were_here()
        if members or reading:
            await in_thread(site.record_presence, members, reading)


async def tidy(site, in_thread):
    """Have thrown away what nobody needs any more."""
    while True:
        await asyncio.sleep(TIDIES_EVERY)
        await in_thread(site.prune)


async def look_who_is_here(rooms, site, in_thread):
    """Have the panels of those rooms painted in which others are than at the last look; nobody is woken for it."""
    while True:
        await asyncio.sleep(TICK)
        since = time.monotonic() - PANELS_EVERY
        due = {pk: room.beside for pk in rooms.watched() if (room := rooms.by_id[pk]).beside.looked_at <= since}
        for beside in due.values():
            beside.looked_at = time.monotonic()
        known = {pk: (beside.known("people"), tuple(beside.languages)) for pk, beside in due.items()}
        for pk, made in (await in_thread(site.changed_panels, known) if known else {}).items():
            due[pk].learn("people", made)


async def for_ever(turn, *arguments):
    """Go on with `turn`, whatever happens on it: a database that is away comes back."""
    while True:
        try:
            await turn(*arguments)
        except Exception:
            logger.exception("%s is taken up again", turn.__name__)
            await asyncio.sleep(1)
