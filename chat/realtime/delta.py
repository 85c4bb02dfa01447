"""Reads a room's log (the messages that changed after version N, or one page) in one statement, and renders deltas."""

import re
from dataclasses import dataclass
from typing import Self

from django.core.cache import caches
from django.core.exceptions import EmptyResultSet
from django.db.models import QuerySet
from django.http import QueryDict
from django.template.loader import render_to_string
from django.utils import timezone, translation

from chat import markup
from chat.models import Message, Room
from chat.realtime import rendering

PAGE_SIZE = 50  # messages on a page that opens, and on each page of older ones
MAX_CHANGES = 200  # versions; a page that missed more gets the full log instead of a delta
LOG_TEMPLATES = ("partials/messages.html", rendering.TEMPLATE, *rendering.EVENT_TEMPLATES)
MAX_LOG_GROWTH = 1500  # versions after which an open page gets the full log, so that it stays small
NUMBER = re.compile(r"[0-9]{1,18}\Z", re.ASCII)  # int() would also accept "５_7"
INCARNATION = re.compile(r"[a-z0-9]{10}\Z", re.ASCII)
COUNTER_COLUMNS = ("incarnation", "version", "nonce", "epoch", "message_count", "floor_version", "header_version")
HEADER_COLUMNS = (
    "name",
    "access",
    "topic",
    "locked",
    "announce_only",
    "archived",
    "join_request_count",
)  # what a page shows of its room
ROOM_COLUMNS = COUNTER_COLUMNS + HEADER_COLUMNS
ROOM_COLUMNS_SQL = ", ".join(f"room.{name} AS room_{name}" for name in ROOM_COLUMNS)
NO_MESSAGE = 0  # an id that no message has
log_cache = caches["logs"]


@dataclass(frozen=True)
class Cursor:
    """The state of an open page, sent along with its poll. Values that are missing or malformed are None.

    `since` is the room's version that the page shows, `origin` the one at which it last received the full log. `older`
    holds the versions at which older messages were loaded: a poll that ran meanwhile could not update them, so changes
    after that are sent again. `at` is the Unix time of the last answer, in seconds. `incarnation` is the room's:
    versions of another incarnation cannot be compared.
    """

    since: int | None
    origin: int | None
    older: frozenset[int] = frozenset()
    at: int | None = None
    incarnation: str | None = None

    @classmethod
    def read(cls, query: QueryDict) -> Self:
        """Read the cursor from a poll's query; missing and malformed numbers are None."""
        older = frozenset(n for text in query.getlist("older") if (n := parse_number(text)) is not None)
        since, origin, at = (parse_number(query.get(name, "")) for name in ("since", "from", "at"))
        return cls(since, origin, older, at, parse_incarnation(query.get("log", "")))

    @property
    def from_version(self) -> int:
        """The version after which changes are sent: the lowest of `since` (0 if None) and the versions in `older`."""
        return min({self.since or 0, *self.older})

    def can_catch_up(self, room: Room) -> bool:
        """Whether a delta brings the page up to date; otherwise it needs a full refresh."""
        if self.incarnation != room.incarnation or self.since is None or self.origin is None:
            return False
        in_reach = room.floor_version <= self.from_version and self.origin <= self.since <= room.version
        missed, growth = room.version - self.from_version, room.version - self.origin
        return in_reach and missed <= MAX_CHANGES and growth <= MAX_LOG_GROWTH


@dataclass(frozen=True)
class LogSlice:
    """A room and some messages of its log, oldest first, all read at the same moment.

    With `since`, this is a delta: the messages that are new or changed after that version. If `since` is None, this
    is a page of the log.
    """

    room: Room
    messages: list[Message]
    since: int | None = None

    @property
    def is_full(self) -> bool:
        """Whether this is a full refresh, which replaces the log of an open page, instead of a delta."""
        return self.since is None

    @property
    def new(self) -> list[Message]:
        return [message for message in self.messages if message.first_version > (self.since or 0)]

    @property
    def changed(self) -> list[Message]:
        return [message for message in self.messages if message.first_version <= (self.since or 0)]

    @property
    def changed_on_newest_page(self) -> list[Message]:
        """The changed messages that are among the room's newest PAGE_SIZE, so that every open page shows them."""
        newest = Message.objects.in_room(self.room).newest().values_list("pk", flat=True)
        on_page = set(newest[:PAGE_SIZE])
        return [message for message in self.changed if message.pk in on_page]

    @property
    def header_changed(self) -> bool:
        return self.since is None or self.room.header_version > self.since

    @property
    def has_no_messages(self) -> bool:
        """Whether these messages are the whole log and all are system messages, so that nobody has posted yet.

        Only for a page of the log: an empty delta gives True as well.
        """
        return not self.has_older and all(message.event for message in self.messages)

    @property
    def newer_from(self) -> int | None:
        """The version of the first message after these; None if they are the newest, or there are none."""
        if not self.messages:
            return None
        newer = Message.objects.in_room(self.room).after(self.messages[-1].first_version)
        return newer.values_list("first_version", flat=True).first()

    @property
    def has_older(self) -> bool:
        """Whether the log has messages older than these. Only a room's first message has no `previous_at`."""
        return bool(self.messages) and self.messages[0].previous_at is not None


