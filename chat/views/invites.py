"""Invite links: created, listed and revoked by moderators, and used by others to join."""

from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from chat import identity, limits, qr, responses
from chat.access.invites import check_invite_usable, invite_by_key, invite_to_revoke
from chat.access.rooms import can_read_room, membership_to_moderate
from chat.forms.base import submitted_data
from chat.forms.invites import InviteForm
from chat.forms.join import JoinForm
from chat.models import Invite
from chat.types import Request
from chat.views.join import join_page, joined
from chat.views.room_page import room_context

MAX_LISTED = 100  # active and inactive ones each, newest first


@require_http_methods(["GET", "HEAD", "POST"])
def invites(request: Request, slug: str) -> HttpResponse:
    """List the room's invites for moderators; POST creates one. Only the response to that POST shows the new link."""
    membership = membership_to_moderate(request, slug).record_seen()
    form, made = InviteForm(submitted_data(request)), None
    if request.method == "POST":
        limits.check_inviting(request, membership)
        if form.create(membership):
            made = _made(request, *form.result)
    invites_of_room = membership.room.invites.with_members()
    lists = {
        "active_invites": invites_of_room.active()[:MAX_LISTED],
        "inactive_invites": invites_of_room.inactive()[:MAX_LISTED],
    }
    context = room_context(membership) | {"form": form, "new_invite": made} | lists
    return responses.page(request, "rooms/invites.html", context, 422 if form.errors else 200)


def _made(request: Request, invite: Invite, key: str) -> dict[str, Any]:
    link = request.build_absolute_uri(reverse("invite", args=[key]))
    return {"invite": invite, "link": link, "picture": qr.picture(link)}


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
