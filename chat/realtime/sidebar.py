"""What is told beside the log: who is here and who types, out of band, to pages that have not heard of it yet."""

from django.conf import settings
from django.template.loader import render_to_string

from chat.models import Room
from chat.realtime import grants, presence, typing_indicator

IN_FLIGHT_SECONDS = 1  # seconds that an answer may have been under way: what it told may be as old as that


def for_page(request, membership):
    """What a page shows as it opens; a gate must not follow it up with an older panel."""
    panel = presence.panel_for_page(membership)
    html = presence.render_panel(panel.people)
    grants.supersede_panel(request, membership.room, panel.epoch, oob_part("people", html))
    return {"panel": html, "typing": settings.TYPING}


def due_parts(request, room, at):
    """What a page that was last told something `at` that time has to hear of beside the log."""
    return _panel_due(request, room, at) + _typing_due(room, at) if at is not None else ""


def _panel_due(request, room, at):
    gated = grants.has_gate(request)
    panel = presence.panel_for_poll(room, gated)
    # A gate hears of a change by its next round; until then it may have told this page other things.
    late = presence.REFRESH_SECONDS if gated else 0
    if panel is None or at > panel.changed_at + late + IN_FLIGHT_SECONDS:
        return ""
    html = oob_part("people", presence.render_panel(panel.people))
    grants.supersede_panel(request, room, panel.epoch, html)
    return html


def _typing_due(room, at):
    names, until = typing_indicator.last_typing(room.pk)
    if until is None or at > until + IN_FLIGHT_SECONDS:
        return ""
    # Names may be newer than the right to see them: `access.reading_through` then asks for that once more.
    room.epoch = Room.objects.filter(pk=room.pk).values_list("epoch", flat=True).first() or room.epoch
    return oob_part("typing", typing_indicator.render_typing(names))


def oob_part(place, html):
    """This HTML as what is now inside the element of that id."""
    return render_to_string("partials/oob.html", {"place": place, "html": html})
