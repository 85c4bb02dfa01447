"""The poll: the inside of a reader's own poller, renewed by every answer, then the painting that all readers share."""

import time

from django.template.loader import render_to_string

from chat.realtime import delta

TEMPLATE = "partials/poll.html"
MAX_COUNTED = 99  # messages that a paused page speaks of; above that there are just more


def page_state(reading, cursor=None):
    """What a page says when it asks next: the version it has seen, where its log began, and when it was told.

    The time is in whole seconds since 1970; a page that comes back late has slept.
    """
    version = reading.room.version
    return {"since": version, "origin": version if reading.whole else cursor.origin, "at": int(time.time())}


def with_news(reading, cursor, held, beside=""):
    context = {"poll": page_state(reading, cursor), "checked": cursor.older, "held": held}
    return render_to_string(TEMPLATE, context) + delta.render_delta(reading) + beside


def rejoined(reading, cursor, membership, held):
    """The same for a page that was told to ask no more: with a new poller, as its own is stopped for good, and with
    the name that its reader has now."""
    context = {"poll": page_state(reading, cursor), "room": reading.room, "membership": membership, "held": held}
    return render_to_string("partials/rejoined.html", context) + delta.render_delta(reading)


def paused(membership, cursor):
    """How much is new, to a page that takes in none of it until its reader resumes."""
    poll = {"since": cursor.since or 0, "origin": cursor.origin or 0, "at": int(time.time())}
    missed = delta.count_messages_since(membership.room, cursor.since or 0, MAX_COUNTED + 1)
    return render_to_string(TEMPLATE, {"poll": poll, "paused": True, "missed": missed, "most": MAX_COUNTED})


def no_longer_a_member(room, cursor):
    """Last words to somebody who left or was shown out."""
    return _without_room("gone", room.slug, cursor, hidden=room.access == room.Access.PRIVATE)


def room_moved(room, cursor):
    """Last words to the page of a member whose room has another address now."""
    return _without_room("moved", room.slug, cursor)


def not_recognized(slug, cursor):
    """The same for whoever has no place here, in any room and in none; it heals when the cookie is back."""
    return _without_room("nobody", slug, cursor)


def poller_template():
    """The inside of a poller with holes, for the gate to fill: {since}, {origin}, {at}."""
    return render_to_string(
        TEMPLATE, {"poll": {name: f"{{{name}}}" for name in ("since", "origin", "at")}, "held": True}
    )


def _without_room(why, slug, cursor, **more):
    # htmx complains when the fields that it is to include are gone.
    poll = {"since": cursor.since or 0, "origin": cursor.origin or 0, "at": int(time.time())}
    return render_to_string(TEMPLATE, {"poll": poll, "why": why, "slug": slug} | more)
