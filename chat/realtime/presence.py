"""The panel of members: who is online in a room, the same HTML for every reader, refreshed every few seconds."""

import time
from collections import defaultdict
from collections.abc import Iterable
from typing import Any, NamedTuple

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
MAX_ONLINE, MAX_AWAY = 50, 20  # members named in a panel; the full list is a page of its own
REFRESH_SECONDS = 15  # seconds between two refreshes of a panel
CHANGE_SECONDS = 3  # seconds between two changes that open pages receive
EVENTS = {"opened", "joined", "left", "removed", "banned", "renamed", "role"}  # system messages about the people
JITTER_SECONDS = 1  # seconds by which the gate's round may be early
CACHE_SECONDS = 24 * 3600
COLUMNS = ("pk", "nickname", "role", "namesake_number", "hue")
HAS_ACCOUNT = Q(participant__user__isnull=False)  # `values_list` accepts it; only the stubs don't know.

Member = tuple[Any, ...]  # the values of COLUMNS, and whether the member has an account


class People(NamedTuple):
    """The people in a panel: how many members are online, and the members that it names.

    `online` is ordered by role and name, `away` by when the members were last seen, latest first.
    """

    online_count: int = 0
    online: tuple[Member, ...] = ()
    away: tuple[Member, ...] = ()


class Panel(NamedTuple):
    """The cached state of one room's panel. Times are in seconds since 1970.

    When `online_hash` or `version` changes, `people.away` has to be read again. The panel shows nothing newer than
    `epoch`: a reader whose rights were checked at an earlier epoch is checked again. `announced_at` is the time of
    the last change that was sent to open pages. `has_pending_change` is True if people have changed too soon after
    that; a later refresh sends this change.
    """

    people: People
    online_hash: int
    version: int
    epoch: int
    refreshed_at: float
    has_pending_change: bool
    announced_at: float


def panel_for_page(membership: Membership) -> Panel:
    """The panel for a page that is opened: from the cache, unless it is stale or has the reader missing or outdated.

    Raises Refused if the room was deleted meanwhile.
    """
    room = membership.room
    panel = cached_panel(room)
    me = (*(getattr(membership, column) for column in COLUMNS), not membership.participant.is_guest)
    if (
        panel is None
        or is_stale(panel, room)
        or (me not in panel.people.online and panel.people.online_count <= MAX_ONLINE)
    ):
        panel = refresh_panels([room.pk]).get(room.pk)
    if panel is None:
        raise room.deleted_refusal()
    _raise_epoch(room, panel)
    return panel


def panel_for_poll(room: Room, gated: bool) -> Panel | None:
    """Return the cached panel for a poll, or None if there is none.

    The gate refreshes panels regularly. Without a gate, a poll makes a missing panel and refreshes a stale one, at most
    one poll of the room in about CHANGE_SECONDS.
    """
    panel = cached_panel(room)
    if (
        not gated
        and (panel is None or is_stale(panel, room))
        and cache.add(f"panel-refresh:{room.pk}:{room.incarnation}", True, CHANGE_SECONDS - JITTER_SECONDS)
    ):
        panel = refresh_panels([room.pk]).get(room.pk)
    if panel:
        _raise_epoch(room, panel)
    return panel


def _raise_epoch(room: Room, panel: Panel) -> None:
    """Raise the room's epoch in memory to the panel's, so that `guarded_read` checks the reader's rights again.

    The panel may have been read after the first check.
    """
    room.epoch = max(room.epoch, panel.epoch)


def cached_panel(room: Room) -> Panel | None:
    panel: Panel | None = cache.get(_key(room.pk, room.incarnation))
    return panel


def is_stale(panel: Panel, room: Room) -> bool:
    """Whether it is time to refresh the panel: someone has left, or the last refresh was REFRESH_SECONDS ago or more.

    If a change has not been sent to open pages yet, it is CHANGE_SECONDS after the last change that was sent.
    """
    if panel.epoch < room.epoch:
        return True
    if panel.has_pending_change:
        return time.time() - panel.announced_at >= CHANGE_SECONDS
    return time.time() - panel.refreshed_at >= REFRESH_SECONDS


