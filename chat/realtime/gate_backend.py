"""Django's side of `chat.gate.backend.Backend`: functions that the gate calls in threads, outside any request."""

import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import wraps
from itertools import chain
from typing import Any, ParamSpec, TypeVar

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import close_old_connections, connection, transaction
from django.db.models import Count, OuterRef, Q, Subquery
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce
from django.urls import set_script_prefix
from django.utils import timezone, translation

from chat import retention
from chat.exceptions import Refused
from chat.gate.backend import PanelMark, Reader, RoomState
from chat.gate.grants import Rights
from chat.gate.paintings import Painting
from chat.gate.reading import Received
from chat.gate.sidebar import RenderedPart
from chat.gate.signatures import Variant
from chat.identity import is_active_q
from chat.models import Membership, Message, Room
from chat.realtime import db_watch, delta, drafts, presence, pubsub, sidebar, typing_indicator
from chat_app.caches import incarnation

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")
Item = TypeVar("Item")

session_cookie: str = settings.SESSION_COOKIE_NAME
max_log_growth = delta.MAX_LOG_GROWTH
max_changes = delta.MAX_CHANGES
subscribe: Callable[[Callable[[int, int, int], None], Callable[[int], None]], None] = pubsub.subscribe
new_watch: Callable[[], Callable[[], bool]] = db_watch.new_watch

ERASE_SECONDS = 10  # seconds for which one cleanup erases the rows of deleted rooms
BATCH = 1000  # values in one statement, as databases limit them
RENDERERS: dict[str, Callable[[delta.LogSlice], str]] = {"poll": delta.render_delta, "stream": delta.render_stream}


