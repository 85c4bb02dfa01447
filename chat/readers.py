"""What the gate asks of Django for readers who wait, in a thread and on nobody's behalf: without request or session."""

from functools import wraps
from itertools import chain

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import close_old_connections
from django.db.models import OuterRef, Subquery
from django.utils import timezone, translation

from chat import beside, changes, news, retention, typing_line, watch
from chat import panels as who_is_here
from chat.gate.beside import Made
from chat.gate.paintings import Painting
from chat.models import Membership, Room
from chat.sessions import switched_on

session_cookie = settings.SESSION_COOKIE_NAME
longest_log = changes.LONGEST_LOG
most_changes = changes.MOST_CHANGES
listen = news.listen
mark = watch.mark

AT_ONCE = 1000  # values in one statement: databases bound that
PAINTERS = {"poll": changes.painting, "stream": changes.stream}


def in_a_thread(ask):
    """Around each question the thread's connection is looked after, as Django does around a request."""

    @wraps(ask)
    def tidied(*arguments):
        close_old_connections()
        try:
            return ask(*arguments)
        finally:
            close_old_connections()

    return tidied


@in_a_thread
def paint(room, since, variant):
    """The Painting that brings pages in this language and time zone from `since` to now, or paints them whole (None).

    None where there is no such room any more.
    """
    language, zone, kind = variant
    found = Room.objects.filter(pk=room).first()
    if found is None:
        return None
    with translation.override(language), timezone.override(zone):
        reading = changes.since(found, changes.Cursor(since, since))
        html = PAINTERS[kind](reading).encode()
    return Painting(reading.room.version, reading.room.epoch, reading.whole, html)


@in_a_thread
def versions(rooms):
    """Version and epoch of each of these rooms that is still there."""
    found = [Room.objects.filter(pk__in=some).values_list("pk", "version", "epoch") for some in parts(rooms)]
    return {pk: (version, epoch) for pk, version, epoch in chain(*found)}


@in_a_thread
def still_hold(room, readers):
    """The room's epoch, and those of `readers` (session, member, standing) who may read it still."""
    # The epoch first: what is taken away after that raises it once more, and is asked about again.
    epoch = Room.objects.filter(pk=room).values_list("epoch", flat=True).first()
    return epoch or 0, set(chain(*(holding(room, some) for some in parts(readers))))


def holding(room, readers):
    """Those of them whose session is alive, who are in the room, and to whom it was granted since all was taken."""
    sessions, members, _standings = map(set, zip(*readers, strict=True))
    living = Session.objects.filter(session_key__in=sessions, expire_date__gt=timezone.now())
    alive = set(living.values_list("session_key", flat=True))
    inside = Membership.objects.filter(switched_on("participant__"), room=room, status=Membership.Status.IN)
    inside = inside.filter(pk__in=members)
    standings = {
        pk: tuple(now) for pk, *now in inside.values_list("pk", "participant", "participant__generation", "room__moves")
    }
    return {(s, m, standing) for s, m, standing in readers if s in alive and standings.get(m) == standing}


@in_a_thread
def were_here(members, reading):
    """Note a sign of life of all of them, a thousand in one statement, and that those who are `reading` just now have
    read what was said."""
    room = Room.objects.filter(pk=OuterRef("room"))
    read = {f"read_{counter}": Subquery(room.values(counter)) for counter in ("version", "said")}
    for some in parts(members - reading):
        Membership.objects.filter(pk__in=some).update(seen_at=timezone.now())
    for some in parts(reading):
        Membership.objects.filter(pk__in=some).update(seen_at=timezone.now(), **read)


@in_a_thread
def tidy():
    """Throw away what nobody needs any more."""
    retention.tidy()


@in_a_thread
def panels(known):
    """Of these rooms the panels that differ from what is known of them: mark and epoch, and the languages to paint."""
    seen = who_is_here.look(list(known))
    return {
        room: Made(
            (panel.changed_at,), panel.epoch, in_languages("people", who_is_here.painted, panel.people, languages)
        )
        for room, (mark, languages) in known.items()
        if (panel := seen.get(room)) and mark != ((panel.changed_at,), panel.epoch)
    }


@in_a_thread
def typing(room, languages):
    """The typing line of that room."""
    names = typing_line.now(room)
    # The epoch last: who was there to be read of is not newer than it is.
    epoch = Room.objects.filter(pk=room).values_list("epoch", flat=True).first()
    return Made(names, epoch or 0, in_languages("typing", typing_line.painted, names, languages))


def in_languages(place, paint, what, languages):
    painted = {}
    for language in languages:
        with translation.override(language):
            painted[language] = beside.part(place, paint(what)).encode()
    return painted


def parts(values):
    """As many lists of them as it takes for each to find room in one statement."""
    values = list(values)
    return [values[start : start + AT_ONCE] for start in range(0, len(values), AT_ONCE)]
