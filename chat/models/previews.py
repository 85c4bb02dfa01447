"""The newest message of each of a person's rooms, as one line on the home page."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from django.db.models import OuterRef, Subquery
from django.db.models.functions import Substr
from django.utils.text import Truncator

from chat.models.message import Message
from chat.models.room import Room
from chat.text import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable

LENGTH = 160  # characters; no page is wide enough for more on one line
VERSIONS_BACK = 200  # how far back to search a room for a message by a member, behind system messages and removed ones


class Preview(NamedTuple):
    """The start of a message as one line, with its author: the id of the membership, and the nickname."""

    author: int
    nickname: str
    text: str


def add_previews(rooms: Iterable[Room]) -> None:
    """Set the `preview` of these rooms, in one statement: their newest message that is not removed."""
    by_id = {room.pk: room for room in rooms if room.message_count}
    newest = Room.objects.filter(pk__in=by_id).annotate(newest=_newest_in(OuterRef("pk"), OuterRef("version")))
    messages = Message.objects.filter(pk__in=newest.values("newest"))
    start = Substr("text", 1, LENGTH + 1)
    for room, author, nickname, text in messages.values_list("room", "membership", "nickname", start):
        by_id[room].preview = Preview(author, nickname, Truncator(one_line(text)).chars(LENGTH))


def _newest_in(room: OuterRef, version: OuterRef) -> Subquery:
    recent = Message.objects.filter(room=room, first_version__gt=version - VERSIONS_BACK)
    return Subquery(recent.with_text().filter(removed_at=None).newest().values("pk")[:1])
