"""Join requests: the page to wait on, and cancelling, approving or declining a request."""

from functools import partial

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from chat import responses
from chat.access.members import join_request_to_answer
from chat.access.rooms import membership_with_join_request
from chat.exceptions import NotAMember
from chat.forms.join_requests import JoinRequestAnswerForm
from chat.message_links import destination, message_of, with_message
from chat.models import Membership
from chat.types import Request
from chat.views.members import back_to_members, members_page


@require_safe
def waiting(request: Request, slug: str) -> HttpResponse:
    """The page of a join request that is open, declined, or approved with a message. It updates itself.

    Redirects to the room, or the message whose link was opened, once the request is approved without an answer; to the
    room if there is no join request.
    """
    try:
        membership = membership_with_join_request(request, slug).record_seen()
    except NotAMember as refusal:
        return responses.leave_page(request, with_message(refusal.room.get_absolute_url(), message_of(request)))
    if membership.is_inside and not membership.answer:
        return responses.leave_page(request, destination(request, membership.room))
    return _join_request_page(request, membership)


def _join_request_page(request: Request, membership: Membership) -> HttpResponse:
    room = membership.room
    before = room.memberships.waiting().filter(joined_at__lt=membership.joined_at).count()
    message = message_of(request)
    ask_again = with_message(room.get_absolute_url(), message)
    context = {
        "membership": membership,
        "room": room,
        "place": before + 1,
        "page_url": with_message(request.path, message),
        "way_on": destination(request, room) if membership.is_inside else ask_again,
    }
    if responses.is_htmx(request):
        return responses.fragment(request, "partials/join_request.html", context)
    return responses.page(request, "rooms/join_request.html", context)


@require_POST
def cancel(request: Request, slug: str) -> HttpResponse:
    """Cancel your own join request."""
    membership = membership_with_join_request(request, slug)
    cancelled = membership.is_waiting and membership.leave()
    return responses.redirect(request, reverse("home") + ("" if cancelled else "?stale=cancel"))


@require_POST
def answer(request: Request, slug: str, pk: int) -> HttpResponse:
    """Approve or decline a join request, with an optional message."""
    by, member = join_request_to_answer(request, slug, pk)
    form = JoinRequestAnswerForm(request.POST)
    verb = member.approve if "approve" in request.POST else member.decline_request
    if form.submit(partial(verb, by=by)):
        return back_to_members(request, by.room, form.result or "answer")
    return members_page(request, by, {"form": form, "refused": member}, 422)
