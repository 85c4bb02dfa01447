"""Who may do what to whom: to the people of a room, to those before it, and to its invitations."""

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _

from chat import access, sessions
from chat.models import Invitation, Membership, Room
from chat.refusals import Refused

MOST_NAMED = 3  # rooms in which two people both are


class Closed(Exception):
    """An invitation by which this person does not come in, under no name; `reason` says why."""

    def __init__(self, reason):
        self.reason = reason


def invitation_by(key):
    """An invitation by the key in its link, whether it still holds or not, or 404."""
    invitation = Invitation.objects.by_key(key)
    if invitation is None:
        sentence = _(
            "There is no such invitation. Part of the link may be missing: ask whoever sent it for another one."
        )
        raise access.NotThere(sentence)
    return invitation


def must_lead_in(request, invitation):
    """Raises Closed where the door behind this invitation is nothing to show to this person."""
    membership = access.membership_of(request, invitation.room.slug)
    if invitation.refusal:
        raise Closed(_("%s Whoever sent it to you can make one.") % invitation.refusal)
    if membership and membership.status == Membership.Status.BANNED:
        raise Closed(_("You were shown out for good where this invitation leads. Ask whoever sent it to you."))


def invitation_to_revoke(request, slug, pk):
    room = access.membership_to_moderate(request, slug).room
    return access.or_404(room.invitations.filter(pk=pk))


def member_to_remove(request, slug, pk):
    """Who shows out, and whom: a moderator any member, the owner moderators too, nobody the owner or themselves."""
    by = access.membership_to_moderate(request, slug)
    return by, _outranked(by, by.room.memberships.inside().filter(pk=pk))


def member_to_ban(request, slug, pk):
    """The same, and also who only waits to be let in."""
    by = access.membership_to_moderate(request, slug)
    return by, _outranked(by, by.room.memberships.before_or_inside().filter(pk=pk))


def _outranked(by, found):
    member = access.or_404(found)
    if not by.outranks(member):
        raise PermissionDenied
    return member


def member_to_answer(request, slug, pk):
    """A moderator, and somebody who waits to be let in."""
    by = access.membership_to_moderate(request, slug)
    return by, access.or_404(by.room.memberships.waiting().filter(pk=pk))


def member_to_unban(request, slug, pk):
    return access.or_404(access.membership_to_moderate(request, slug).room.memberships.banned().filter(pk=pk))


def members_to_pair(request, slug, pk):
    """Somebody, and whom they write to: anybody else in a room that is not one of two."""
    by = access.membership_to_read(request, slug)
    if by.room.pair:
        raise PermissionDenied
    return by, access.or_404(by.room.memberships.inside().filter(pk=pk).exclude(pk=by.pk))


def member_to_promote(request, slug, pk):
    """The owner, and whose role they change: never their own, as a room has one owner."""
    by = access.membership_to_own(request, slug)
    return by, access.or_404(by.room.memberships.inside().filter(pk=pk).exclude(pk=by.pk))


def rooms_of_both(mine, other):
    """Some of the rooms in which these two meet, the liveliest first; each knows of the other there, by this name."""
    both = Room.objects.of(mine.participant).filter(pair=None)
    theirs = {"participant": other.participant_id, "status": Membership.Status.IN, "nickname_key": other.nickname_key}
    return both.filter(**{f"memberships__{name}": value for name, value in theirs.items()}).by_activity()[:MOST_NAMED]


def refusal_at_the_door(request, room):
    """What would keep somebody out of this room by any name, said before they type one; None where nothing would."""
    try:
        room.must_have_a_place_for(sessions.participant_of(request))
    except Refused as refusal:
        return refusal
