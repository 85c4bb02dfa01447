"""Panels: who is in a room just now, painted the same for everybody, and told again when it has changed."""

import time
from collections import defaultdict
from typing import NamedTuple

from django.core.cache import cache
from django.db.models import Case, Q, Value, When
from django.db.models.functions import Lower
from django.template.loader import render_to_string
from django.utils import timezone, translation

from chat import markup
from chat.models import Membership, Room
from chat.template_hash import template_hash
from chat.text import text_digest

TEMPLATE = "partials/people.html"
MAX_ONLINE, MAX_AWAY = 50, 20  # people that a panel names; the whole list is a page of its own
REFRESH_SECONDS = 15  # seconds between two looks at a room, and between two changes of which open pages are told
JITTER_SECONDS = 1  # seconds by which a round may come early
CACHE_SECONDS = 24 * 3600  # seconds
COLUMNS = ("pk", "nickname", "role", "namesake_number")
ACCOUNT = Q(participant__user__isnull=False)


class People(NamedTuple):
    """How many are here, and those who are named: first who is here, then who was here last; each as COLUMNS has it,
    and whether they have an account."""

    online_count: int = 0
    online: tuple = ()
    away: tuple = ()


class Panel(NamedTuple):
    """What is known of a room. Nothing of it is newer than `epoch`; the absent are as of `version` and `crowd`.

    `changed`: not all pages were told of these people yet. `changed_at` is when they were last to be told.
    """

    people: People
    crowd: int
    version: int
    epoch: int
    looked_at: float
    changed: bool
    changed_at: float


def panel_for_page(membership):
    """The panel for a page that opens: as it was last seen, unless the reader is not in it, or not as they are now."""
    room = membership.room
    panel = cached_panel(room)
    me = (*(getattr(membership, column) for column in COLUMNS), not membership.participant.is_guest)
    if panel is None or is_old(panel) or (me not in panel.people.online and panel.people.online_count <= MAX_ONLINE):
        panel = refresh_panels([room.pk]).get(room.pk)
    if panel is None:
        raise room.deleted_refusal()
    _reads(room, panel)
    return panel


def panel_for_poll(room, gated):
    """The panel for a page that asks, or None. Where there is no gate that looks every so often, a poll does."""
    panel = cached_panel(room)
    if (
        not gated
        and (panel is None or is_old(panel))
        and cache.add(f"panel-look:{room.pk}", True, REFRESH_SECONDS - JITTER_SECONDS)
    ):
        panel = refresh_panels([room.pk]).get(room.pk)
    if panel:
        _reads(room, panel)
    return panel


def _reads(room, panel):
    """What is shown may be newer than the right to see it: `access.reading_through` then asks for that once more."""
    room.epoch = max(room.epoch, panel.epoch)


def cached_panel(room):
    return cache.get(_key(room.pk))


def is_old(panel):
    """Whether it is time to look again; where a change is still to be told, as soon as that may be."""
    return time.time() - (panel.changed_at if panel.changed else panel.looked_at) >= REFRESH_SECONDS


def refresh_panels(rooms):
    """Look who is in these rooms: the Panel of each that is still there, kept for all. Some statements for all
    together, and one for each in which something has happened."""
    before = cache.get_many(map(_key, rooms))
    versions = dict(Room.objects.filter(pk__in=rooms).values_list("pk", "version"))
    present, seen = _present(rooms), {}
    for room, version in versions.items():
        seen[room] = _people(before.get(_key(room)), room, version, present[room])
    # The epochs last: nothing of what was read is newer than they are.
    epochs = dict(Room.objects.filter(pk__in=rooms).values_list("pk", "epoch"))
    panels = {
        room: _panel(before.get(_key(room)), people, crowd, versions[room], epochs[room])
        for room, (people, crowd) in seen.items()
        if room in epochs
    }
    cache.set_many({_key(room): panel for room, panel in panels.items()}, CACHE_SECONDS)
    return panels


def _present(rooms):
    """For each room those who are here: who keeps it first, then by their names."""
    role = Case(When(role="owner", then=Value(0)), When(role="moderator", then=Value(1)), default=Value(2))
    here = Membership.objects.online().filter(room__in=rooms).order_by(role, Lower("nickname"), "pk")
    by_room = defaultdict(list)
    for room, *person in here.values_list("room", *COLUMNS, ACCOUNT):
        by_room[room].append(tuple(person))
    return by_room


def _people(before, room, version, present):
    crowd = hash(tuple(pk for pk, *_ in present))
    moved = before is None or (before.version, before.crowd) != (version, crowd)
    absent = _absent(room) if moved else before.people.away
    return People(len(present), tuple(present[:MAX_ONLINE]), absent), crowd


def _absent(room):
    away = Membership.objects.inside().filter(room=room, seen_at__lt=timezone.now() - Membership.ONLINE_FOR)
    return tuple(away.values_list(*COLUMNS, ACCOUNT)[:MAX_AWAY])


def _panel(before, people, crowd, version, epoch):
    """What is known by now. A change is told at once, unless the last one was just now."""
    now = time.time()
    changed = before is None or before.changed or before.people != people
    tell = changed and (before is None or now - before.changed_at >= REFRESH_SECONDS - JITTER_SECONDS)
    changed_at = now if tell else before.changed_at
    return Panel(people, crowd, version, epoch, now, changed and not tell, changed_at)


def render_panel(people):
    """The inside of a panel in the language that is active, kept for the next who needs the same."""
    key = f"panel:{template_hash(TEMPLATE)}:{translation.get_language()}:{text_digest(repr(people))}"
    html = cache.get(key)
    if html is None:
        named = {name: [_person(*about) for about in getattr(people, name)] for name in ("online", "away")}
        html = render_to_string(TEMPLATE, {"online_count": people.online_count, **named})
        cache.set(key, html, CACHE_SECONDS)
    return markup.stored(html)


def _person(*about):
    *about, account = about
    person = Membership(**dict(zip(COLUMNS, about, strict=True)))
    person.has_account = account
    return person


def _key(room):
    return f"panel:{room}:{len(COLUMNS) + 1}"  # What an earlier version kept has other columns.
