"""Who may read a message by its address."""

from django.db.models import Exists, OuterRef

from chat import identity
from chat.access.rooms import first_or_404, membership_to_read
from chat.models import Membership, Message, Room


def message_to_read(request, pk):
    """A message and the membership that reads it; from outside, the door of the message's room where that is open.

    One in a room of which the person must not learn is not even found, so that it takes no longer than none.
    """
    inside = Membership.objects.inside().filter(participant=request.session.get(identity.SESSION_KEY))
    mine = inside.filter(room=OuterRef("room"))
    known = Room.objects.filter(access=Room.Access.OPEN, pk=OuterRef("room"))
    message = first_or_404(Message.objects.select_related("room").filter(Exists(known) | Exists(mine), pk=pk))
    return message, membership_to_read(request, message.room.slug)
