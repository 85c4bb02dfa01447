"""Readers: the stylesheet that makes the painting which all share one's own."""

from django.views.decorators.http import require_safe

from chat.access.rooms import membership_of
from chat.realtime import delta, reader_css


@require_safe
def stylesheet(request, slug):
    """My own messages set apart. A stranger gets an empty sheet: it tells nothing of the room."""
    return reader_css.reader_stylesheet(membership_of(request, slug), delta.parse_number(request.GET.get("unread", "")))


@require_safe
def superseded(request, slug):
    """Hides the earlier states of a line in a page that can only be gone on with. It tells nothing of the room."""
    line, version = (delta.parse_number(request.GET.get(name, "")) for name in ("line", "version"))
    return reader_css.superseded_stylesheet(line or 0, version or 0)
