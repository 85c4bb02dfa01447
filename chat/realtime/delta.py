"""The delta: what is newer than version N in a room, read in one statement; and its painting."""

import re
from dataclasses import dataclass

from django.core.cache import caches
from django.core.exceptions import EmptyResultSet
from django.template.loader import render_to_string
from django.utils import timezone, translation

from chat import markup
from chat.models import Message, Room
from chat.realtime import rendering
from chat.template_hash import template_hash

PAGE_SIZE = 50  # messages on a page as it opens, and on each step back
MAX_CHANGES = 200  # a page that missed more is painted whole
LOG_TEMPLATES = (
    "partials/messages.html",
    "partials/older_lines.html",
    "partials/older.html",
    rendering.TEMPLATE,
    *rendering.PARTS,
)
MAX_LOG_GROWTH = 1500  # changes after which an open page is painted whole, so that it stays small
NUMBER = re.compile(r"[0-9]{1,18}\Z", re.ASCII)  # int() would also take "５_7"
COUNTER_COLUMNS = ("version", "nonce", "epoch", "message_count", "floor_version", "header_version")
HEADER_COLUMNS = (
    "name",
    "access",
    "topic",
    "locked",
    "announce_only",
    "archived",
    "join_request_count",
)  # what pages show of a room
ROOM_COLUMNS = COUNTER_COLUMNS + HEADER_COLUMNS
ROOM_COLUMNS_SQL = ", ".join(f"room.{name} AS room_{name}" for name in ROOM_COLUMNS)
NO_MESSAGE = 0  # an id that no row has
log_cache = caches["logs"]


@dataclass(frozen=True)
class Cursor:
    """What a page says of itself: the version it has seen, and the one at which its log was last painted whole.

    `older` are the versions at which lines further up came to the page: what a poll told of them while they were on
    their way found nobody, so it is told again. `at` is when the page was last told anything.
    """

    since: int | None
    origin: int | None
    older: frozenset[int] = frozenset()
    at: int | None = None

    @classmethod
    def read(cls, query):
        older = frozenset(map(parse_number, query.getlist("older"))) - {None}
        since, origin, at = (parse_number(query.get(name, "")) for name in ("since", "from", "at"))
        return cls(since, origin, older, at)

    @property
    def told(self):
        """The version from which on changes are told."""
        return min(self.since, *self.older) if self.older else self.since

    def can_catch_up(self, room):
        """Whether a delta leads from here to now; otherwise the log is painted whole."""
        if self.since is None or self.origin is None or not self.origin <= self.since:
            return False
        in_reach = room.floor_version <= self.told and self.since <= room.version
        return in_reach and room.version - self.told <= MAX_CHANGES and room.version - self.origin <= MAX_LOG_GROWTH


@dataclass(frozen=True)
class LogSlice:
    """A room and lines of its log as they were in one moment; `since` is None where they are simply the newest."""

    room: Room
    messages: list
    since: int | None = None

    @property
    def whole(self):
        return self.since is None

    @property
    def new(self):
        return [message for message in self.messages if message.first_version > self.since]

    @property
    def changed(self):
        return [message for message in self.messages if message.first_version <= self.since]

    @property
    def recent(self):
        """Those of the changed lines that stand on every page that is open."""
        newest = Message.objects.in_room(self.room).newest().values_list("pk", flat=True)
        kept = set(newest[:PAGE_SIZE])
        return [message for message in self.changed if message.pk in kept]

    @property
    def header_changed(self):
        return self.whole or self.room.header_version > self.since

    @property
    def silent(self):
        """Whether nobody has said anything yet: from the first line on, all was told by the room itself."""
        return not self.has_older and all(message.event for message in self.messages)

    @property
    def newer_from(self):
        """The version from which the log goes on below its newest line here, or None."""
        if self.messages:
            newer = Message.objects.in_room(self.room).after(self.messages[-1].first_version)
            return newer.values_list("first_version", flat=True).first()

    @property
    def has_older(self):
        """Whether the log goes on above its oldest line here (every first line of a room has no predecessor)."""
        return bool(self.messages) and self.messages[0].previous_at is not None


