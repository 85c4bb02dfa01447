"""Error pages: each says what happened and what to do next; what the person typed is kept."""

from typing import Any

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.forms import Form
from django.http import HttpResponse
from django.middleware.csrf import REASON_NO_CSRF_COOKIE
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from chat import error_responses, proxies, responses
from chat.access.origin import is_from_our_page
from chat.access.rooms import membership_of, room_to_join
from chat.composer import new_token
from chat.error_responses import error_response
from chat.exceptions import LimitExceeded, Refused, RoomMoved
from chat.forms.join import JoinForm
from chat.forms.messages import MessageForm
from chat.models import Room
from chat.types import Request
from chat.views.join import join_page
from chat.views.messages import fresh_csrf_token, send_error_fragment

BUSY_FOR = 5  # seconds until a browser may retry after a database error
VISITORS_FORMS = {  # by URL name, for visitors without a session
    "join",
    "join_here",
    "invite",
    "sign_in",
    "sign_in_code",
    "create_account",
    "reset",
    "new_password",
    "use_sign_in_link",
    "login",
}
FORMS = {  # by URL name, for text that is kept when a form expired
    "send": MessageForm,
    "toggle": MessageForm,
    "join": JoinForm,
    "join_here": JoinForm,
    "invite": JoinForm,
}


def bad_request(request: Request, exception: Exception | None = None) -> HttpResponse:
    sentence = _("The address or the form was incomplete. Nothing was changed.")
    if isinstance(exception, DisallowedHost):
        proxies.log_foreign_host(request)
        sentence = _("This site doesn’t know this host name. Its operator must check ALLOWED_HOSTS and the proxy.")
    return error_response(request, 400, _("Bad request"), sentence)


def proxy_mistake(request: Request, sentence: str) -> HttpResponse:
    return error_response(request, 400, _("Proxy not set up correctly"), sentence)


def outside_subpath(request: Request) -> HttpResponse:
    proxies.log_missing_subpath()
    sentence = _("On this host, this site is at %(path)s.") % {"path": reverse("home")}
    return error_response(request, 404, _("Page not found"), sentence)


def forbidden(request: Request, exception: Exception | None = None) -> HttpResponse:
    """The page for status 403. It tells members of the room who may do this, and links back to the room."""
    where = request.resolver_match
    membership = where and "slug" in where.kwargs and membership_of(request, where.kwargs["slug"])
    if not membership:
        sentence = _("You don’t have permission for this. Nothing was changed.")
        return error_response(request, 403, _("No permission"), sentence)
    sentence = _("Only the owner or moderators can do this. Nothing was changed.")
    if membership.room.is_direct_message:
        sentence = _("A direct message doesn’t have this page.")
    way = membership.room.get_absolute_url(), _("Back to %(room)s") % {"room": membership.room.name}
    return error_response(request, 403, _("No permission"), sentence, way=way)


def not_found(request: Request, exception: Exception | None = None) -> HttpResponse:
    sentence = _("This page doesn’t exist, or you don’t have access.")
    if settings.CREATE_ROOMS == "anyone":
        sentence += " " + _("You can create a room with any name.")
    sentence, way = getattr(exception, "sentence", sentence), getattr(exception, "way", None)
    return error_response(request, 404, _("Page not found"), sentence, way=way)


def broken(request: Request) -> HttpResponse:
    return error_response(
        request,
        500,
        _("Something went wrong"),
        _("This was our fault, and it has been logged. Try again in a moment."),
    )


def wrong_method(request: Request, response: HttpResponse) -> HttpResponse:
    """For a method that the URL does not accept. GET redirects to the room or home page, others get a 405.

    GET is mostly someone who reloads the URL of a form.
    """
    if request.method in ("GET", "HEAD"):
        slug = request.resolver_match.kwargs.get("slug")
        return responses.redirect(request, reverse("room", args=[slug]) if slug else reverse("home"))
    sentence = _("This address can’t be used this way. Nothing was changed.")
    return error_response(request, 405, _("Method not allowed"), sentence, headers={"Allow": response.headers["Allow"]})


def not_a_member(request: Request, room: Room) -> HttpResponse:
    """The response to someone who is not in this room: a redirect to the join page.

    A submitted form gets an error that keeps its text and offers to join, or says why they can't rejoin. htmx gets a
    notice instead of a redirect, and a frame gets a page with a link.
    """
    membership = membership_of(request, room.slug)
    refusal = membership.rejoin_refusal if membership else None
    if request.resolver_match.url_name in ("live", "compose"):
        return error_responses.not_a_member_frame(request, room, refusal)
    if request.method in ("GET", "HEAD"):
        return error_responses.not_a_member(request, room, refusal)
    if refusal:
        sentence = " ".join((str(refusal.message), _("This wasn’t sent. Your text is kept here.")))
        return error_response(request, 403, _("Not in this room"), sentence, again=True)
    sentence = _("You’re no longer in this room, so this wasn’t sent. Join again first. Your text is kept here.")
    return error_response(request, 403, _("Not in this room"), sentence, again=True, target_room=room)


