"""Invitations: made, listed and taken back by those who keep a room, and followed by those who come in by them."""

from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from chat import access, access_to_people, answers, limits, qr, sessions
from chat.forms import JoinForm, typed
from chat.forms_of_rooms import InvitationForm

MOST_LISTED = 100  # of each kind on the page, the newest


@require_http_methods(["GET", "HEAD", "POST"])
def invitations(request, slug):
    """Those that hold, and those that do not any more; one that was made just now with its link, shown this once."""
    membership = access.membership_to_moderate(request, slug)
    form, made = InvitationForm(typed(request)), None
    if request.method == "POST":
        limits.inviting(request, membership)
        if form.makes(membership):
            made = _made(request, *form.result)
    invitations = membership.room.invitations.listed()
    lists = {"standing": invitations.standing()[:MOST_LISTED], "ended": invitations.ended()[:MOST_LISTED]}
    context = access.keeping(membership) | {"form": form, "made": made} | lists
    return answers.page(request, "rooms/invitations.html", context, 422 if form.errors else 200)


def _made(request, invitation, key):
    link = request.build_absolute_uri(reverse("invitation", args=[key]))
    return {"invitation": invitation, "link": link, "picture": qr.picture(link)}


@require_POST
def revoke(request, slug, pk):
    invitation = access_to_people.invitation_to_revoke(request, slug, pk)
    invitation.revoke()
    return answers.see_other(request, reverse("invitations", args=[invitation.room.slug]))


@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request, key):
    """The door of one room for whoever has this link. Looking uses nothing up; coming in does."""
    invitation = access_to_people.invitation_by(key)
    room = invitation.room
    if access.reads(request, room):
        return answers.see_other(request, room.get_absolute_url())
    form = JoinForm(typed(request), door=room, invitation=invitation, address=request.path)
    if request.method == "POST":
        participant = sessions.participant_to_join(request, form.key)
        limits.joining(request, participant, room)
        if form.joins(participant):
            sessions.become(request, form.result.participant)
            return answers.joined(request, form.result)
    access_to_people.must_lead_in(request, invitation)
    return answers.door(request, form, 422 if form.errors else 200)