def with_own_connection(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Make a function run as in a request: with usable database connections and SUBPATH in links.

    The incarnation was read recently.
    """

    @wraps(function)
    def wrapper(*arguments: Parameters.args, **named: Parameters.kwargs) -> Result:
        close_old_connections()
        set_script_prefix(settings.FORCE_SCRIPT_NAME or "/")
        try:
            incarnation.reread_if_due()
            return function(*arguments, **named)
        finally:
            close_old_connections()

    return wrapper


@with_own_connection
def render_painting(room_id: int, room_incarnation: str, since: int | None, variant: Variant) -> Painting | None:
    """Return the painting that brings pages of this variant from version `since` to the latest version.

    If `since` is None, it is the whole log: the newest page. Returns None if the room was deleted.
    """
    language, zone, kind = variant
    room = Room.objects.filter(pk=room_id).first()
    if room is None:
        return None
    with translation.override(language), timezone.override(zone):
        try:
            log_slice = delta.since(room, delta.Cursor(since, since, incarnation=room_incarnation))
        except Refused:
            return None  # deleted since it was read above
        html = RENDERERS[kind](log_slice).encode()
    room = log_slice.room
    changes_people = any(message.event in presence.EVENTS for message in log_slice.new)
    return Painting(room.version, room.epoch, room.incarnation, log_slice.is_full, html, changes_people)


@with_own_connection
def room_versions(rooms: Collection[int]) -> dict[int, RoomState]:
    """Return the state of each of these rooms, by id; rooms that don't exist are left out."""
    columns = "pk", "version", "epoch", "incarnation"
    found = [Room.objects.filter(pk__in=batch).values_list(*columns) for batch in batches(rooms)]
    return {pk: RoomState(*state) for pk, *state in chain(*found)}


@with_own_connection
def valid_grants(room: int, readers: Collection[Reader]) -> tuple[int, set[Reader]]:
    """Return the room's epoch (0 if the room is gone), and the `readers` that may read it at that epoch."""
    # The epoch first: a right that is lost after this line increases it again, which leads to the next call.
    epoch = Room.objects.filter(pk=room).values_list("epoch", flat=True).first()
    return epoch or 0, set(chain(*(valid_readers(room, batch) for batch in batches(readers))))


def valid_readers(room: int, readers: Collection[Reader]) -> set[Reader]:
    """Return the readers whose session is valid and who are in the room with the same rights as in their grant."""
    sessions, members = {reader[0] for reader in readers}, {reader[1] for reader in readers}
    current = Session.objects.filter(session_key__in=sessions, expire_date__gt=timezone.now())
    valid_sessions = set(current.values_list("session_key", flat=True))
    inside = Membership.objects.filter(is_active_q("participant__"), room=room, status=Membership.Status.IN)
    columns = "pk", "participant", "participant__generation", "room__withdrawals"
    rights: dict[int, Rights] = {
        pk: (participant, generation, withdrawals)
        for pk, participant, generation, withdrawals in inside.filter(pk__in=members).values_list(*columns)
    }
    return {reader for reader in readers if reader[0] in valid_sessions and rights.get(reader[1]) == reader[2]}


@with_own_connection
def record_presence(received: Mapping[int, Received], reading: set[int]) -> None:
    """Record that these members are online, and what they have read.

    `reading` has the ids of memberships that have read all messages. `received` has, by membership id, what the
    others have received.
    """
    room = Room.objects.filter(pk=OuterRef("room"))
    read: dict[str, Any] = {
        f"read_{counter}": Subquery(room.values(counter)) for counter in ("version", "message_count")
    }
    for batch in batches(received.keys() - reading):
        update_unlocked(batch, seen_at=timezone.now())
        save_received({member: received[member] for member in batch})
    for batch in batches(reading):
        update_unlocked(batch, seen_at=timezone.now(), **read)


def save_received(received: Mapping[int, Received]) -> None:
    """Save what these members have read, by membership id. It takes one statement for all who are up to date already.

    It takes one more for all others of a room who have received the same.
    """
    behind = defaultdict(list)
    columns = "pk", "room", "room__incarnation", "read_version"
    for pk, room, room_incarnation, read_version in Membership.objects.filter(pk__in=received).values_list(*columns):
        incarnation, version = received[pk]
        if incarnation == room_incarnation and version > read_version:
            behind[room, version].append(pk)
    for (room, version), members in behind.items():
        read = {"read_version": version, "read_message_count": message_count_at(room, version)}
        update_unlocked(members, Q(read_version__lt=version), **read)


def message_count_at(room: int, version: int) -> Combinable:
    """An SQL expression for the number of messages that the room, an id, had at this version."""
    total = Room.objects.filter(pk=room).values("message_count")
    later = Message.objects.filter(room=room).with_text().after(version).order_by().values("room")
    return Subquery(total) - Coalesce(Subquery(later.annotate(number=Count("pk")).values("number")), 0)


def update_unlocked(members: Collection[int], only: Q | None = None, **values: Any) -> None:
    """Update these members in one statement, except those that another transaction has locked.

    Waiting for them could be a deadlock, as other transactions lock several members too. SQLite has no row locks.
    `only` is a further condition for the rows.
    """
    rows = Membership.with_deleted.filter(only or Q(), pk__in=members)
    if not connection.features.has_select_for_update_skip_locked:
        rows.update(**values)
        return
    with transaction.atomic():
        unlocked = Membership.with_deleted.select_for_update(skip_locked=True, no_key=True).filter(pk__in=members)
        rows.filter(pk__in=unlocked).update(**values)


@with_own_connection
def write_drafts() -> None:
    """Write the drafts that have changed since the last call to the database."""
    drafts.write()


@with_own_connection
def prune(is_stopping: Callable[[], bool]) -> bool:
    """Delete expired data, then the rows of deleted rooms, for at most ERASE_SECONDS or until `is_stopping()`.

    Returns whether such rows may be left.
    """
    retention.tidy(is_stopping)
    deadline = time.monotonic() + ERASE_SECONDS
    return not retention.erase_deleted_rooms(lambda: is_stopping() or time.monotonic() > deadline)


@with_own_connection
def changed_panels(known: Mapping[int, tuple[PanelMark | None, Collection[str]]]) -> dict[int, RenderedPart]:
    """The panels that are not as the gate knows them, rendered, by room id.

    `known` has for each room id the mark and epoch of the gate's panel (None without one), and the languages to render.
    """
    panels = presence.refresh_panels(list(known))
    return {
        room: RenderedPart(
            (panel.announced_at,),
            panel.epoch,
            render_in_languages("people", presence.render_panel, panel.people, languages),
        )
        for room, (mark, languages) in known.items()
        if (panel := panels.get(room)) and mark != ((panel.announced_at,), panel.epoch)
    }


@with_own_connection
def typing_part(room: int, room_incarnation: str, languages: Collection[str]) -> RenderedPart:
    """The room's typing indicator, rendered in each of these languages. `room` is an id."""
    typists = typing_indicator.current_typists(room, room_incarnation)
    # The epoch last, so that nothing in the line is newer than it.
    epoch = Room.objects.filter(pk=room).values_list("epoch", flat=True).first()
    html = render_in_languages("typing", typing_indicator.render_typing, typists, languages)
    return RenderedPart(typists, epoch or 0, html)


def render_in_languages(
    place: str, render: Callable[[Any], str], content: object, languages: Collection[str]
) -> dict[str, bytes]:
    """Render `content` in each language, wrapped for the element with the id `place`; returns the HTML by language."""
    rendered = {}
    for language in languages:
        with translation.override(language):
            rendered[language] = sidebar.oob_part(place, render(content)).encode()
    return rendered


def batches(values: Iterable[Item]) -> list[list[Item]]:
    """Split the values into lists of at most BATCH, because databases limit the values in one statement."""
    values = list(values)
    return [values[start : start + BATCH] for start in range(0, len(values), BATCH)]