def newest(room):
    """The room and its newest lines, oldest of them first, as of one moment."""
    return _read(room, Message.objects.in_room(room).newest()[:PAGE_SIZE])


def newest_html(room):
    """The newest messages as they were read, and their HTML, which is cached until the room changes.

    The nonce is compared besides the version: after a restored backup, the room reaches the same versions again with
    other messages. It comes with the room's row, so it takes neither a query nor an operator who runs `restored`.
    """
    key = (
        f"log:{room.pk}:{template_hash(*LOG_TEMPLATES)}:{translation.get_language()}:{timezone.get_current_timezone()}"
    )
    state, html = log_cache.get(key, (None, ""))
    if state == (room.version, room.nonce):
        return LogSlice(room, []), markup.stored(html)
    reading = newest(room)
    html = render_to_string(LOG_TEMPLATES[0], {"reading": reading, "room": reading.room})
    log_cache.set(key, ((reading.room.version, reading.room.nonce), html))
    return reading, html


def since(room, cursor):
    """What a page with this cursor has to learn; painted whole where it cannot catch up."""
    if cursor.can_catch_up(room):
        if cursor.told == room.version:
            return LogSlice(room, [], cursor.since)
        reading = _read(room, Message.objects.in_room(room).changed_since(cursor.told), cursor.since)
        if cursor.can_catch_up(reading.room):
            return reading
    return newest(room)


def before(room, version):
    """One page of the log above that version, oldest first."""
    return _read(room, Message.objects.in_room(room).before(version)[:PAGE_SIZE])


def after(room, version):
    """One page of the log from that version on, oldest first."""
    return _read(room, Message.objects.in_room(room).starting_at(version)[:PAGE_SIZE])


def around(message):
    """A message in the middle of what was said before and after it."""
    half = PAGE_SIZE // 2
    earlier = before(message.room, message.first_version).messages[-half:]
    return LogSlice(message.room, earlier + after(message.room, message.first_version).messages[:half])


def count_messages_since(room, version, most):
    """How many messages were said since that version, as far as `most`."""
    return Message.objects.in_room(room).with_text().after(version)[:most].count()


def render_delta(reading):
    """The HTML that brings a page up to date, the same bytes for every reader of this language and time zone."""
    if not reading.whole and not reading.messages and not reading.header_changed:
        return ""
    return render_to_string("partials/changes.html", {"reading": reading, "room": reading.room})


def render_stream(reading):
    """The same for a page that cannot be changed any more, only gone on with."""
    return render_to_string("partials/stream.html", {"reading": reading, "room": reading.room})


def _read(room, messages, since=None):
    """The room's counters LEFT JOIN those messages, in one statement. Raises Refused where the room is gone meanwhile.

    A second query would lose or double what is written between the two; the version of the messages alone stays
    behind when only the topic changed.
    """
    try:
        inner, params = messages.query.sql_with_params()
    except EmptyResultSet:  # Django knows that nothing can match, as with an empty list of ids.
        inner, params = messages.model.objects.filter(pk=NO_MESSAGE).query.sql_with_params()
    rows = Message.objects.raw(  # Only SQL of Django's own making is put in; what people typed is in the parameters.
        f"SELECT lines.*, {ROOM_COLUMNS_SQL} FROM chat_room AS room"
        f" LEFT JOIN ({inner}) AS lines ON lines.room_id = room.id"
        " WHERE room.id = %s AND room.deleted_at IS NULL",
        [*params, room.pk],
    )
    rows = list(rows)
    if not rows:
        raise room.deleted_refusal()
    lines = sorted((row for row in rows if row.pk), key=lambda row: row.first_version)
    return LogSlice(_as_of(room, rows[0]), lines, since)


def _as_of(room, row):
    """The room as it was in the moment that this row was read."""
    for name in ROOM_COLUMNS:
        setattr(room, name, Room._meta.get_field(name).to_python(getattr(row, f"room_{name}")))
    return room


def parse_number(text):
    """A whole number as our pages write them, or None."""
    return int(text) if NUMBER.match(text) else None
