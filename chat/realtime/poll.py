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
    room = reading.room
    origin = room.version if reading.whole else cursor.origin
    return {"since": room.version, "origin": origin, "at": int(time.time()), "incarnation": room.incarnation}


def unchanged_state(cursor):
    """The same for a page that is told nothing of the log: what it sent, as far as that could be read."""
    since, origin = cursor.since or 0, cursor.origin or 0
    return {"since": since, "origin": origin, "at": int(time.time()), "incarnation": cursor.incarnation or ""}


def with_news(reading, cursor, held, beside=""):
    context = {"poll": page_state(reading, cursor), "checked": cursor.older, "held": held}
    return render_to_string(TEMPLATE, context) + delta.render_delta(reading) + beside


def with_new_poller(reading, cursor, membership, held):
    """The same with a new poller and the reader's nickname: for a page whose poller was stopped, as its reader had left
    the room, and for one that an earlier version of Parlour rendered, which doesn't send all fields."""
    context = {"poll": page_state(reading, cursor), "room": reading.room, "membership": membership, "held": held}
    return render_to_string("partials/rejoined.html", context) + delta.render_delta(reading)


def paused(membership, cursor):
    """How much is new, to a page that takes in none of it until its reader resumes."""
    poll = unchanged_state(cursor)
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
    """The inside of a poller with holes, for the gate to fill: {since}, {origin}, {at}, {incarnation}."""
    holes = {name: f"{{{name}}}" for name in ("since", "origin", "at", "incarnation")}
    return render_to_string(TEMPLATE, {"poll": holes, "held": True})


def _without_room(why, slug, cursor, **more):
    # htmx complains when the fields that it is to include are gone.
    poll = unchanged_state(cursor)
    return render_to_string(TEMPLATE, {"poll": poll, "why": why, "slug": slug} | more)
