"""Pages of the site's own: the rules, and the privacy and legal notice, as written in the admin."""

from django.http import Http404
from django.shortcuts import redirect
from django.templatetags.static import static
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from chat import responses
from chat.models import Site


@require_safe
def rules(request):
    return _page(request, _("Rules"), Site.current().rules)


@require_safe
def privacy(request):
    return _page(request, _("Privacy and legal notice"), Site.current().privacy)


@require_safe
def favicon(request):
    """Browsers ask for this where a page names no icon, as the admin's pages do."""
    return redirect(static("favicon.svg"))


def _page(request, title, text):
    if not text:
        raise Http404
    return responses.page(request, "site_page.html", {"title": title, "text": text})
