"""Who may read or change what: the only place that decides, looking up through what the person may see."""

from contextlib import contextmanager, suppress
from urllib.parse import unquote, urlsplit

from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, Q
from django.http import Http404
from django.urls import Resolver404, resolve

from chat import sessions
from chat.models import FormerAddress, Membership, Message, Room

NO_ROOM = 0
ASKED = (Membership.Status.WAITING, Membership.Status.REFUSED, Membership.Status.IN)


class NotThere(Http404):
    """Nothing is there, which `sentence` explains; `way` is where to go instead, as an address and words for it."""

    def __init__(self, sentence, way=None):
        self.sentence, self.way = sentence, way


class Outside(Exception):
    """Somebody asks for the inside of an open room without being in it; `room` is where they can join."""

    def __init__(self, room):
        self.room = room


class Before(Outside):
    """The same by somebody who is not in yet: they wait to be let in, or were asked to come in."""

    def __init__(self, membership):
        super().__init__(membership.room)
        self.page = "waiting" if membership.waiting else "asked"


class Moved(Exception):
    """Somebody looks for a room where it was before; `room` is where it is now."""

    def __init__(self, room):
        self.room = room


def membership_of(request, slug):
    """What this person is or was in that room; None for strangers and for rooms that are not there.

    Two plain queries: as one, it takes Django four times as long to put it into SQL.
    """
    pk = request.session.get(sessions.SESSION_KEY)
    if not pk:
        return None
    mine = Membership.objects.filter(participant=pk, participant__generation=sessions.generation(request))
    # Whoever is not found looks once more: the room may have moved between the two queries.
    membership = _there(mine, slug) or _there(mine, slug)
    if membership is None or not membership.participant.is_switched_on:
        return None
    sessions.recognise(request, membership.participant)
    return membership


def _there(mine, slug):
    led = FormerAddress.objects.rooms_led_to(slug)
    # Some number always, so that an address that leads on takes no longer than one that does not.
    led_here = Q(room__in=[*led, NO_ROOM], status=Membership.Status.IN)
    found = mine.filter(Q(room__slug=slug) | led_here).select_related("room", "participant")
    # Their hidden room first: what its old page still sends must not be said in another one that is there since.
    return max(found, key=lambda membership: led.get(membership.room_id) is not None, default=None)


def was_withdrawn(membership, slug):
    """Whether the room has left this address for one of which only its members are told."""
    room = membership.room
    return room.slug != slug and room.former_addresses.filter(slug=slug).exclude(until=None).exists()


def membership_to_read(request, slug):
    """The membership through which this person reads the room, and gives a sign of life."""
    membership = _membership_inside(request, slug)
    _must_look_where_it_is(request, membership.room, slug)
    membership.seen()
    return membership


def _membership_inside(request, slug):
    membership = membership_of(request, slug)
    if membership and (membership.waiting or membership.asked):
        raise Before(membership)
    if membership is None or not membership.present:
        raise Outside(room_to_join(slug))
    return membership


def _must_look_where_it_is(request, room, slug):
    """Whoever looks is led to the room's address of now; whoever writes has written already. Raises Moved."""
    if room.slug != slug and request.method in ("GET", "HEAD"):
        raise Moved(room)


def membership_to_type(request, slug):
    """The membership of somebody who is typing, of which nothing is written, not even as a sign of life."""
    return _membership_inside(request, slug)


def membership_to_write(request, slug):
    """The membership that writes; whether it may just now is decided by the verb, under the room's row."""
    return membership_to_read(request, slug)


def membership_that_asked(request, slug):
    """The membership of somebody who asked to be let in, or was lately."""
    membership = membership_of(request, slug)
    hidden = membership and membership.room.access == Room.Access.PRIVATE and not membership.present
    if membership is None or hidden or membership.status not in ASKED:
        raise Outside(room_to_join(slug))
    membership.seen()
    return membership


