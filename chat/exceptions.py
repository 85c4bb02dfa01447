"""Exceptions that access checks and verbs raise; the middleware turns each into an error page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.http import Http404

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise

    from chat.limit_counters import Limit
    from chat.models import Membership, Room


class Refused(ValidationError):
    """A verb (a model's method that people's actions call) refused to act. Forms and pages show `message`.

    `code` identifies the reason for programs. `instead` is an alternative to offer: a room, a membership or a free
    nickname.
    """

    def __init__(self, message: _StrOrPromise, code: str, instead: Room | Membership | str | None = None) -> None:
        super().__init__(message, code=code)
        self.instead = instead


class ExplainedNotFound(Http404):
    """A 404 with an explanation (`sentence`). `way` is a link to offer: its URL and label, or None."""

    def __init__(self, sentence: str, way: tuple[str, str] | None = None) -> None:
        self.sentence, self.way = sentence, way


class NotAMember(Exception):
    """A person who is not a member requested a page or action for members. They may join `room`."""

    def __init__(self, room: Room) -> None:
        self.room = room


class NotYetAMember(NotAMember):
    """NotAMember for a person with an open join request or chat request.

    `page` is the URL name of the page that shows this request.
    """

    def __init__(self, membership: Membership) -> None:
        super().__init__(membership.room)
        self.page = "join_request" if membership.is_waiting else "chat_request"


class RoomMoved(Exception):
    """The request used a former address of `room`, so it has to be redirected."""

    def __init__(self, room: Room) -> None:
        self.room = room


class InviteNotUsable(Exception):
    """This person cannot join with this invite link under any nickname; `reason` explains why."""

    def __init__(self, reason: str) -> None:
        self.reason = reason


class LimitExceeded(Exception):
    """Too many requests. `wait` is the number of seconds until the next one can succeed."""

    def __init__(self, limit: Limit, wait: int) -> None:
        self.limit, self.wait = limit, wait
