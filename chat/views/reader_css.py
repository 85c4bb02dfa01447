"""Stylesheets that adapt the HTML shared by all readers to one reader, or to one streamed page."""

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from chat.access.rooms import membership_of
from chat.realtime import delta, reader_css
from chat.types import Request


@require_safe
def stylesheet(request: Request, slug: str) -> HttpResponse:
    """The stylesheet that marks the reader's own and first unread messages. Non-members get an empty one."""
    return reader_css.reader_stylesheet(membership_of(request, slug), delta.parse_number(request.GET.get("unread", "")))


@require_safe
def superseded(request: Request, slug: str) -> HttpResponse:
    """The stylesheet that hides an outdated state of the log in a streamed page, to which HTML can only be added.

    It reveals nothing about the room, so nobody is refused.
    """
    line, version = (delta.parse_number(request.GET.get(name, "")) for name in ("line", "version"))
    return reader_css.superseded_stylesheet(line or 0, version)
