"""How an error is shown: a notice for htmx, otherwise a page; what was typed is kept."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from chat import responses
from chat.composer import refused_composer
from chat.exceptions import Refused
from chat.message_links import with_message
from chat.models import Room
from chat.realtime import delta
from chat.types import Request

PASSWORDS = {"password", "old", "new", "code"}  # fields that are never sent back in a page


def not_a_member(request: Request, room: Room, refusal: Refused | None = None) -> HttpResponse:
    """Answer a non-member's request for a page of a room: redirect to the join page, or 403 for htmx.

    The join page leads on to the message if this was its link. `refusal` says why they can't rejoin; None if they can.
    """
    if responses.is_htmx(request):
        sentence = str(refusal.message) if refusal else _("You’re no longer in this room. Join again first.")
        return error_response(request, 403, _("Not in this room"), sentence)
    where = request.resolver_match
    message = where.kwargs["pk"] if where.url_name == "message" else None
    return responses.redirect(request, with_message(room.get_absolute_url(), message))


def not_a_member_frame(request: Request, room: Room, refusal: Refused | None = None) -> HttpResponse:
    """Answer a non-member's request for a frame of a room: it reloads itself and links to the join page. Status 403."""
    context, headers = {"room": room, "refusal": refusal}, {"Refresh": "10"}
    return responses.fragment(request, "rooms/not_a_member_frame.html", context, 403, headers)


def error_response(
    request: Request,
    status: int,
    title: str,
    sentence: str,
    again: bool = False,
    target_room: Room | None = None,
    way: tuple[str, str] | None = None,
    headers: responses.Headers = None,
) -> HttpResponse:
    """An error: for htmx a notice out of band, which leaves the page as it is, otherwise a page.

    `again` offers to send the submitted form again with its values; never a form with passwords or one of the admin.
    `target_room` is a room to offer for joining, `way` the URL and the label of a link to offer.
    """
    context = {"title": title, "sentence": sentence, "target_room": target_room, "way": way}
    again = again and _can_be_sent_again(request)
    if again and request.POST.get("frame") and request.resolver_match.url_name in ("send", "toggle"):
        response = render(request, "rooms/compose.html", context | _typed_in_frame(request, sentence), status=status)
    elif responses.is_htmx(request):
        response = _notice(request, context, status)
    else:
        response = render(request, "error.html", context | (_typed(request) if again else {}), status=status)
    return responses.vary_on_htmx(response, headers)


def _can_be_sent_again(request: Request) -> bool:
    is_ours = request.method == "POST" and not request.resolver_match.namespaces
    return is_ours and not any(name in PASSWORDS for name in request.POST)


def _notice(request: Request, context: dict[str, Any], status: int) -> HttpResponse:
    """The error as a notice for htmx. An empty response if a poll or another GET failed with a status from 500 on.

    The page then shows its connection banner; a notice would stay, because no later poll removes it. Also empty if
    a draft could not be saved: the page sends it again as the person types on.
    """
    if _is_silent(request, status):
        return HttpResponse(status=status)
    # Without SWAP_NOTHING htmx would replace the form by the empty rest of a 422.
    return responses.fragment(request, "partials/notice.html", context, status, responses.SWAP_NOTHING)


def _is_silent(request: Request, status: int) -> bool:
    if request.method == "GET":
        return status >= 500
    return status >= 429 and getattr(request.resolver_match, "url_name", "") == "typing"


def _typed_in_frame(request: Request, sentence: str) -> dict[str, Any]:
    """Return the context of the composer frame after a refusal: the typed text, and `sentence` as its error.

    The form keeps its token, so that the text is never posted twice.
    """
    slug, number = request.resolver_match.kwargs["slug"], delta.parse_number(request.POST.get("n", "")) or 1
    composer = refused_composer(slug, request.POST, sentence, number)
    page = {"page_key": request.POST.get("page", ""), "frame": True}
    return page | {"composer": composer, "room": Room(slug=slug)}


def _typed(request: Request) -> dict[str, Any]:
    """The submitted values: room, nickname and message text in fields that can be edited, all others hidden."""
    labels = {"room": _("Room"), "nickname": _("Your name"), "text": _("Message")}
    posted = {name: value for name, value in request.POST.items() if name != "csrfmiddlewaretoken"}
    return {
        "again": True,
        "typed": [(name, labels[name], value) for name, value in posted.items() if name in labels],
        "hidden": [(name, value) for name, value in posted.items() if name not in labels],
    }