def refresh_panels(rooms: Iterable[int]) -> dict[int, Panel]:
    """Read who is online and away in the rooms with these ids, cache the panels, and return them by room id.

    Deleted rooms are left out. It takes three statements for all rooms together, and one more for each room that is not
    cached or has changed.
    """
    rooms = list(rooms)
    states = Room.objects.filter(pk__in=rooms).values_list("pk", "incarnation", "version")
    keys, versions = {}, {}
    for room, incarnation, version in states:
        keys[room], versions[room] = _key(room, incarnation), version
    cached = cache.get_many(keys.values())
    online, people = _online_members(rooms), {}
    for room, version in versions.items():
        people[room] = _read_people(cached.get(keys[room]), room, version, online[room])
    # The epochs are read last, so nothing read above is newer than they are.
    epochs = dict(Room.objects.filter(pk__in=rooms).values_list("pk", "epoch"))
    panels = {
        room: _next_panel(cached.get(keys[room]), shown, online_hash, versions[room], epochs[room])
        for room, (shown, online_hash) in people.items()
        if room in epochs
    }
    cache.set_many({keys[room]: panel for room, panel in panels.items()}, CACHE_SECONDS)
    return panels


def _online_members(rooms: list[int]) -> dict[int, list[Member]]:
    """Return the online members by room id: the owner first, then moderators, then by nickname."""
    role = Case(When(role="owner", then=Value(0)), When(role="moderator", then=Value(1)), default=Value(2))
    online = Membership.objects.online().filter(room__in=rooms).order_by(role, Lower("nickname"), "pk")
    by_room = defaultdict(list)
    for room, *member in online.values_list("room", *COLUMNS, HAS_ACCOUNT):  # type: ignore[arg-type]
        by_room[room].append(tuple(member))
    return by_room


def _read_people(cached: Panel | None, room: int, version: int, online: list[Member]) -> tuple[People, int]:
    """Return who the panel shows, and a hash of who is online.

    The away are taken from `cached`, unless its version or its hash of who is online is another one.
    """
    online_hash = hash(tuple(pk for pk, *_ in online))
    if cached and (cached.version, cached.online_hash) == (version, online_hash):
        away = cached.people.away
    else:
        away = _away_members(room)
    return People(len(online), tuple(online[:MAX_ONLINE]), away), online_hash


def _away_members(room: int) -> tuple[Member, ...]:
    away = Membership.objects.inside().filter(room=room, seen_at__lt=timezone.now() - Membership.ONLINE_FOR)
    return tuple(away.values_list(*COLUMNS, HAS_ACCOUNT)[:MAX_AWAY])  # type: ignore[arg-type]


def _next_panel(cached: Panel | None, people: People, online_hash: int, version: int, epoch: int) -> Panel:
    """Return the panel to cache next; a change is announced now, or stays pending if the last one was too recent."""
    now = time.time()
    if cached is None:
        return Panel(people, online_hash, version, epoch, now, False, now)
    changed = cached.has_pending_change or cached.people != people
    announce = changed and now - cached.announced_at >= CHANGE_SECONDS - JITTER_SECONDS
    announced_at = now if announce else cached.announced_at
    return Panel(people, online_hash, version, epoch, now, changed and not announce, announced_at)


def render_panel(people: People) -> str:
    """The HTML inside the panel, in the active language. It is cached for all panels that show the same people."""
    key = f"panel:{template_hash(TEMPLATE)}:{translation.get_language()}:{text_digest(repr(people))}"
    html = cache.get(key)
    if html is None:
        lists = {name: [_membership(*member) for member in getattr(people, name)] for name in ("online", "away")}
        html = render_to_string(TEMPLATE, {"online_count": people.online_count, **lists})
        cache.set(key, html, CACHE_SECONDS)
    return markup.stored(html)


def _membership(*member: Any) -> Membership:
    """An unsaved membership with the values that the panel's template needs, made without a query."""
    *values, has_account = member
    membership = Membership(**dict(zip(COLUMNS, values, strict=True)))
    membership.has_account = has_account  # type: ignore[attr-defined]  # for the template alone
    return membership


def _key(room_id: int, incarnation: str) -> str:
    """The panel's cache key. After a flush, another room has the same id, but not the incarnation.

    The number changes with COLUMNS, so that old entries are not read.
    """
    return f"panel:{room_id}:{incarnation}:{len(COLUMNS) + 1}"
