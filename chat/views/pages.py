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
    return _page(request, _("Privacy and legal notice"), Site.current().privacy)


def _page(request: Request, title: str, text: str) -> HttpResponse:
    if not text:
        raise Http404
    return responses.page(request, "site_page.html", {"title": title, "text": text})
