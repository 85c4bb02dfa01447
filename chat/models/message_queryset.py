"""Selections of messages, such as those of a room or those that changed after a version."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db import models

from chat import markup

if TYPE_CHECKING:
    from chat.models.message import Message  # noqa: F401  # named as a string below
    from chat.models.room import Room


class MessageQuerySet(models.QuerySet["Message"]):
    def in_room(self, room: Room) -> Self:
        return self.filter(room=room)

    def newest(self) -> Self:
        """Sort by the time when messages were sent, newest first."""
        return self.order_by("-first_version")

    def before(self, version: int) -> Self:
        """Sent before that version, newest first."""
        return self.filter(first_version__lt=version).order_by("-first_version")

    def after(self, version: int) -> Self:
        """Messages sent after that version of the room, oldest first."""
        return self.filter(first_version__gt=version).order_by("first_version")

    def starting_at(self, version: int) -> Self:
        """Sent at that version or later, oldest first."""
        return self.filter(first_version__gte=version).order_by("first_version")

    def changed_since(self, version: int) -> Self:
        """Sent, edited, removed or restored after that version."""
        return self.filter(version__gt=version)

    def with_text(self) -> Self:
        """Messages by members, including removed ones; no system messages."""
        return self.filter(event="")

    def outdated(self) -> Self:
        """Messages whose HTML was stored by another version of the renderer."""
        return self.with_text().exclude(renderer=markup.RENDERER)

    def with_leftover(self) -> Self:
        """Messages that still have letters for the page's next message."""
        return self.filter(leftover__isnull=False)

    def readable(self) -> Self:
        """Leave out messages of deleted rooms that are not erased yet."""
        return self.filter(room__deleted_at=None)
