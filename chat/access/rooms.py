"""Who may read, write in, moderate or join a room."""

from contextlib import contextmanager

from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import Http404

from chat import identity
from chat.exceptions import NotAMember, NotYetAMember, Refused, RoomMoved
from chat.models import FormerAddress, Membership, Room

NO_ROOM = 0


ASKED = (Membership.Status.WAITING, Membership.Status.JOIN_DECLINED, Membership.Status.IN)


def membership_of(request, slug):
    """What this person is or was in that room; None for strangers and for rooms that are not there.

    Two plain queries: as one, it takes Django four times as long to put it into SQL.
    """
    pk = request.session.get(identity.SESSION_KEY)
    if not pk:
        return None
    mine = Membership.objects.filter(participant=pk, participant__generation=identity.session_generation(request))
    # Whoever is not found looks once more: the room may have moved between the two queries.
    membership = _there(mine, slug) or _there(mine, slug)
    if membership is None or not membership.participant.is_active:
        return None
    identity.set_participant(request, membership.participant)
    return membership


def _there(mine, slug):
    led = FormerAddress.objects.rooms_by_expiry(slug)
    # Some number always, so that an address that leads on takes no longer than one that does not.
    led_here = Q(room__in=[*led, NO_ROOM], status=Membership.Status.IN)
    found = mine.filter(Q(room__slug=slug) | led_here).select_related("room", "participant")
    # Their hidden room first: what its old page still sends must not be said in another one that is there since.
    return max(found, key=lambda membership: led.get(membership.room_id) is not None, default=None)


def address_was_withdrawn(membership, slug):
    """Whether the room has left this address for one of which only its members are told."""
    room = membership.room
    return room.slug != slug and room.former_addresses.filter(slug=slug).exclude(until=None).exists()


def membership_to_read(request, slug):
    """The membership through which this person reads the room, and gives a sign of life."""
    membership = _membership_inside(request, slug)
    _must_look_where_it_is(request, membership.room, slug)
    return membership


def _membership_inside(request, slug):
    membership = membership_of(request, slug)
    if membership and (membership.is_waiting or membership.has_chat_request):
        raise NotYetAMember(membership)
    if membership is None or not membership.is_inside:
        raise NotAMember(room_to_join(slug))
    return membership


def _must_look_where_it_is(request, room, slug):
    """Whoever looks is led to the room's address of now; whoever writes has written already. Raises Moved."""
    if room.slug != slug and request.method in ("GET", "HEAD"):
        raise RoomMoved(room)


def membership_to_type(request, slug):
    """The membership of somebody who is typing, of which nothing is written, not even as a sign of life."""
    return _membership_inside(request, slug)


def membership_to_write(request, slug):
    """The membership that writes; whether it may just now is decided by the verb, under the room's row."""
    return membership_to_read(request, slug)


def membership_to_moderate(request, slug):
    """The membership through which this person changes how the room is."""
    membership = membership_to_read(request, slug)
    if not membership.is_moderator:
        raise PermissionDenied
    return membership


def membership_to_own(request, slug):
    membership = membership_to_read(request, slug)
    if not membership.is_owner:
        raise PermissionDenied
    return membership


def membership_with_join_request(request, slug):
    """The membership of somebody who asked to be let in, or was lately."""
    membership = membership_of(request, slug)
    hidden = membership and membership.room.access == Room.Access.PRIVATE and not membership.is_inside
    if membership is None or hidden or membership.status not in ASKED:
        raise NotAMember(room_to_join(slug))
    return membership


def membership_with_chat_request(request, slug):
    """The membership of somebody who was asked into a room of two, or came into it by now."""
    membership = membership_of(request, slug)
    if membership is None or not (membership.has_chat_request or membership.is_inside):
        raise NotAMember(room_to_join(slug))
    return membership


def can_read_room(request, room):
    membership = membership_of(request, room.slug)
    return bool(membership and membership.is_inside)


def can_still_read(membership):
    """Whether rights that were taken away in this very moment were somebody else's."""
    inside = Membership.objects.filter(
        pk=membership.pk, participant=membership.participant_id, status=Membership.Status.IN
    )
    inside = inside.filter(identity.is_active_q("participant__"))
    return inside.filter(participant__generation=membership.participant.generation).exists()


@contextmanager
def guarded_read(membership):
    """Around the reading of a log: whoever loses the right to it meanwhile does not get it. Raises Outside."""
    epoch = membership.room.epoch
    yield
    if membership.room.epoch != epoch and not can_still_read(membership):
        raise NotAMember(membership.room)


def room_to_join(slug):
    """A room whose door may be shown to anybody, or 404: for a private one and for none in the same way."""
    found = Room.objects.discoverable()
    room = found.filter(slug=slug).first()
    if room is None:
        leading = FormerAddress.objects.leading([slug]).filter(until=None).values("room")
        room = found.filter(pk__in=leading).first()
        if room is None:
            raise Http404
        raise RoomMoved(room)
    return room


def room_to_rejoin(request, slug):
    """The same, and also the room in which this person is already: its door may be open still in another tab."""
    membership = membership_of(request, slug)
    return membership.room if membership and membership.is_inside else room_to_join(slug)


def join_refusal(request, room):
    """What would keep somebody out of this room by any name, said before they type one; None where nothing would."""
    try:
        room.check_joinable_by(identity.participant_of(request))
    except Refused as refusal:
        return refusal


def first_or_404(found):
    thing = found.first()
    if thing is None:
        raise Http404
    return thing
