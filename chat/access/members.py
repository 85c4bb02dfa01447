"""Who may act on a room's members and join requests."""

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet

from chat.access.rooms import first_or_404, membership_to_moderate, membership_to_own, membership_to_read
from chat.models import Membership, Room
from chat.types import Request

MAX_SHARED_ROOMS = 3

ActorAndMember = tuple[Membership, Membership]


def member_to_moderate(request: Request, slug: str, pk: int) -> ActorAndMember:
    """The moderator (or owner) who acts, and a member, past or present, whom they outrank.

    Raises PermissionDenied if they don't, and Http404 for other rooms' members. The verb checks the current status, and
    returns False if another moderator has already acted.
    """
    by = membership_to_moderate(request, slug)
    member = first_or_404(by.room.memberships.filter(pk=pk))
    if not by.outranks(member):
        raise PermissionDenied
    return by, member


def join_request_to_answer(request: Request, slug: str, pk: int) -> ActorAndMember:
    """Return the moderator who answers, and the membership with this id in the room; 404 if there is none.

    The join request may have been answered already, so the caller has to check its status.
    """
    by = membership_to_moderate(request, slug)
    return by, first_or_404(by.room.memberships.filter(pk=pk))


def members_for_direct_message(request: Request, slug: str, pk: int) -> ActorAndMember:
    """The sender, and the other member; both are in this room now.

    Raises PermissionDenied if the room is a direct message itself, and Http404 if there is no such other member.
    """
    by = membership_to_read(request, slug)
    if by.room.is_direct_message:
        raise PermissionDenied
    return by, first_or_404(by.room.memberships.inside().filter(pk=pk).exclude(pk=by.pk))


def member_to_promote(request: Request, slug: str, pk: int) -> ActorAndMember:
    """The owner, who acts, and the member, past or present, whose role is to change.

    Raises PermissionDenied for anyone but the owner, and Http404 for the owner's own id and for members of other rooms.
    """
    by = membership_to_own(request, slug)
    return by, first_or_404(by.room.memberships.filter(pk=pk).exclude(pk=by.pk))


def shared_rooms(mine: Membership, other: Membership) -> QuerySet[Room]:
    """The rooms (no direct messages) in which both are members and `other` has this nickname: MAX_SHARED_ROOMS at most.

    The rooms with the latest messages come first.
    """
    both = Room.objects.of(mine.participant).filter(dm_key=None)
    shared: QuerySet[Room] = both.filter(
        memberships__participant=other.participant_id,
        memberships__status=Membership.Status.IN,
        memberships__nickname_key=other.nickname_key,
    ).by_activity()
    return shared[:MAX_SHARED_ROOMS]
