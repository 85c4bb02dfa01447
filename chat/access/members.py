"""Who may act on the members of a room, and on those who want to join it."""

from django.core.exceptions import PermissionDenied

from chat.access.rooms import first_or_404, membership_to_moderate, membership_to_own, membership_to_read
from chat.models import Membership, Room

MAX_SHARED_ROOMS = 3


def member_to_remove(request, slug, pk):
    """Who shows out, and whom: a moderator any member, the owner moderators too, nobody the owner or themselves."""
    by = membership_to_moderate(request, slug)
    return by, _outranked(by, by.room.memberships.inside().filter(pk=pk))


def member_to_ban(request, slug, pk):
    """The same, and also who only waits to be let in."""
    by = membership_to_moderate(request, slug)
    return by, _outranked(by, by.room.memberships.inside_or_waiting().filter(pk=pk))


def _outranked(by, found):
    member = first_or_404(found)
    if not by.outranks(member):
        raise PermissionDenied
    return member


def join_request_to_answer(request, slug, pk):
    """A moderator, and somebody who waits to be let in."""
    by = membership_to_moderate(request, slug)
    return by, first_or_404(by.room.memberships.waiting().filter(pk=pk))


def member_to_unban(request, slug, pk):
    """The owner or moderator who unbans, and whom."""
    by = membership_to_moderate(request, slug)
    return by, first_or_404(by.room.memberships.banned().filter(pk=pk))


def members_for_direct_message(request, slug, pk):
    """Somebody, and whom they write to: anybody else in a room that is not one of two."""
    by = membership_to_read(request, slug)
    if by.room.is_direct_message:
        raise PermissionDenied
    return by, first_or_404(by.room.memberships.inside().filter(pk=pk).exclude(pk=by.pk))


def member_to_promote(request, slug, pk):
    """The owner, and whose role they change: never their own, as a room has one owner."""
    by = membership_to_own(request, slug)
    return by, first_or_404(by.room.memberships.inside().filter(pk=pk).exclude(pk=by.pk))


def shared_rooms(mine, other):
    """Some of the rooms in which these two meet, the liveliest first; each knows of the other there, by this name."""
    both = Room.objects.of(mine.participant).filter(dm_key=None)
    theirs = {"participant": other.participant_id, "status": Membership.Status.IN, "nickname_key": other.nickname_key}
    return both.filter(**{f"memberships__{name}": value for name, value in theirs.items()}).by_activity()[
        :MAX_SHARED_ROOMS
    ]
