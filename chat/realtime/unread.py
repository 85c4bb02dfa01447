"""Unread messages: how many a member has in a room, and the first of them."""

from dataclasses import dataclass

from django.db.models import QuerySet
from django.urls import reverse

from chat.models import Membership, Message
from chat.realtime.delta import PAGE_SIZE


@dataclass(frozen=True)
class Unread:
    count: int
    first: Message

    @property
    def address(self) -> str:
        """The URL of the first unread message: on the room's page, or on a history page if it is further back."""
        if self._from_first_on[: PAGE_SIZE + 1].count() <= PAGE_SIZE:
            return f"#m{self.first.pk}"
        return f"{reverse('history', args=[self.first.room.slug])}?after={self.first.first_version}"

    @property
    def _from_first_on(self) -> QuerySet[Message]:
        return Message.objects.in_room(self.first.room).starting_at(self.first.first_version)


def unread_in(membership: Membership) -> Unread | None:
    """Return the number of messages since this member last read the room, and the first one by others.

    None if there is no message by others.
    """
    room = membership.room
    if membership.read_message_count >= room.message_count:
        return None
    unread = Message.objects.in_room(room).with_text().after(membership.read_version)
    first = unread.exclude(membership=membership).first()
    if first is None:
        return None
    first.room = room
    return Unread(room.message_count - membership.read_message_count, first)
