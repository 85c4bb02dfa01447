"""The parts of a page that update apart from the log: the panel of members, and the typing indicator."""

from django.conf import settings
from django.http import HttpRequest
from django.template.loader import render_to_string

from chat.gate.sidebar import IN_FLIGHT_SECONDS
from chat.models import Membership, Room
from chat.realtime import grants, presence, typing_indicator


def for_page(request: HttpRequest, membership: Membership) -> dict[str, object]:
    """The sidebar's template context, for a page that is opened.

    Also keeps the gate from sending this page a panel older than the one in the context.
    """
    panel = presence.panel_for_page(membership)
    html = presence.render_panel(panel.people)
    grants.supersede_panel(request, membership.room, panel.epoch, oob_part("people", html))
    return {"panel": html, "typing": settings.TYPING}


def due_parts(request: HttpRequest, room: Room, at: int | None) -> str:
    """The sidebar's parts that changed after `at`, the Unix time of the page's last answer, as out-of-band HTML.

    An empty string if `at` is None.
    """
    return _panel_due(request, room, at) + _typing_due(room, at) if at is not None else ""


def _panel_due(request: HttpRequest, room: Room, at: int) -> str:
    gated = grants.has_gate(request)
    panel = presence.panel_for_poll(room, gated)
    # The gate may learn of a change up to REFRESH_SECONDS later, and answer this page without it until then.
    delay = presence.REFRESH_SECONDS if gated else 0
    if panel is None or at > panel.announced_at + delay + IN_FLIGHT_SECONDS:
        return ""
    html = oob_part("people", presence.render_panel(panel.people))
    grants.supersede_panel(request, room, panel.epoch, html)
    return html


def _typing_due(room: Room, at: int) -> str:
    typists, until = typing_indicator.last_typing(room)
    if until is None or at > until + IN_FLIGHT_SECONDS:
        return ""
    # The names may be newer than the check of the reader's rights. Raising the epoch makes
    # `access.rooms.guarded_read` check them again.
    room.epoch = Room.objects.filter(pk=room.pk).values_list("epoch", flat=True).first() or room.epoch
    return oob_part("typing", typing_indicator.render_typing(typists))


def oob_part(place: str, html: str) -> str:
    """Wrap the HTML in an htmx out-of-band swap, which replaces the content of the element with the id `place`."""
    return render_to_string("partials/oob.html", {"place": place, "html": html})
