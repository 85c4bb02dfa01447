"""What is told beside the log: who is here and who types, out of band, to pages that have not heard of it yet."""

from django.conf import settings
from django.template.loader import render_to_string

from chat import grants, panels, typing_line
from chat.models import Room

UNDER_WAY = 1  # seconds that an answer may have been under way: what it told may be as old as that


def of_page(request, membership):
    """What a page shows as it opens; a gate must not follow it up with an older panel."""
    panel = panels.of(membership)
    html = panels.painted(panel.people)
    grants.overtake(request, membership.room, panel.epoch, part("people", html))
    return {"panel": html, "typing": settings.TYPING}


def due(request, room, at):
    """What a page that was last told something `at` that time has to hear of beside the log."""
    return _panel_due(request, room, at) + _typing_due(room, at) if at is not None else ""


def _panel_due(request, room, at):
    gated = grants.is_gated(request)
    panel = panels.for_poll(room, gated)
    # A gate hears of a change by its next round; until then it may have told this page other things.
    late = panels.EVERY if gated else 0
    if panel is None or at > panel.changed_at + late + UNDER_WAY:
        return ""
    html = part("people", panels.painted(panel.people))
    grants.overtake(request, room, panel.epoch, html)
    return html


def _typing_due(room, at):
    names, until = typing_line.last(room.pk)
    if until is None or at > until + UNDER_WAY:
        return ""
    # Names may be newer than the right to see them: `access.reading_through` then asks for that once more.
    room.epoch = Room.objects.filter(pk=room.pk).values_list("epoch", flat=True).first() or room.epoch
    return part("typing", typing_line.painted(names))


def part(place, html):
    """This HTML as what is now inside the element of that id."""
    return render_to_string("partials/part.html", {"place": place, "html": html})
