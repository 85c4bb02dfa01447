"""Inviting people: the room's own link for all members, and invite links, which moderators create and revoke."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from chat import identity, limits, qr, responses
from chat.access.invites import check_invite_usable, invite_by_key, invite_to_revoke, membership_to_invite
from chat.access.rooms import can_read_room, membership_to_moderate
from chat.forms.base import submitted_data
from chat.forms.invites import InviteForm
from chat.forms.join import JoinForm
from chat.models import Invite, Membership, Room
from chat.types import Request
from chat.views.join import join_page, joined
from chat.views.room_page import room_context, room_link

MAX_LISTED = 100  # active and inactive ones each, newest first


@require_http_methods(["GET", "HEAD", "POST"])
def invites(request: Request, slug: str) -> HttpResponse:
    """Show members the room's link, and moderators also its invite links. POST creates one.

    Only the response to that POST shows the new invite link.
    """
    if request.method == "POST":
        return _create(request, membership_to_moderate(request, slug).record_seen())
    return _invites_page(request, membership_to_invite(request, slug).record_seen(), InviteForm())


def _create(request: Request, membership: Membership) -> HttpResponse:
    form = InviteForm(request.POST)
    limits.check_inviting(request, membership)
    made = _made(request, *form.result) if form.create(membership) else None
    return _invites_page(request, membership, form, made)


def _made(request: Request, invite: Invite, key: str) -> dict[str, Any]:
    return {"invite": invite} | _with_picture(request.build_absolute_uri(reverse("invite", args=[key])))


def _with_picture(link: str) -> dict[str, str]:
    return {"link": link, "picture": qr.picture(link)}


def _invites_page(
    request: Request, membership: Membership, form: InviteForm, new_invite: dict[str, Any] | None = None
) -> HttpResponse:
    room = membership.room
    context = room_context(membership) | {"form": form, "new_invite": new_invite}
    if room.access != room.Access.PRIVATE:
        context["room_link"] = _with_picture(room_link(request, room))
    if membership.is_moderator:
        context |= _lists(room)
    return responses.page(request, "rooms/invites.html", context, 422 if form.errors else 200)


def _lists(room: Room) -> dict[str, QuerySet[Invite]]:
    invites = room.invites.with_members()
    return {"active_invites": invites.active()[:MAX_LISTED], "inactive_invites": invites.inactive()[:MAX_LISTED]}


@require_POST
def revoke(request: Request, slug: str, pk: int) -> HttpResponse:
    by, invite = invite_to_revoke(request, slug, pk)
    stale = "" if invite.revoke(by) else "?stale=revoke"
    return responses.redirect(request, reverse("invites", args=[by.room.slug]) + stale)


@require_http_methods(["GET", "HEAD", "POST"])
def invite(request: Request, key: str) -> HttpResponse:
    """The join page for everyone with this link; members are redirected to the room.

    Only joining counts as a use of the invite.
    """
    invite = invite_by_key(key)
    room = invite.room
    if can_read_room(request, room):
        return responses.redirect(request, room.get_absolute_url())
    form = JoinForm(submitted_data(request), target_room=room, invite=invite, address=request.path)
    if request.method == "POST":
        participant = identity.participant_to_join(request, form.key)
        limits.check_joining(request, participant, room)
        if form.join(participant):
            return joined(request, form.result)
    check_invite_usable(request, invite)
    return join_page(request, form, 422 if form.errors else 200)
