"""How a view answers: a page, a fragment for htmx or a redirect; the only reader of request.htmx."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.utils.encoding import iri_to_uri
from django.utils.http import url_has_allowed_host_and_scheme

from chat import identity

STOP_POLLING = 286  # htmx swaps this answer in and polls no more
POLL_NOW = {"HX-Trigger": "asked"}
REPLACE_JOIN_FORM = {"HX-Retarget": "#join", "HX-Reswap": "outerHTML"}
SWAP_NOTHING = {"HX-Reswap": "none"}


def is_htmx(request):
    return bool(getattr(request, "htmx", None))


def page(request, template, context=None, status=200):
    """A whole page."""
    identity.renew_session(request)
    return vary_on_htmx(render(request, template, context, status=status))


def fragment(request, template, context=None, status=200, headers=None):
    """A part of a page, for htmx."""
    return vary_on_htmx(render(request, template, context, status=status), headers)


def cached_fragment(request, template, context=None, seconds=0):
    """A fragment that is the same for everyone, which browsers keep for `seconds`."""
    response = render(request, template, context)
    patch_cache_control(response, private=True, max_age=seconds)
    return response


def redirect(request, url):
    """A redirect after a write (303): to the page of this site that the form named as `next`, otherwise to `url`."""
    back = request.POST.get("next", "")
    if back.isprintable() and back and url_has_allowed_host_and_scheme(back, {request.get_host()}, request.is_secure()):
        url = back
    return vary_on_htmx(HttpResponse(status=303, headers={"Location": iri_to_uri(url)}))


def leave_page(request, url):
    """Replace the whole page by another one, even if htmx asked for a fragment of it."""
    if request.htmx:
        return vary_on_htmx(HttpResponse(), {"HX-Redirect": iri_to_uri(url)})
    return redirect(request, url)


def no_content():
    return vary_on_htmx(HttpResponse(status=204))


def poll_response(html, continues=True, replaces_poller=False):
    """The answer to a poll: never a redirect, an error or a cookie. Status 286 ends the polling."""
    headers = {"HX-Reswap": "outerHTML settle:0ms"} if replaces_poller else {}
    return vary_on_htmx(HttpResponse(html, status=200 if continues else STOP_POLLING), headers)


def push_url(url):
    """Headers that put `url` into the browser's address bar."""
    return {"HX-Push-Url": url}


def vary_on_htmx(response, headers=None):
    """Set `headers`, and tell caches that htmx may get something else from the same URL."""
    for name, value in (headers or {}).items():
        response.headers[name] = value
    patch_vary_headers(response, ["HX-Request"])
    return response
