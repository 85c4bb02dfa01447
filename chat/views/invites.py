"""Invitations: made, listed and taken back by those who keep a room, and followed by those who come in by them."""

from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from chat import identity, limits, qr, responses
from chat.access.invites import check_invite_usable, invite_by_key, invite_to_revoke
from chat.access.rooms import can_read_room, membership_to_moderate
from chat.forms.base import submitted_data
from chat.forms.invites import InviteForm
from chat.forms.join import JoinForm
from chat.views.rooms import join_page, joined, room_context

MAX_LISTED = 100  # of each kind on the page, the newest


@require_http_methods(["GET", "HEAD", "POST"])
def invites(request, slug):
    """Those that hold, and those that do not any more; one that was made just now with its link, shown this once."""
    membership = membership_to_moderate(request, slug).record_seen()
    form, made = InviteForm(submitted_data(request)), None
    if request.method == "POST":
        limits.check_inviting(request, membership)
        if form.makes(membership):
            made = _made(request, *form.result)
    invites_of_room = membership.room.invites.with_members()
    lists = {"standing": invites_of_room.active()[:MAX_LISTED], "ended": invites_of_room.inactive()[:MAX_LISTED]}
    context = room_context(membership) | {"form": form, "made": made} | lists
    return responses.page(request, "rooms/invites.html", context, 422 if form.errors else 200)


def _made(request, invite, key):
    link = request.build_absolute_uri(reverse("invite", args=[key]))
    return {"invite": invite, "link": link, "picture": qr.picture(link)}


@require_POST
def revoke(request, slug, pk):
    by, invite = invite_to_revoke(request, slug, pk)
    stale = "" if invite.revoke(by) else "?stale=revoke"
    return responses.redirect(request, reverse("invites", args=[by.room.slug]) + stale)


@require_http_methods(["GET", "HEAD", "POST"])
def invite(request, key):
    """The door of one room for whoever has this link. Looking uses nothing up; coming in does."""
    invite = invite_by_key(key)
    room = invite.room
    if can_read_room(request, room):
        return responses.redirect(request, room.get_absolute_url())
    form = JoinForm(submitted_data(request), door=room, invite=invite, address=request.path)
    if request.method == "POST":
        participant = identity.participant_to_join(request, form.key)
        limits.check_joining(request, participant, room)
        if form.joins(participant):
            return joined(request, form.result)
    check_invite_usable(request, invite)
    return join_page(request, form, 422 if form.errors else 200)
