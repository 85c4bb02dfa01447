"""Rounds: what the gate does every so often, as long as somebody reads."""

import asyncio
import logging

from chat.gate import wheel

logger = logging.getLogger("chat.gate")

LOOKS_EVERY = 0.1  # seconds between two looks at what other processes have written
NOTES_EVERY = 30  # seconds between two notes of who is here
TIDIES_EVERY = 3600  # seconds


async def end_holds(polls):
    """Answer those who have waited for as long as they may."""
    while True:
        await asyncio.sleep(wheel.SLOT)
        polls.end_holds()


async def watch(rooms, site, in_thread):
    """Hear of what others write: which of the rooms that somebody reads have moved."""
    moved, rooms.unsure = site.mark(), True
    while True:
        await asyncio.sleep(LOOKS_EVERY)
        ids = rooms.watched()
        if ids and (moved() or rooms.unsure):
            rooms.unsure = False
            versions = await in_thread(site.versions, ids)
            for room_id, (version, epoch) in versions.items():
                rooms.heard(room_id, version, epoch)
            rooms.gone(set(ids) - versions.keys())


async def note_presence(polls, site, in_thread):
    """Let it be known who has been reading."""
    while True:
        await asyncio.sleep(NOTES_EVERY)
        if members := polls.were_here():
            await in_thread(site.were_here, members)


async def tidy(site, in_thread):
    """Have thrown away what nobody needs any more."""
    while True:
        await asyncio.sleep(TIDIES_EVERY)
        await in_thread(site.tidy)


async def for_ever(turn, *arguments):
    """Go on with `turn`, whatever happens on it: a database that is away comes back."""
    while True:
        try:
            await turn(*arguments)
        except Exception:
            logger.exception("%s is taken up again", turn.__name__)
            await asyncio.sleep(1)
