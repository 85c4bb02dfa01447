"""What browsers and search engines look for at fixed places: the icon, the web app manifest and robots.txt."""

from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from chat.models import Site
from chat.types import Request

PAPER = "#fcfaf6"  # the page's background in the light theme, as in the stylesheet; a manifest has one colour only
ICONS = (
    {"src": "favicon.svg", "sizes": "any", "type": "image/svg+xml"},
    {"src": "icon-192.png", "sizes": "192x192", "type": "image/png"},
    {"src": "icon-512.png", "sizes": "512x512", "type": "image/png"},
    {"src": "icon-maskable-512.png", "sizes": "512x512", "type": "image/png", "purpose": "maskable"},
)
# Pages about the visitor.
NOT_FOR_SEARCH_ENGINES = ("account", "preferences", "my_rooms")


@require_safe
def favicon(request: Request) -> HttpResponse:
    """Redirect to the icon. Browsers request this URL for pages that name no icon, such as the admin's."""
    return redirect(static("favicon.svg"))


@require_safe
def manifest(request: Request) -> HttpResponse:
    """The web app manifest, with which the site can be installed on a home screen."""
    site, home = Site.current(), reverse("home")
    names = {"name": site.name, "short_name": site.name, "lang": get_language()}
    where = {"id": home, "start_url": home, "scope": home, "display": "standalone"}
    colours = {"background_color": PAPER, "theme_color": PAPER}
    icons = [icon | {"src": static(icon["src"])} for icon in ICONS]
    content = names | {"description": site.introduction} | where | colours | {"icons": icons}
    return JsonResponse(content, content_type="application/manifest+json")


@require_safe
def robots(request: Request) -> HttpResponse:
    """Tell search engines to leave out pages about the visitor, and links to messages, which need a membership.

    Invite and sign-in links are not in here: search engines must load their pages to read that they are `noindex`.
    """
    paths = [*map(reverse, NOT_FOR_SEARCH_ENGINES), f"{reverse('home')}messages/"]
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in paths)]
    return HttpResponse("\n".join([*lines, ""]), content_type="text/plain; charset=utf-8")
