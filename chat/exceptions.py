"""What access and verbs raise instead of an answer; middleware and views turn each into words."""

from django.core.exceptions import ValidationError
from django.http import Http404


class Refused(ValidationError):
    """A verb refuses to act: `message` says why, `code` is for programs, `instead` is what could be done instead."""

    def __init__(self, message, code, instead=None):
        super().__init__(message, code=code)
        self.instead = instead


class ExplainedNotFound(Http404):
    """A 404 with an explanation: `sentence`, and `way` as (URL, label) of where to go instead."""

    def __init__(self, sentence, way=None):
        self.sentence, self.way = sentence, way


class NotAMember(Exception):
    """Someone asks for the inside of a room without being in it. They may join `room`."""

    def __init__(self, room):
        self.room = room


class NotYetAMember(NotAMember):
    """The same, with a join request or a chat request that is still open. `page` names the URL that shows it."""

    def __init__(self, membership):
        super().__init__(membership.room)
        self.page = "join_request" if membership.is_waiting else "chat_request"


class RoomMoved(Exception):
    """The URL is a former one; `room` has the current one."""

    def __init__(self, room):
        self.room = room


class InviteNotUsable(Exception):
    """This person cannot join with this invite link, under any nickname; `reason` says why."""

    def __init__(self, reason):
        self.reason = reason


class LimitExceeded(Exception):
    """Too many requests. `wait` is the number of seconds until the next try can succeed."""

    def __init__(self, limit, wait):
        self.limit, self.wait = limit, wait
