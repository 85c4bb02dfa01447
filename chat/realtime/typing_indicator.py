"""The typing indicator: who is typing in a room, kept in the cache for some seconds, never in the database."""

import time
from collections.abc import Collection

from django.conf import settings
from django.core.cache import cache
from django.template.loader import render_to_string

from chat.models import Membership, Room
from chat.realtime import pubsub

TEMPLATE = "partials/typing.html"
TYPING_SECONDS = 6  # seconds for which a typing report counts; browsers send one every 5
MAX_TYPISTS = 8  # typists remembered per room; three or more are shown as "Several people"
MAX_NAMED = 3  # with up to three typists, each of them gets a sentence of their own, about the others
CACHE_SECONDS = 60  # seconds for which polls still report that typing has ended

Typist = tuple[int, str]  # membership id and nickname
Slots = dict[str, tuple[int, str, float]]  # by cache key: membership id, nickname, and the time when it expires


def record_typing(membership: Membership) -> None:
    """Record that this member is typing, and signal it; ignored if they may not post or MAX_TYPISTS are typing."""
    if not settings.TYPING or membership.posting_refusal:
        return
    prefix, until = _prefix(membership.room_id, membership.room.incarnation), time.time() + TYPING_SECONDS
    entry = membership.pk, membership.nickname, until
    slots = _slots(prefix)
    own_key = next((key for key, (pk, *_) in slots.items() if pk == membership.pk), None)
    if own_key:
        cache.set(own_key, entry, TYPING_SECONDS)
    elif not any(cache.add(key, entry, TYPING_SECONDS) for key in _keys(prefix) if key not in slots):
        return
    cache.set(_last_key(prefix), until, CACHE_SECONDS)
    pubsub.publish_typing(membership.room_id)


def stop_typing(membership: Membership) -> None:
    """Record that this member is no longer typing, because their message was sent."""
    prefix = _prefix(membership.room_id, membership.room.incarnation)
    slots = _slots(prefix)
    own_keys = [key for key, (pk, *_) in slots.items() if pk == membership.pk]
    for key in own_keys:
        slots.pop(key)
        cache.set(key, None, 0)
    if own_keys:
        cache.set(_last_key(prefix), max([time.time(), *(until for _, _, until in slots.values())]), CACHE_SECONDS)


def _prefix(room_id: int, incarnation: str) -> str:
    """The start of the room's cache keys. After a flush, another room has the same id, but not the incarnation."""
    return f"typing:{room_id}:{incarnation}"


def _slots(prefix: str) -> Slots:
    """Return the typing entries of the room, by cache key: membership id, nickname and end time of each typist.

    Each person has a cache entry of their own, so that two people who type at the same moment can't overwrite each
    other.
    """
    return cache.get_many(_keys(prefix)) if settings.TYPING else {}


def _typists(slots: Slots) -> list[Typist]:
    now = time.time()
    return sorted((pk, name) for pk, name, until in slots.values() if until > now)


def current_typists(room_id: int, incarnation: str) -> tuple[Typist, ...]:
    """The members who are typing now in the room with this id and incarnation: membership ids and nicknames."""
    return tuple(_typists(_slots(_prefix(room_id, incarnation))))


def last_typing(room: Room) -> tuple[list[Typist], float | None]:
    """Return the current typists, and the Unix time when the last of them stops or stopped.

    The time is None if nobody has typed for CACHE_SECONDS, or if TYPING is off.
    """
    prefix = _prefix(room.pk, room.incarnation)
    return _typists(_slots(prefix)), cache.get(_last_key(prefix)) if settings.TYPING else None


def render_typing(typists: Collection[Typist]) -> str:
    """The inside of the indicator in the active language.

    Everyone gets the same HTML: one sentence about all typists and, while there are few, for each of them one that
    leaves them out. The reader's own stylesheet hides the sentences that are for others.
    """
    few = len(typists) <= MAX_NAMED
    sentences: list[dict[str, object]] = [
        {"names": [name for _, name in typists], "of": [pk for pk, _ in typists] if few else []}
    ]
    if few and len(typists) > 1:
        for typist, _ in typists:
            sentences.append({"names": [name for pk, name in typists if pk != typist], "without": typist})
    return render_to_string(TEMPLATE, {"sentences": sentences if typists else []})


def _keys(prefix: str) -> list[str]:
    return [f"{prefix}:{slot}" for slot in range(MAX_TYPISTS)]


def _last_key(prefix: str) -> str:
    """Return the cache key of the time at which the last typist stops.

    This entry is kept longer than the typing entries, so that polls report the end.
    """
    return f"{prefix}:last"
