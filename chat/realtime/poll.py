"""What a poll is answered with: new content for the page's poller element, then the delta that all readers share."""

import time

from django.template.loader import render_to_string

from chat.models import Membership, Room
from chat.realtime import delta
from chat.realtime.delta import Cursor, LogSlice

TEMPLATE = "partials/poll.html"
MAX_COUNTED = 99  # new messages that a paused page counts; above, it says "more than 99"


def page_state(log_slice: LogSlice, cursor: Cursor | None = None) -> dict[str, object]:
    """Return the values of the hidden fields that the page sends with its next poll; `delta.Cursor.read` reads them.

    `cursor` comes from the poll that is answered; it is None for a new page. `at` is the Unix time now, in seconds: a
    page that polls much later was asleep.
    """
    room = log_slice.room
    origin = room.version if log_slice.is_full or cursor is None else cursor.origin
    return {"since": room.version, "origin": origin, "at": int(time.time()), "incarnation": room.incarnation}


def unchanged_state(cursor: Cursor) -> dict[str, object]:
    """Return the hidden fields for a page that gets nothing of the log: as it sent them, but with a new `at`.

    Malformed values become 0 or "".
    """
    since, origin = cursor.since or 0, cursor.origin or 0
    return {"since": since, "origin": origin, "at": int(time.time()), "incarnation": cursor.incarnation or ""}


def update(log_slice: LogSlice, cursor: Cursor, held: bool, sidebar_html: str = "") -> str:
    """The answer to an ordinary poll: the new content of the page's poller element, the delta, and `sidebar_html`.

    `held`: the gate may hold the page's next poll until something changes. `sidebar_html` has the sidebar's parts that
    changed.
    """
    context = {"poll": page_state(log_slice, cursor), "checked": cursor.older, "held": held}
    return render_to_string(TEMPLATE, context) + delta.render_delta(log_slice) + sidebar_html


def with_new_poller(log_slice: LogSlice, cursor: Cursor, membership: Membership, held: bool) -> str:
    """The answer to a poll that also replaces the page's poller element and the reader's nickname.

    For a page whose poller was stopped because its reader had left the room, and for one that was rendered by an
    earlier version of Parlour and does not send all fields.
    """
    context = {"poll": page_state(log_slice, cursor), "room": log_slice.room, "membership": membership, "held": held}
    return render_to_string("partials/rejoined.html", context) + delta.render_delta(log_slice)


def paused(membership: Membership, cursor: Cursor) -> str:
    """The answer to a paused page: the number of new messages, counted up to MAX_COUNTED, without the messages."""
    poll = unchanged_state(cursor)
    missed = delta.count_messages_since(membership.room, cursor.since or 0, MAX_COUNTED + 1)
    return render_to_string(TEMPLATE, {"poll": poll, "paused": True, "missed": missed, "most": MAX_COUNTED})


def no_longer_a_member(membership: Membership, cursor: Cursor) -> str:
    """The last answer to someone who left the room, was removed or banned. It says why they can't rejoin."""
    room, refusal = membership.room, membership.rejoin_refusal
    return _without_room("left", room.slug, cursor, hidden=room.access == room.Access.PRIVATE, refusal=refusal)


def room_moved(room: Room, cursor: Cursor) -> str:
    """Return the last answer to a member's page at a former address for members only: a link to the new address."""
    return _without_room("moved", room.slug, cursor)


def not_recognized(slug: str, cursor: Cursor) -> str:
    """The answer to someone without a membership, whether the room exists or not.

    The page goes on polling, so it recovers if the session cookie comes back.
    """
    return _without_room("unrecognized", slug, cursor)


def poller_template() -> str:
    """Render the poller's content with placeholders for the gate to fill: {since}, {origin}, {at}, {incarnation}."""
    holes = {name: f"{{{name}}}" for name in ("since", "origin", "at", "incarnation")}
    return render_to_string(TEMPLATE, {"poll": holes, "held": True})


def _without_room(reason: str, slug: str, cursor: Cursor, **context: object) -> str:
    # The hidden fields stay: htmx logs an error if the inputs that it is to include are missing.
    poll = unchanged_state(cursor)
    return render_to_string(TEMPLATE, {"poll": poll, "reason": reason, "slug": slug} | context)
