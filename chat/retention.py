"""Retention: what the server deletes once an hour, or `manage.py prune` at any time."""

from contextlib import suppress
from datetime import timedelta
from importlib import import_module

from django.conf import settings
from django.utils import timezone

from chat import restored_backup
from chat.exceptions import Refused
from chat.models import FormerAddress, Invite, Membership, Room, SignInLink
from chat.models.actor import SYSTEM

SIGN_IN_LINKS_KEPT_FOR = timedelta(days=30)  # after they expired
INVITES_KEPT_FOR = timedelta(days=90)  # after they expired; until then they are listed with who joined with them
JOIN_REQUESTS_KEPT_FOR = timedelta(days=1)  # after the requester last opened the waiting page
DESERTED_ROOMS_KEPT_FOR = timedelta(days=30)  # a private room without members can't be found again


def tidy():
    """Delete what nobody needs any more. Returns how many rooms were deleted."""
    rooms = [*silent_rooms(), *deserted_rooms()]
    deleted = sum(_delete_if_unused(room) for room in rooms)
    for member in abandoned_join_requests().select_related("room"):
        _cancel_if_abandoned(member)
    Invite.objects.filter(expires_at__lte=timezone.now() - INVITES_KEPT_FOR).delete()
    FormerAddress.objects.filter(until__lte=timezone.now()).delete()
    SignInLink.objects.filter(expires_at__lte=timezone.now() - SIGN_IN_LINKS_KEPT_FOR).delete()
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()
    for room in Room.with_deleted.exclude(deleted_at=None):
        room.erase()  # what was interrupted
    restored_backup.detect()
    return deleted


def _delete_if_unused(room):
    """Delete the room if it is still unused, and return whether it was deleted.

    The check is repeated under the room's lock, because someone may have joined or posted since.
    """
    with suppress(Refused), room.change():
        unused = silent_rooms() | deserted_rooms()
        if unused.filter(pk=room.pk).exists():
            room.mark_deleted(by=SYSTEM)
            return True
    return False


def abandoned_join_requests():
    return Membership.objects.waiting().filter(seen_at__lt=timezone.now() - JOIN_REQUESTS_KEPT_FOR)


def _cancel_if_abandoned(member):
    """Cancel this join request if it is still abandoned, checked again under the room's lock."""
    with suppress(Refused), member.room.change():
        if abandoned_join_requests().filter(pk=member.pk).exists():
            member.leave()


def silent_rooms():
    """Rooms without messages by members, in which nothing happened and nobody was seen for EMPTY_ROOM_DAYS days.

    There are none if EMPTY_ROOM_DAYS is 0.
    """
    if not settings.EMPTY_ROOM_DAYS:
        return Room.objects.none()
    since = timezone.now() - timedelta(days=settings.EMPTY_ROOM_DAYS)
    looked_at = Membership.objects.filter(seen_at__gte=since).values("room")
    return Room.objects.filter(message_count=0, last_sent_at__lt=since).exclude(pk__in=looked_at)


def deserted_rooms():
    """Private rooms that everyone left and that have no active invite."""
    statuses = Membership.Status.IN, Membership.Status.WAITING, Membership.Status.CHAT_REQUESTED
    in_use = Membership.objects.filter(status__in=statuses).values("room")
    invited = Invite.objects.active().order_by().values("room")
    since = timezone.now() - DESERTED_ROOMS_KEPT_FOR
    rooms = Room.objects.filter(access=Room.Access.PRIVATE, last_sent_at__lt=since)
    return rooms.exclude(pk__in=in_use).exclude(pk__in=invited)