def room_moved(request: Request, room: Room) -> HttpResponse:
    """Redirect to the same page at the room's current address, or to the room for a submitted form.

    A message's address has no slug, so it leads to the room too.
    """
    where = request.resolver_match
    if "slug" not in where.kwargs or request.method not in ("GET", "HEAD"):
        return responses.redirect(request, room.get_absolute_url())
    url = reverse(where.url_name, kwargs=where.kwargs | {"slug": room.slug})
    query = request.META.get("QUERY_STRING")
    return responses.redirect(request, f"{url}?{query}" if query else url)


def refused(request: Request, refusal: Refused) -> HttpResponse:
    """Show the reason why a verb refused, if no form can show it; often someone else was faster. Status 409."""
    return error_response(request, 409, _("Not possible"), str(refusal.message), again=True)


def invite_not_usable(request: Request, reason: str) -> HttpResponse:
    """Show why an invite can't be used, without naming the room: status 410, or 422 for a submitted form."""
    return error_response(request, 422 if request.method == "POST" else 410, _("Invite not valid"), reason)


def too_many(request: Request, exceeded: LimitExceeded) -> HttpResponse:
    wait = ngettext("Try again in %d second.", "Try again in %d seconds.", exceeded.wait) % exceeded.wait
    sentence = " ".join((_("You did this too often in a short time, so nothing was changed."), wait))
    return error_response(
        request, 429, _("Too many requests"), sentence, again=True, headers={"Retry-After": str(exceeded.wait)}
    )


def unavailable(request: Request) -> HttpResponse:
    sentence = _("The server couldn’t save this. Try again in a few seconds.")
    return error_response(request, 503, _("Server busy"), sentence, again=True, headers={"Retry-After": str(BUSY_FOR)})


def stale_form(request: Request, reason: str = "") -> HttpResponse:
    """The answer to a form without a valid CSRF token.

    It offers to send the form again if one of our pages sent it, and refuses it otherwise.
    """
    sentence = _why_stale(request, reason)
    if not is_from_our_page(request):
        if mistake := proxies.form_mistake(request):
            return error_response(request, 403, _("Proxy not set up correctly"), mistake)
        then = _("Copy what you typed, go back and reload.")
        return error_response(request, 403, _("Form not accepted"), f"{sentence} {then}")
    where = request.resolver_match
    if where.url_name in ("typing", "leftover"):
        return fresh_csrf_token(request)
    form = FORMS.get(where.url_name or "", Form)(request.POST)
    form.add_error(getattr(form, "error_field", None), sentence)
    if responses.is_htmx(request) and isinstance(form, MessageForm):
        return send_error_fragment(request, form, new_token(), new_csrf_token=True)
    if responses.is_htmx(request) and isinstance(form, JoinForm):
        return _join_form_again(request, form, where.kwargs)
    return error_response(request, 422, _("Please try again"), sentence, again=True)


def _why_stale(request: Request, reason: str) -> str:
    """Say why this form has no valid CSRF token, and what to do now.

    Only people with a session get the form of a room, so one without any cookie has lost it. A visitor's form without a
    cookie may come from a browser that blocks cookies.
    """
    if reason != REASON_NO_CSRF_COOKIE or settings.SESSION_COOKIE_NAME in request.COOKIES:
        return _("This page was open for a long time, so nothing was changed. Please try again.")
    url_name = request.resolver_match.url_name
    if url_name in VISITORS_FORMS:
        return _(
            "Your browser sent no cookie with this form, so nothing was changed. Try again. If you "
            "see this page again, allow cookies for this site in your browser’s settings."
        )
    if FORMS.get(url_name or "") is MessageForm:
        return _(
            "Your browser’s cookies for this site were deleted, so you’re no longer signed in. "
            "Join the room again, then send your message."
        )
    return _(
        "Your browser’s cookies for this site were deleted, so you’re no longer signed in. Join or sign in again first."
    )


def _join_form_again(request: Request, form: JoinForm, where: dict[str, Any]) -> HttpResponse:
    """Show the join form again (422), with what was typed and a fresh CSRF token. `where` has the URL's arguments.

    For an invite link, the form shows no room, because neither the invite nor its room has been looked up.
    """
    slug = where.get("slug")
    form.target_room, form.address = (Room(), request.path) if "key" in where else (slug and _room_at(slug), "")
    return join_page(request, form, 422)


def _room_at(slug: str) -> Room:
    """The room whose join page is at `slug`, also at a former address. Raises Http404 if it is private or missing."""
    try:
        return room_to_join(slug)
    except RoomMoved as moved:
        return moved.room
