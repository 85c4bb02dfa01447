"""A room: showing it to members, its join page to everyone else, and leaving it."""

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from chat import identity, responses
from chat.access.rooms import membership_of, membership_to_read, room_to_join
from chat.exceptions import NotAMember, NotYetAMember
from chat.forms.join import JoinForm
from chat.message_links import destination, message_of, with_message
from chat.types import Request
from chat.views.join import join_page
from chat.views.room_page import mark_previous_room_read, room_context, room_page


@require_safe
def room(request: Request, slug: str) -> HttpResponse:
    mark_previous_room_read(request)
    try:
        membership = membership_to_read(request, slug).record_seen()
    except NotYetAMember as pending:
        return responses.redirect(request, with_message(reverse(pending.page, args=[slug]), message_of(request)))
    except NotAMember:
        return _join_page_of(request, slug)
    if message_of(request):
        return responses.redirect(request, destination(request, membership.room))
    return room_page(request, membership)


def _join_page_of(request: Request, slug: str) -> HttpResponse:
    membership = membership_of(request, slug)
    participant = identity.participant_of(request)
    initial = {"nickname": membership.nickname if membership else participant.default_nickname if participant else ""}
    return join_page(request, JoinForm(target_room=room_to_join(slug), membership=membership, initial=initial))


@require_http_methods(["GET", "HEAD", "POST"])
def leave(request: Request, slug: str) -> HttpResponse:
    """Leave the room. Without POST, ask first, and say what that means."""
    membership = membership_to_read(request, slug)
    if request.method != "POST":
        context = room_context(membership) | {"new_owner": membership.successor()}
        return responses.page(request, "rooms/leave.html", context)
    left = membership.leave()
    return responses.redirect(request, reverse("home") + ("" if left else "?stale=leave"))
