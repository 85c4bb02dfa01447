"""Retention: deletes unused rooms and expired data, once an hour in the server, or at any time by `manage.py prune`."""

import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from importlib import import_module
from itertools import takewhile

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.db.models import Q
from django.utils import timezone

from chat import restored_backup
from chat.exceptions import Refused
from chat.models import Draft, FormerAddress, Invite, Membership, Message, Room, SignInLink
from chat.models.actor import SYSTEM

logger = logging.getLogger("chat")

LEFTOVERS_KEPT_FOR = timedelta(minutes=10)  # letters typed into a form after it was sent
SIGN_IN_LINKS_KEPT_FOR = timedelta(days=30)  # after they expired
INVITES_KEPT_FOR = timedelta(days=90)  # after they expired; until then they are listed with who joined with them
JOIN_REQUESTS_KEPT_FOR = timedelta(days=1)  # after the requester last opened the waiting page
DRAFTS_KEPT_FOR = timedelta(days=30)  # after they were last changed
DESERTED_ROOMS_KEPT_FOR = timedelta(days=30)  # a private room without members can't be found again


def tidy(is_stopping: Callable[[], bool] = lambda: False) -> int:
    """Delete unused rooms, abandoned join requests and expired data. Returns how many rooms were deleted.

    Rows of deleted rooms stay until `erase_deleted_rooms()`. A database error is logged and the rest is done; what
    failed is tried again next time. `is_stopping` is asked before each room and each join request. Also detects a
    restored backup.
    """
    _attempt("restored backups", restored_backup.detect)
    deleted = 0
    for room in _until(is_stopping, _attempt("unused rooms", _unused_rooms)):
        deleted += _attempt(f"unused room {room.pk}", _delete_if_unused, room) or 0
    for member in _until(is_stopping, _attempt("join requests", _abandoned_members)):
        _attempt(f"join request {member.pk}", _cancel_if_abandoned, member)
    for name, rows in _expired().items():
        _attempt(name, rows.delete)
    _attempt("letters left over", _old_leftovers().update, leftover=None)
    _attempt("sessions", import_module(settings.SESSION_ENGINE).SessionStore.clear_expired)
    return deleted


def erase_deleted_rooms(is_over: Callable[[], bool] = lambda: False) -> bool:
    """Erase the rows of rooms that are marked as deleted. Returns True when it has tried all of these rooms.

    `is_over` is asked after each batch; once it returns True, the rest is left to the next call. A room that cannot be
    erased is logged and skipped.
    """
    for room in _attempt("deleted rooms", list, Room.with_deleted.exclude(deleted_at=None)) or ():
        if is_over() or _attempt(f"deleted room {room.pk}", room.erase, is_over=is_over) is False:
            return False
    return True


def _attempt(step, function, *arguments, **named):
    """Call the function and return its result, or log a database error with the step's name and return None."""
    try:
        return function(*arguments, **named)
    except (DatabaseError, InterfaceError):
        logger.exception("The cleanup failed at: %s.", step)
        if not connection.in_atomic_block:
            connection.close_if_unusable_or_obsolete()  # so that the next step gets a new one
        return None


def _until(is_over, rows):
    return takewhile(lambda _: not is_over(), rows or ())


def _expired():
    now = timezone.now()
    # A draft can be left after its member left, if it was being written at that moment.
    old_draft, of_nobody = Q(updated_at__lte=now - DRAFTS_KEPT_FOR), ~Q(membership__status=Membership.Status.IN)
    return {
        "drafts": Draft.objects.filter(old_draft | of_nobody),
        "invites": Invite.objects.filter(expires_at__lte=now - INVITES_KEPT_FOR),
        "former addresses": FormerAddress.objects.filter(until__lte=now),
        "sign-in links": SignInLink.objects.filter(expires_at__lte=now - SIGN_IN_LINKS_KEPT_FOR),
    }


def _old_leftovers():
    return Message.objects.with_leftover().filter(sent_at__lte=timezone.now() - LEFTOVERS_KEPT_FOR)


def _unused_rooms():
    return [*silent_rooms(), *deserted_rooms()]


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


def _abandoned_members():
    return list(abandoned_join_requests().select_related("room"))


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
    """Private rooms without members, open requests or active invites, in which nothing happened for 30 days."""
    statuses = Membership.Status.IN, Membership.Status.WAITING, Membership.Status.CHAT_REQUESTED
    in_use = Membership.objects.filter(status__in=statuses).values("room")
    invited = Invite.objects.active().order_by().values("room")
    since = timezone.now() - DESERTED_ROOMS_KEPT_FOR
    rooms = Room.objects.filter(access=Room.Access.PRIVATE, last_sent_at__lt=since)
    return rooms.exclude(pk__in=in_use).exclude(pk__in=invited)
