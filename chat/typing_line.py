"""The typing line: who writes just now, kept in memory for some seconds, in the same words for everybody."""

import time

from django.conf import settings
from django.core.cache import cache
from django.template.loader import render_to_string

from chat import news

TEMPLATE = "partials/typing.html"
LASTS = 6  # seconds since somebody was last seen typing; browsers tell of it every 5
MOST = 8  # people in a room of whom it is noted: from four on the line does not name them
FEW = 3  # so many are told apart: each of them reads of the others
KEPT_FOR = 60  # seconds: as long as a page might have to hear that nobody types any more


def note(membership):
    """This person types."""
    if not settings.TYPING or membership.why_not_to_write:
        return
    now = time.time()
    noted = {pk: about for pk, about in _noted(membership.room_id).items() if about[1] > now - KEPT_FOR}
    if membership.pk in noted or len(_typing(noted, now)) < MOST:
        _keep(membership, noted, until=now + LASTS)
        news.tell_typing(membership.room_id)


def ended(membership):
    """This person has said it, or has nothing more to say."""
    noted = _noted(membership.room_id)
    if membership.pk in noted:
        _keep(membership, noted, until=time.time())


def _keep(membership, noted, until):
    cache.set(_key(membership.room_id), noted | {membership.pk: (membership.nickname, until)}, KEPT_FOR)


def _noted(room):
    """Until when somebody types, with their name, by the ids of memberships; those of the last minute."""
    return cache.get(_key(room), {}) if settings.TYPING else {}


def _typing(noted, now):
    return [(pk, name) for pk, (name, until) in sorted(noted.items()) if until > now]


def now(room):
    """Who types in the room of this id, as pairs of membership and name."""
    return tuple(_typing(_noted(room), time.time()))


def last(room):
    """Who types, and until when somebody does or did, or None where nobody has for a minute."""
    noted = _noted(room)
    return _typing(noted, time.time()), max((until for _, until in noted.values()), default=None)


def painted(names):
    """The inside of the line in the language that is active: a sentence for all, and one for each of a few who type,
    in which they are left out. A reader's own stylesheet chooses."""
    few = len(names) <= FEW
    sentences = [{"names": [name for _, name in names], "of": [pk for pk, _ in names] if few else []}]
    if few and len(names) > 1:
        for out, _ in names:
            sentences.append({"names": [name for pk, name in names if pk != out], "without": out})
    return render_to_string(TEMPLATE, {"sentences": sentences if names else []})


def _key(room):
    return f"typing:{room}"
