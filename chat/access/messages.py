"""Who may read a message by its URL."""

from django.db.models import Exists, OuterRef

from chat import identity
from chat.access.rooms import first_or_404, membership_to_read
from chat.models import Membership, Message, Room
from chat.types import Request


def message_to_read(request: Request, pk: int) -> tuple[Message, Membership]:
    """A message and the membership of its reader.

    Raises NotAMember if the room is open (listed) and the reader is outside. Raises Http404 for hidden rooms and
    missing messages alike: the query leaves out rooms that are hidden from the reader, so the response time doesn't
    reveal them either.
    """
    inside = Membership.objects.inside().filter(
        identity.is_active_q("participant__"),
        participant=request.session.get(identity.SESSION_KEY),
        participant__generation=identity.session_generation(request),
    )
    mine = inside.filter(room=OuterRef("room"))
    public = Room.objects.filter(access=Room.Access.OPEN, pk=OuterRef("room"))
    message = first_or_404(Message.objects.select_related("room").filter(Exists(public) | Exists(mine), pk=pk))
    return message, membership_to_read(request, message.room.slug)
