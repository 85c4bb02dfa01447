"""The typing line: who writes just now, kept in memory for some seconds, in the same words for everybody."""

import time

from django.conf import settings
from django.core.cache import cache
from django.template.loader import render_to_string

from chat.realtime import pubsub

TEMPLATE = "partials/typing.html"
TYPING_SECONDS = 6  # seconds since somebody was last seen typing; browsers tell of it every 5
MAX_TYPISTS = 8  # people in a room of whom it is noted: from four on the line does not name them
MAX_NAMED = 3  # so many are told apart: each of them reads of the others
CACHE_SECONDS = 60  # seconds: as long as a page might have to hear that nobody types any more


def record_typing(membership):
    """This person types."""
    if not settings.TYPING or membership.posting_refusal:
        return
    room, until = membership.room_id, time.time() + TYPING_SECONDS
    note = membership.pk, membership.nickname, until
    slots = _slots(room)
    mine = next((slot for slot, (pk, *_) in slots.items() if pk == membership.pk), None)
    if mine:
        cache.set(mine, note, TYPING_SECONDS)
    elif not any(cache.add(slot, note, TYPING_SECONDS) for slot in _keys(room) if slot not in slots):
        return
    cache.set(_last_key(room), until, CACHE_SECONDS)
    pubsub.publish_typing(room)


def stop_typing(membership):
    """This person has said it, or has nothing more to say."""
    room, slots = membership.room_id, _slots(membership.room_id)
    mine = [slot for slot, (pk, *_) in slots.items() if pk == membership.pk]
    for slot in mine:
        slots.pop(slot)
        cache.set(slot, None, 0)
    if mine:
        cache.set(_last_key(room), max([time.time(), *(until for _, _, until in slots.values())]), CACHE_SECONDS)


def _slots(room):
    """What is noted in the slots of the room that are taken: membership, name, and until when they type.

    One cache entry for each person, so that two people who type at the same moment cannot overwrite each other.
    """
    return cache.get_many(_keys(room)) if settings.TYPING else {}


def _typing(slots):
    now = time.time()
    return sorted((pk, name) for pk, name, until in slots.values() if until > now)


def current_typists(room):
    """Who types in the room of this id, as pairs of membership and name."""
    return tuple(_typing(_slots(room)))


def last_typing(room):
    """Who types, and until when somebody does or did, or None where nobody has for a minute."""
    return _typing(_slots(room)), cache.get(_last_key(room)) if settings.TYPING else None


def render_typing(names):
    """The inside of the line in the language that is active: a sentence for all, and one for each of a few who type,
    in which they are left out. A reader's own stylesheet chooses."""
    few = len(names) <= MAX_NAMED
    sentences = [{"names": [name for _, name in names], "of": [pk for pk, _ in names] if few else []}]
    if few and len(names) > 1:
        for out, _ in names:
            sentences.append({"names": [name for pk, name in names if pk != out], "without": out})
    return render_to_string(TEMPLATE, {"sentences": sentences if names else []})


def _keys(room):
    return [f"typing:{room}:{slot}" for slot in range(MAX_TYPISTS)]


def _last_key(room):
    """Until when somebody types or typed last; kept for longer than the slots, so that pages hear of the end."""
    return f"typing:{room}:last"
