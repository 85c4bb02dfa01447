"""Unread: how much was said in a room since somebody last looked, and where that begins."""

from dataclasses import dataclass

from django.urls import reverse

from chat.models import Message
from chat.realtime.delta import PAGE_SIZE


@dataclass(frozen=True)
class Unread:
    count: int
    first: Message

    @property
    def address(self):
        """Where it begins: on the room's page, or further back in the log."""
        if self._from_there_on[: PAGE_SIZE + 1].count() <= PAGE_SIZE:
            return f"#m{self.first.pk}"
        return f"{reverse('history', args=[self.first.room.slug])}?after={self.first.first_version}"

    @property
    def _from_there_on(self):
        return Message.objects.filter(room=self.first.room, first_version__gte=self.first.first_version)


def unread_in(membership):
    """What others have said since this person last looked into the room, or None."""
    room = membership.room
    if membership.read_message_count >= room.message_count:
        return None
    news = Message.objects.filter(room=room, event="", first_version__gt=membership.read_version)
    first = news.exclude(membership=membership).order_by("first_version").first()
    if first is None:
        return None
    first.room = room
    return Unread(room.message_count - membership.read_message_count, first)