def still_reads(membership):
    """Whether rights that were taken away in this very moment were somebody else's."""
    inside = Membership.objects.filter(
        pk=membership.pk, participant=membership.participant_id, status=Membership.Status.IN
    )
    inside = inside.filter(sessions.switched_on("participant__"))
    return inside.filter(participant__generation=membership.participant.generation).exists()


@contextmanager
def reading_through(membership):
    """Around the reading of a log: whoever loses the right to it meanwhile does not get it. Raises Outside."""
    epoch = membership.room.epoch
    yield
    if membership.room.epoch != epoch and not still_reads(membership):
        raise Outside(membership.room)


def room_to_join(slug):
    """A room whose door may be shown to anybody, or 404: for a private one and for none in the same way."""
    found = Room.objects.found()
    room = found.filter(slug=slug).first()
    if room is None:
        leading = FormerAddress.objects.leading([slug]).filter(until=None).values("room")
        room = found.filter(pk__in=leading).first()
        if room is None:
            raise Http404
        raise Moved(room)
    return room


def room_to_join_again(request, slug):
    """The same, and also the room in which this person is already: its door may be open still in another tab."""
    membership = membership_of(request, slug)
    return membership.room if membership and membership.present else room_to_join(slug)


def reads(request, room):
    membership = membership_of(request, room.slug)
    return bool(membership and membership.present)


def keeping(membership):
    """What the pages of a room show of it: the room, who looks, and what they may do."""
    return {
        "room": membership.room,
        "membership": membership,
        "may_moderate": membership.keeps,
        "may_own": membership.owns,
        "may_pair": not membership.room.pair and membership.participant.opens_rooms,
    }


def membership_to_moderate(request, slug):
    """The membership through which this person changes how the room is."""
    membership = membership_to_read(request, slug)
    if not membership.keeps:
        raise PermissionDenied
    return membership


def membership_to_own(request, slug):
    membership = membership_to_read(request, slug)
    if not membership.owns:
        raise PermissionDenied
    return membership


def membership_that_is_asked(request, slug):
    """The membership of somebody who was asked into a room of two, or came into it by now."""
    membership = membership_of(request, slug)
    if membership is None or not (membership.asked or membership.present):
        raise Outside(room_to_join(slug))
    return membership


def or_404(found):
    thing = found.first()
    if thing is None:
        raise Http404
    return thing


def message_to_read(request, pk):
    """A message and the membership that reads it; from outside, the door of the message's room where that is open.

    One in a room of which the person must not learn is not even found, so that it takes no longer than none.
    """
    inside = Membership.objects.inside().filter(participant=request.session.get(sessions.SESSION_KEY))
    mine = inside.filter(room=OuterRef("room"))
    known = Room.objects.filter(access=Room.Access.OPEN, pk=OuterRef("room"))
    message = or_404(Message.objects.select_related("room").filter(Exists(known) | Exists(mine), pk=pk))
    return message, membership_to_read(request, message.room.slug)


def have_read_the_room_that_was_left(request):
    """Whoever comes from a room's page, by a link in it, had its log on the screen until now.

    Browsers name that page again on a reload, and on the way back, when there may be news in it.
    """
    if "Cache-Control" in request.headers:
        return
    with suppress(Resolver404):
        page = resolve(unquote(_referring_page(request).path))
        membership = membership_of(request, page.kwargs["slug"]) if page.url_name == "room" else None
        if membership and membership.present and membership.looked_lately and not membership.participant.paused:
            membership.has_read()


def from_our_page(request):
    """Whether a form stood on a page of ours. Text browsers send no Origin, but the page's address."""
    page = _referring_page(request)
    origin = request.headers.get("Origin", f"{page.scheme}://{page.netloc}")
    return origin == f"{request.scheme}://{request.get_host()}"


def _referring_page(request):
    """The page that was left for this one, as far as the browser says so in a way that makes sense."""
    with suppress(ValueError):
        return urlsplit(request.headers.get("Referer", ""))
    return urlsplit("")
