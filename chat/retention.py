"""Retention: what is thrown away when its time has come, by the server itself once an hour, or by `manage.py prune`."""

from datetime import timedelta
from importlib import import_module

from django.conf import settings
from django.utils import timezone

from chat.models import FormerAddress, Membership, PersonalLink, Room

LINKS_KEPT_FOR = timedelta(days=30)  # after they have expired


def tidy():
    """Throw away what nobody needs any more, and say how many rooms went."""
    rooms = list(silent_rooms())
    for room in rooms:
        room.delete()
    FormerAddress.objects.filter(until__lte=timezone.now()).delete()
    PersonalLink.objects.filter(expires_at__lte=timezone.now() - LINKS_KEPT_FOR).delete()
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()
    return len(rooms)


def silent_rooms():
    """Rooms in which nobody ever wrote, nothing happened for EMPTY_ROOM_DAYS, and nobody looked either."""
    if not settings.EMPTY_ROOM_DAYS:
        return Room.objects.none()
    since = timezone.now() - timedelta(days=settings.EMPTY_ROOM_DAYS)
    looked_at = Membership.objects.filter(seen_at__gte=since).values("room")
    return Room.objects.filter(said=0, last_sent_at__lt=since).exclude(pk__in=looked_at)
