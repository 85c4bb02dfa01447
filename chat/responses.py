"""How a view responds: a page, a fragment for htmx or a redirect; the only module that reads request.htmx."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.utils.encoding import iri_to_uri
from django.utils.http import url_has_allowed_host_and_scheme

from chat import identity
from chat.types import Request

Context = Mapping[str, Any] | None
Headers = Mapping[str, str] | None

STOP_POLLING = 286  # htmx swaps the response in and stops polling
POLL_NOW = {"HX-Trigger": "asked"}
PUSH_URL, RETARGET, RESWAP = "HX-Push-Url", "HX-Retarget", "HX-Reswap"  # the address bar's URL, where, how
REPLACE_JOIN_FORM = {RETARGET: "#join", RESWAP: "outerHTML"}
SWAP_NOTHING = {RESWAP: "none"}


def is_htmx(request: Request) -> bool:
    """Whether htmx sent the request. False if no middleware has set `request.htmx`, as in some error pages."""
    return bool(getattr(request, "htmx", None))


def page(request: Request, template: str, context: Context = None, status: int = 200) -> HttpResponse:
    identity.renew_session(request)
    return vary_on_htmx(render(request, template, context, status=status))


def fragment(
    request: Request, template: str, context: Context = None, status: int = 200, headers: Headers = None
) -> HttpResponse:
    """Part of a page, for htmx. The middleware adds `Cache-Control: private, no-store`."""
    return vary_on_htmx(render(request, template, context, status=status), headers)


def cached_fragment(request: Request, template: str, context: Context = None, seconds: int = 0) -> HttpResponse:
    """Render a fragment that is the same for everyone; the browser caches it for `seconds`."""
    response = render(request, template, context)
    patch_cache_control(response, private=True, max_age=seconds)
    return response


def redirect(request: Request, url: str, to_next: bool = True) -> HttpResponse:
    """A redirect (303) to the form's `next` if `to_next` and that is a page of this site, otherwise to `url`."""
    back = request.POST.get("next", "") if to_next else ""
    if back.isprintable() and back and url_has_allowed_host_and_scheme(back, {request.get_host()}, request.is_secure()):
        url = back
    return vary_on_htmx(HttpResponse(status=303, headers={"Location": iri_to_uri(url)}))


def leave_page(request: Request, url: str) -> HttpResponse:
    """Make the browser open `url` as a whole page, even if htmx requested only a fragment."""
    if request.htmx:
        return vary_on_htmx(HttpResponse(), {"HX-Redirect": iri_to_uri(url)})
    return redirect(request, url)


def no_content() -> HttpResponse:
    return vary_on_htmx(HttpResponse(status=204))


def poll_response(html: str, continues: bool = True, replaces_poller: bool = False) -> HttpResponse:
    """The answer to a poll, never a redirect or an error. `continues=False` is 286, which makes htmx stop polling."""
    headers = {RESWAP: "outerHTML settle:0ms"} if replaces_poller else {}
    return vary_on_htmx(HttpResponse(html, status=200 if continues else STOP_POLLING), headers)


def vary_on_htmx(response: HttpResponse, headers: Headers = None) -> HttpResponse:
    """Set these headers, tell caches (Vary) that htmx may get another answer at this URL, and return the response."""
    for name, value in (headers or {}).items():
        response.headers[name] = value
    patch_vary_headers(response, ["HX-Request"])
    return response
