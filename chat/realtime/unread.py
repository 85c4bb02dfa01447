"""Unread messages: how many a member has in a room, and the first of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.core.cache import cache
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse

from chat.models import Membership, Message
from chat.realtime import grants
from chat.realtime.delta import PAGE_SIZE, Cursor

CACHE_SECONDS = 60  # what a page has received is saved every 30 seconds


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


def unread_in(membership: Membership, received: int = 0) -> Unread | None:
    """Return the number of messages since this member last read the room, and the first one by others.

    None if there is no message by others. A page of the member has received the log up to the version `received`, which
    may not be saved yet.
    """
    room, read_version = membership.room, max(membership.read_version, received)
    if membership.read_message_count >= room.message_count or read_version >= room.version:
        return None
    unread = Message.objects.in_room(room).with_text().after(read_version)
    first = unread.exclude(membership=membership).first()
    if first is None:
        return None
    first.room = room
    saved = read_version == membership.read_version
    return Unread(room.message_count - membership.read_message_count if saved else unread.count(), first)


def note_received(request: HttpRequest, membership: Membership, cursor: Cursor) -> None:
    """Remember what the page with this cursor has received, until it is saved: in the gate, else in the cache."""
    room, version = membership.room, cursor.since or 0
    if cursor.incarnation != room.incarnation or not membership.read_version < version <= room.version:
        return
    if not grants.note_received(request, membership, version):
        cache.set(_key(membership), version, CACHE_SECONDS)


def received_version(request: HttpRequest, membership: Membership) -> int:
    """Return the version up to which a page of this member has received the log, as far as it is known; otherwise 0."""
    if grants.has_gate(request):
        return grants.received_version(request, membership.pk, membership.room.incarnation)
    version: int = cache.get(_key(membership), 0)
    return version


def rooms_with_unread(request: HttpRequest, rooms: Iterable[Any]) -> list[Any]:
    """The rooms as a list, without the unread counts of those whose whole log the gate has just sent to the reader.

    They are those of `Room.objects.of` the reader.
    """
    rooms = list(rooms)
    for room in rooms:
        if room.unread and grants.received_version(request, room.member, room.incarnation) >= room.version:
            room.unread = 0
    return rooms


def _key(membership: Membership) -> str:
    return f"received:{membership.pk}:{membership.room.incarnation}"
