"""Joining a room: by its name, on its join page, or by creating it."""

from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_POST

from chat import identity, limits, responses
from chat.access.rooms import can_see_activity, join_refusal, room_to_rejoin
from chat.forms.join import JoinForm
from chat.message_links import destination, message_of, with_message
from chat.models import Membership, Room
from chat.realtime import grants
from chat.types import Request
from chat.views.home import home_page, page_with_join_form
from chat.views.room_page import composer_with_draft, room_page_context


@require_POST
def join(request: Request) -> HttpResponse:
    """Join the room of the submitted name, or create it."""
    form = JoinForm(request.POST)
    participant = identity.participant_to_join(request, form.key)
    name = form.cleaned_data["room"] if form.is_valid() else ""
    limits.check_joining(request, participant, Room.objects.by_name(name) if name else None)
    if name and Room.objects.would_create(name):
        limits.check_creating_rooms(request, participant)
    if form.join(participant):
        return joined(request, form.result)
    return home_page(request, form, identity.participant_of(request), status=422)


@require_POST
def join_here(request: Request, slug: str) -> HttpResponse:
    """Join the room at this address with the submitted form."""
    room = room_to_rejoin(request, slug)
    form = JoinForm(request.POST, target_room=room)
    participant = identity.participant_to_join(request, form.key)
    limits.check_joining(request, participant, room)
    if form.join(participant):
        return joined(request, form.result)
    return join_page(request, form, status=422)


def join_page(request: Request, form: JoinForm, status: int = 200) -> HttpResponse:
    """Render the page on which a non-member may join a room, or is told why they can't."""
    form.message = message_of(request)
    # A submitted form shows its own errors.
    refusal = join_refusal(request, form.target_room) if form.target_room and not form.is_bound else None
    context = {"form": form, "target_room": form.target_room, "refusal": refusal, "activity": _activity(form)}
    return page_with_join_form(request, "rooms/join.html", context, status)


def _activity(form: JoinForm) -> dict[str, Any] | None:
    """How many members the room has, how many are online, and when something last happened in it, if they may know.

    An expired form of an invite link names no room.
    """
    room = form.target_room
    if room is None or room.pk is None or not can_see_activity(room, invited=form.invite is not None):
        return None
    members = room.memberships
    return {"members": members.inside().count(), "online": members.online().count(), "last_at": room.last_sent_at}


def joined(request: Request, membership: Membership) -> HttpResponse:
    """Sign the session in as the new member and show the room, or the message whose link they opened.

    A person waiting for approval gets the waiting page.
    """
    identity.bind_session(request, membership.participant)
    url, message = membership.room.get_absolute_url(), message_of(request)
    if not membership.is_inside:
        waiting = reverse("join_request", args=[membership.room.slug])
        return responses.leave_page(request, with_message(waiting, message))
    if message:
        return responses.leave_page(request, destination(request, membership.room))
    grants.offer_grant(request, membership)
    if not responses.is_htmx(request):
        return responses.redirect(request, url)
    context = room_page_context(request, membership, composer_with_draft(request, membership))
    return responses.fragment(request, "rooms/swap.html", context, headers={responses.PUSH_URL: url})
