"""What the gate asks of Django for readers who wait, in a thread and on nobody's behalf: without request or session."""

from functools import wraps
from itertools import chain

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import close_old_connections
from django.db.models import OuterRef, Subquery
from django.utils import timezone, translation

from chat import retention
from chat.gate.paintings import Painting
from chat.gate.sidebar import RenderedPart
from chat.identity import is_active_q
from chat.models import Membership, Room
from chat.realtime import db_watch, delta, presence, pubsub, sidebar, typing_indicator
from chat_app.caches import incarnation

session_cookie = settings.SESSION_COOKIE_NAME
max_log_growth = delta.MAX_LOG_GROWTH
max_changes = delta.MAX_CHANGES
subscribe = pubsub.subscribe
new_watch = db_watch.new_watch

BATCH = 1000  # values in one statement: databases bound that
RENDERERS = {"poll": delta.render_delta, "stream": delta.render_stream}


def with_own_connection(ask):
    """Around each question the thread's connection is looked after, as Django does around a request."""

    @wraps(ask)
    def tidied(*arguments):
        close_old_connections()
        incarnation.reread_if_due()
        try:
            return ask(*arguments)
        finally:
            close_old_connections()

    return tidied


@with_own_connection
def render_painting(room, incarnation, since, variant):
    """The Painting that brings pages in this language and time zone from `since` to now, or paints them whole (None).

    None where there is no such room any more.
    """
    language, zone, kind = variant
    found = Room.objects.filter(pk=room).first()
    if found is None:
        return None
    with translation.override(language), timezone.override(zone):
        reading = delta.since(found, delta.Cursor(since, since, incarnation=incarnation))
        html = RENDERERS[kind](reading).encode()
    return Painting(reading.room.version, reading.room.epoch, reading.room.incarnation, reading.is_full, html)


@with_own_connection
def room_versions(rooms):
    """Version, epoch and incarnation of each of these rooms that is still there."""
    columns = "pk", "version", "epoch", "incarnation"
    found = [Room.objects.filter(pk__in=some).values_list(*columns) for some in batches(rooms)]
    return {pk: tuple(state) for pk, *state in chain(*found)}


@with_own_connection
def valid_grants(room, readers):
    """The room's epoch, and those of `readers` (session, member, standing) who may read it still."""
    # The epoch first: what is taken away after that raises it once more, and is asked about again.
    epoch = Room.objects.filter(pk=room).values_list("epoch", flat=True).first()
    return epoch or 0, set(chain(*(valid_readers(room, some) for some in batches(readers))))


def valid_readers(room, readers):
    """Those of them whose session is alive, who are in the room, and to whom it was granted since all was taken."""
    sessions, members, _standings = map(set, zip(*readers, strict=True))
    living = Session.objects.filter(session_key__in=sessions, expire_date__gt=timezone.now())
    alive = set(living.values_list("session_key", flat=True))
    inside = Membership.objects.filter(is_active_q("participant__"), room=room, status=Membership.Status.IN)
    inside = inside.filter(pk__in=members)
    standings = {
        pk: tuple(now)
        for pk, *now in inside.values_list("pk", "participant", "participant__generation", "room__withdrawals")
    }
    return {(s, m, standing) for s, m, standing in readers if s in alive and standings.get(m) == standing}


@with_own_connection
def record_presence(members, reading):
    """Note a sign of life of all of them, a thousand in one statement, and that those who are `reading` just now have
    read what was said."""
    room = Room.objects.filter(pk=OuterRef("room"))
    read = {f"read_{counter}": Subquery(room.values(counter)) for counter in ("version", "message_count")}
    for some in batches(members - reading):
        Membership.objects.filter(pk__in=some).update(seen_at=timezone.now())
    for some in batches(reading):
        Membership.objects.filter(pk__in=some).update(seen_at=timezone.now(), **read)


@with_own_connection
def prune():
    """Throw away what nobody needs any more."""
    retention.tidy()


@with_own_connection
def changed_panels(known):
    """Of these rooms the panels that differ from what is known of them: mark and epoch, and the languages to paint."""
    seen = presence.refresh_panels(list(known))
    return {
        room: RenderedPart(
            (panel.announced_at,),
            panel.epoch,
            render_in_languages("people", presence.render_panel, panel.people, languages),
        )
        for room, (mark, languages) in known.items()
        if (panel := seen.get(room)) and mark != ((panel.announced_at,), panel.epoch)
    }


@with_own_connection
def typing_part(room, languages):
    """The typing line of that room."""
    names = typing_indicator.current_typists(room)
    # The epoch last: who was there to be read of is not newer than it is.
    epoch = Room.objects.filter(pk=room).values_list("epoch", flat=True).first()
    return RenderedPart(
        names, epoch or 0, render_in_languages("typing", typing_indicator.render_typing, names, languages)
    )


def render_in_languages(place, paint, what, languages):
    painted = {}
    for language in languages:
        with translation.override(language):
            painted[language] = sidebar.oob_part(place, paint(what)).encode()
    return painted


def batches(values):
    """As many lists of them as it takes for each to find room in one statement."""
    values = list(values)
    return [values[start : start + BATCH] for start in range(0, len(values), BATCH)]
