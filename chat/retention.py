"""Retention: what is thrown away when its time has come, by the server itself once an hour, or by `manage.py prune`."""

from contextlib import suppress
from datetime import timedelta
from importlib import import_module

from django.conf import settings
from django.utils import timezone

from chat.exceptions import Refused
from chat.models import FormerAddress, Invite, Membership, Room, SignInLink
from chat.models.actor import SYSTEM

LINKS_KEPT_FOR = timedelta(days=30)  # after they have expired
INVITATIONS_KEPT_FOR = timedelta(days=90)  # the same; until then they are listed with who came by them
WAITED_FOR = timedelta(days=1)  # after which who waits to be let in, and has not looked since, waits no more
DESERTED_FOR = timedelta(days=30)  # after which a private room in which nobody is goes, as nobody finds it again


def tidy():
    """Throw away what nobody needs any more, and say how many rooms went."""
    rooms = [*silent_rooms(), *deserted_rooms()]
    gone = sum(_end(room) for room in rooms)
    for tired in tired_of_waiting().select_related("room"):
        _turn_from(tired)
    Invite.objects.filter(expires_at__lte=timezone.now() - INVITATIONS_KEPT_FOR).delete()
    FormerAddress.objects.filter(until__lte=timezone.now()).delete()
    SignInLink.objects.filter(expires_at__lte=timezone.now() - LINKS_KEPT_FOR).delete()
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()
    return gone


def _end(room):
    """Whether it went: somebody may have come, or written, in this very moment."""
    with suppress(Refused), room.change():
        still = silent_rooms() | deserted_rooms()
        if still.filter(pk=room.pk).exists():
            room.delete_with_messages(by=SYSTEM)
            return True
    return False


def tired_of_waiting():
    return Membership.objects.waiting().filter(seen_at__lt=timezone.now() - WAITED_FOR)


def _turn_from(tired):
    """They may have looked again in this very moment."""
    with suppress(Refused), tired.room.change():
        if tired_of_waiting().filter(pk=tired.pk).exists():
            tired.leave()


def silent_rooms():
    """Rooms in which nobody ever wrote, nothing happened for EMPTY_ROOM_DAYS, and nobody looked either."""
    if not settings.EMPTY_ROOM_DAYS:
        return Room.objects.none()
    since = timezone.now() - timedelta(days=settings.EMPTY_ROOM_DAYS)
    looked_at = Membership.objects.filter(seen_at__gte=since).values("room")
    return Room.objects.filter(message_count=0, last_sent_at__lt=since).exclude(pk__in=looked_at)


def deserted_rooms():
    """Private rooms that everybody has left, into which no invitation leads any more."""
    waited_for = Membership.Status.IN, Membership.Status.WAITING, Membership.Status.CHAT_REQUESTED
    peopled = Membership.objects.filter(status__in=waited_for).values("room")
    invited = Invite.objects.active().order_by().values("room")
    since = timezone.now() - DESERTED_FOR
    rooms = Room.objects.filter(access=Room.Access.PRIVATE, last_sent_at__lt=since)
    return rooms.exclude(pk__in=peopled).exclude(pk__in=invited)
