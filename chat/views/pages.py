"""The pages with the site's rules and its privacy and legal notice, as written in the admin."""

from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from chat import responses
from chat.models import Site
from chat.types import Request


@require_safe
def rules(request: Request) -> HttpResponse:
    return _page(request, _("Rules"), Site.current().rules)


@require_safe
def privacy(request: Request) -> HttpResponse:
    note = _(
        "What you type in a room is sent to this site while you type, and saved as a draft so that it isn’t lost. The "
        "site shows it only to you. It’s deleted when you send it, empty the field or leave the room, or after 30 days."
    )
    return _page(request, _("Privacy and legal notice"), Site.current().privacy, note)


def _page(request: Request, title: str, text: str, note: str = "") -> HttpResponse:
    """A page with this text of the operator's, and `note`, Parlour's own. Raises Http404 if there is no text."""
    if not text:
        raise Http404
    return responses.page(request, "site_page.html", {"title": title, "text": text, "note": note})
