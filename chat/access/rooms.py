"""Who may read, post in, moderate or join a room."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

from django.core.exceptions import PermissionDenied
from django.db.models import Exists, Model, OuterRef, Q, QuerySet
from django.http import Http404
from django.utils import timezone

from chat import identity
from chat.exceptions import NotAMember, NotYetAMember, Refused, RoomMoved
from chat.models import FormerAddress, Membership, Room
from chat.prepared_query import Parameter, PreparedQuery
from chat.types import Request

Row = TypeVar("Row", bound=Model)

JOIN_REQUEST_STATUSES = (Membership.Status.WAITING, Membership.Status.JOIN_DECLINED, Membership.Status.IN)


def _memberships_at() -> QuerySet[Membership]:
    """Build the query for a participant's membership in the room at an address. It finds one row at most.

    Current members are also found at a former address of their room. If that address redirects only members, their
    room comes first: a page opened there must not post to the room that has the address now. It is one statement, so
    that a former address takes no longer than one that never existed.
    """
    participant, generation, slug = map(Parameter, ("participant", "generation", "slug"))
    former = FormerAddress.objects.redirecting([slug], now=Parameter("now")).filter(room=OuterRef("room"))
    at_address = Q(room__slug=slug) | Q(Exists(former), status=Membership.Status.IN)
    found = Membership.objects.filter(at_address, participant=participant, participant__generation=generation)
    found = found.filter(identity.is_active_q("participant__"))  # in SQL, as fetching the user takes a second statement
    return found.select_related("room", "participant").order_by(Exists(former.exclude(until=None)).desc())[:1]


memberships_at = PreparedQuery(_memberships_at)


def membership_of(request: Request, slug: str) -> Membership | None:
    """Return this person's membership in the room at this address, in any status, or None.

    At a former address, only current members have one. If one is found, its participant is kept in
    `request.participant`.
    """
    pk, generation = request.session.get(identity.SESSION_KEY), identity.session_generation(request)
    if not pk:
        return None
    found = memberships_at.rows(participant=pk, generation=generation, slug=slug, now=timezone.now())
    if not found:
        return None
    identity.set_participant(request, found[0].participant)
    return found[0]


def address_was_withdrawn(membership: Membership, slug: str) -> bool:
    """Return whether this slug is a former address that redirects only members, since the room became private.

    Then only members may be told the new address.
    """
    room = membership.room
    return room.slug != slug and room.former_addresses.filter(slug=slug).exclude(until=None).exists()


def membership_to_read(request: Request, slug: str) -> Membership:
    """The reader's membership in the room at this address. Raises NotAMember, or Http404 if it is private or missing.

    At a former address, GET raises RoomMoved, while a submitted form still works.
    """
    membership = _membership_inside(request, slug)
    if membership.room.slug != slug and request.method in ("GET", "HEAD"):
        raise RoomMoved(membership.room)
    return membership


def _membership_inside(request: Request, slug: str) -> Membership:
    membership = membership_of(request, slug)
    if membership and (membership.is_waiting or membership.has_chat_request):
        raise NotYetAMember(membership)
    if membership is None or not membership.is_inside:
        raise NotAMember(room_to_join(slug))
    return membership


def membership_to_type(request: Request, slug: str) -> Membership:
    """Return the membership of a person who is typing. Raises NotAMember or Http404 as `membership_to_read` does.

    The view must not write to the database, not even `seen_at`.
    """
    return _membership_inside(request, slug)


def membership_to_write(request: Request, slug: str) -> Membership:
    """The membership of someone who posts, changes their nickname or opens a form for that.

    Raises what `membership_to_read` raises. It does not check whether the member may post: the verb does, after it has
    locked the room's row.
    """
    return membership_to_read(request, slug)


def membership_to_moderate(request: Request, slug: str) -> Membership:
    membership = membership_to_read(request, slug)
    if not membership.is_moderator:
        raise PermissionDenied
    return membership


def membership_to_own(request: Request, slug: str) -> Membership:
    membership = membership_to_read(request, slug)
    if not membership.is_owner:
        raise PermissionDenied
    return membership


def membership_with_join_request(request: Request, slug: str) -> Membership:
    """This person's membership whose join request is open, approved or declined.

    Raises NotAMember without one, or Http404 if the room is private.
    """
    membership = membership_of(request, slug)
    if membership is None or membership.status not in JOIN_REQUEST_STATUSES:
        raise NotAMember(room_to_join(slug))
    if membership.room.access == Room.Access.PRIVATE and not membership.is_inside:
        raise NotAMember(room_to_join(slug))
    return membership


def membership_with_chat_request(request: Request, slug: str) -> Membership:
    """Return this person's membership here, if they have an open or ignored chat request or are in the room.

    It may be any room. Otherwise raises as `room_to_join` does (Http404 if the room is private, as direct messages
    are), or NotAMember if others can join it.
    """
    membership = membership_of(request, slug)
    if membership is None or not (membership.has_chat_request or membership.is_inside):
        raise NotAMember(room_to_join(slug))
    return membership


def can_read_room(request: Request, room: Room) -> bool:
    membership = membership_of(request, room.slug)
    return bool(membership and membership.is_inside)


def can_still_read(membership: Membership) -> bool:
    """Return whether this member may still read, checked in the database, because `membership` may be out of date."""
    inside = Membership.objects.filter(
        pk=membership.pk, participant=membership.participant_id, status=Membership.Status.IN
    )
    active = inside.filter(identity.is_active_q("participant__"))
    return bool(active.filter(participant__generation=membership.participant.generation).exists())


@contextmanager
def guarded_read(membership: Membership) -> Iterator[None]:
    """Read a log inside this `with` block; at its end, NotAMember is raised if the member lost the right to read.

    The code in the block must refresh `membership.room`, because a changed `epoch` shows that someone lost rights.
    """
    epoch = membership.room.epoch
    yield
    if membership.room.epoch != epoch and not can_still_read(membership):
        raise NotAMember(membership.room)


def room_to_join(slug: str) -> Room:
    """Return the room at this address, unless it is private. Anyone may see its join page.

    Raises RoomMoved at a former address that redirects everyone, and Http404 for private and missing rooms alike.
    """
    discoverable = Room.objects.discoverable()
    room: Room | None = discoverable.filter(slug=slug).first()
    if room is None:
        moved = FormerAddress.objects.redirecting([slug]).filter(until=None).values("room")
        raise RoomMoved(first_or_404(discoverable.filter(pk__in=moved)))
    return room


def room_to_rejoin(request: Request, slug: str) -> Room:
    """Like `room_to_join`, but a current member always gets their room: the page may be open in another tab."""
    membership = membership_of(request, slug)
    return membership.room if membership and membership.is_inside else room_to_join(slug)


def can_see_activity(room: Room, invited: bool) -> bool:
    """Whether a person outside may see how many people are in the room: it is listed, or they have an active invite."""
    return invited or (room.access == Room.Access.OPEN and not room.archived)


def join_refusal(request: Request, room: Room) -> Refused | None:
    """The Refused that says why this person cannot join the room under any nickname; None otherwise.

    They are banned, were removed a short time ago, have no account although the room requires one, or the room is full.
    """
    membership = membership_of(request, room.slug)
    if membership and (refusal := membership.rejoin_refusal):
        return refusal
    try:
        room.check_account_and_capacity(identity.participant_of(request))
    except Refused as refusal:
        return refusal
    return None


def first_or_404(found: QuerySet[Row]) -> Row:
    row = found.first()
    if row is None:
        raise Http404
    return row