def newest(room: Room) -> LogSlice:
    """The newest page of the log: the last PAGE_SIZE messages."""
    return _read(room, Message.objects.in_room(room).newest()[:PAGE_SIZE])


def newest_html(room: Room) -> tuple[LogSlice, str]:
    """The newest page of the log as HTML, cached until the room changes.

    The LogSlice has the room as it was read. It has no messages if the HTML came from the cache.

    The room's nonce is compared as well as its version, because after a restored backup the same versions come again
    with other messages. It is read with the room, so it needs no extra query.
    """
    language, zone = translation.get_language(), timezone.get_current_timezone()
    key = f"log:{room.pk}:{room.incarnation}:{rendering.painting_hash(*LOG_TEMPLATES)}:{language}:{zone}"
    state, html = log_cache.get(key, (None, ""))
    if state == (room.version, room.nonce):
        return LogSlice(room, []), markup.stored(html)
    log_slice = newest(room)
    html = render_to_string(LOG_TEMPLATES[0], {"log_slice": log_slice, "room": log_slice.room})
    log_cache.set(key, ((log_slice.room.version, log_slice.room.nonce), html))
    return log_slice, html


def since(room: Room, cursor: Cursor) -> LogSlice:
    """Return the delta for a page with this cursor, or the newest page of the log if a delta isn't possible."""
    if cursor.can_catch_up(room):
        if cursor.from_version == room.version:
            return LogSlice(room, [], cursor.since)
        log_slice = _read(room, Message.objects.in_room(room).changed_since(cursor.from_version), cursor.since)
        if cursor.can_catch_up(log_slice.room):
            return log_slice
    return newest(room)


def before(room: Room, version: int) -> LogSlice:
    """Return one page of the log: the last PAGE_SIZE messages whose first version is lower than `version`."""
    return _read(room, Message.objects.in_room(room).before(version)[:PAGE_SIZE])


def after(room: Room, version: int) -> LogSlice:
    """Return one page of the log: the first PAGE_SIZE messages whose first version is `version` or later."""
    return _read(room, Message.objects.in_room(room).starting_at(version)[:PAGE_SIZE])


def around(message: Message) -> LogSlice:
    """Return one page of the log: half a page before this message, and half a page that begins with it."""
    half = PAGE_SIZE // 2
    earlier = before(message.room, message.first_version).messages[-half:]
    return LogSlice(message.room, earlier + after(message.room, message.first_version).messages[:half])


def count_messages_since(room: Room, version: int, limit: int) -> int:
    """Count the members' messages first sent after this version, but at most `limit`; system messages don't count."""
    return Message.objects.in_room(room).with_text().after(version)[:limit].count()


def render_delta(log_slice: LogSlice) -> str:
    """Render the HTML that brings an open page up to date, or "" if nothing is new.

    It is the same for all readers with the same language and time zone.
    """
    if not log_slice.is_full and not log_slice.messages and not log_slice.header_changed:
        return ""
    return render_to_string("partials/changes.html", {"log_slice": log_slice, "room": log_slice.room})


def render_stream(log_slice: LogSlice) -> str:
    """Render a delta for a streamed page, to which HTML can only be added.

    A changed message is added again, with a stylesheet that hides its earlier copies. Where the new lines continue a
    run, another one hides the line above: there are other elements in between, so `messages.css` can't.
    """
    return render_to_string("partials/stream.html", {"log_slice": log_slice, "room": log_slice.room})


def _read(room: Room, messages: QuerySet[Message], since: int | None = None) -> LogSlice:
    """Read these messages together with the room's current columns. Raises Refused if the room was deleted.

    It is one statement (the room LEFT JOIN the messages): with two, a change written between them would be lost or sent
    twice. The messages' versions alone would not do, because a change of the topic has no message. `since` is passed on
    to the LogSlice.
    """
    try:
        inner, params = messages.query.sql_with_params()
    except EmptyResultSet:  # Django raises this for a query that cannot match, as with an empty list of ids.
        inner, params = messages.model.objects.filter(pk=NO_MESSAGE).query.sql_with_params()
    found = Message.objects.raw(  # All SQL put in here was made by Django; what people typed is in the parameters.
        f"SELECT lines.*, {ROOM_COLUMNS_SQL} FROM chat_room AS room"
        f" LEFT JOIN ({inner}) AS lines ON lines.room_id = room.id"
        " WHERE room.id = %s AND room.deleted_at IS NULL",
        [*params, room.pk],
    )
    rows = list(found)
    if not rows:
        raise room.deleted_refusal()
    lines = sorted((row for row in rows if row.pk), key=lambda row: row.first_version)
    return LogSlice(_with_columns(room, rows[0]), lines, since)


def _with_columns(room: Room, row: Message) -> Room:
    """Set the room's fields from the columns that were read with this row, and return the room."""
    for name in ROOM_COLUMNS:
        field = Room._meta.get_field(name)
        setattr(room, name, field.to_python(getattr(row, f"room_{name}")))  # type: ignore[union-attr]
    return room


def parse_number(text: str) -> int | None:
    """Parse a whole number as our pages write it: 1 to 18 ASCII digits. Returns None for any other text."""
    return int(text) if NUMBER.match(text) else None


def parse_incarnation(text: str) -> str | None:
    """Parse a room's incarnation, 10 lowercase letters or digits. Returns None for any other text."""
    return text if INCARNATION.match(text) else None
