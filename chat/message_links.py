"""Keeps the id of a linked message in URLs and forms while someone joins, so that they then see that message."""

from django.urls import reverse

from chat.models import Room
from chat.realtime import delta
from chat.types import Request


def message_of(request: Request) -> int | None:
    """The id of the message whose link this person opened before the room's join page, or None.

    It comes from the browser, so the message may not exist, or be of another room.
    """
    sent = request.POST.get("message") or request.GET.get("message", "")
    return delta.parse_number(sent) or None


def with_message(url: str, message: int | None) -> str:
    """The URL of a page on the way to the message, or the URL as it is without one."""
    return f"{url}?message={message}" if message else url


def destination(request: Request, room: Room) -> str:
    """The URL to open after joining: that of the message, otherwise the room's."""
    message = message_of(request)
    if message and not room.messages.filter(pk=message).exists():
        return room.get_absolute_url()
    return f"{reverse('message', args=[message])}#m{message}" if message else room.get_absolute_url()
