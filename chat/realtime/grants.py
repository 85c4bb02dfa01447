"""Grants: what the gate is told of a reader whom a view has let in, so that it may answer the next polls itself."""

import re
import time
from functools import cache

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation

from chat import client_ip
from chat.gate.grants import ENVIRON_KEY, Grant
from chat.gate.streams import Stream
from chat.realtime import poll

HOLES = re.compile(r"\{(?:since|origin|at|incarnation)\}")


def offer_grant(request, membership, slug=""):
    """Let the gate answer this member's polls; without a gate, nothing happens. `slug` is for a page that asks where
    its room was before.

    Who wants to be told more seldom asks Django as often as that. It holds for the room's epoch as it was read together
    with the membership, so this comes before the log is read.
    """
    offered = request.META.get(ENVIRON_KEY)
    if offered and membership.participant.is_live:
        version, path = membership.room.version, reverse("changes", args=[slug or membership.room.slug]).encode()
        grant = _grant(request, membership, _poller(translation.get_language()))
        offered.grants.append(lambda: (path, grant(), version))


def offer_stream(request, membership):
    """Whether the gate goes on with this page; asked before the log is read, like `offer`.

    Only in a frame, which a browser says of itself: text browsers show a page when all of it is here.
    """
    offered = request.META.get(ENVIRON_KEY)
    in_a_frame = request.headers.get("Sec-Fetch-Dest") == "iframe"
    if (
        not offered
        or not in_a_frame
        or not offered.has_place(request.session.session_key, client_ip.network_of(request))
    ):
        return False
    room, path = membership.room, f"stream:{request.path}".encode()
    grant, beat = _grant(request, membership, kind="stream"), render_to_string("partials/heartbeat.html").encode()
    offered.stream = lambda: Stream(path, grant(), room.version, offered.made_at, beat)  # as of the page, by then
    return True


@cache
def _poller(language):
    """The bytes around what a poller is told, in the language that is active: one object for all grants in it."""
    return tuple(part.encode() for part in HOLES.split(poll.poller_template()))


def _grant(request, membership, poller=(), kind="poll"):
    """A function that makes the Grant, to be called when it is known under which key the session goes on."""
    room, epoch = membership.room, membership.room.epoch
    variant = translation.get_language(), str(timezone.get_current_timezone()), kind
    return lambda: Grant(
        session=request.session.session_key,
        room=room.pk,
        member=membership.pk,
        standing=(membership.participant_id, membership.participant.generation, room.withdrawals),
        epoch=epoch,
        incarnation=room.incarnation,
        variant=variant,
        address=client_ip.network_of(request),
        until=time.monotonic() + request.session.get_expiry_age(),
        poller=poller,
    )


def revoke_grants(request, key=None):
    """Let Django answer the next polls under that key, or this session's own: what they look like has changed, or who
    asks is to be known anew."""
    key = key or request.session.session_key
    if key and (offered := request.META.get(ENVIRON_KEY)):
        offered.takes.append(key)


def supersede_panel(request, room, epoch, html):
    """Let the gate tell nobody of an older panel than this one, as of that epoch, which a page is given just now."""
    if offered := request.META.get(ENVIRON_KEY):
        offered.parts.append((room.pk, "people", translation.get_language(), epoch, html.encode()))


def has_gate(request):
    """Whether a gate stands before this answer."""
    return ENVIRON_KEY in request.META


def can_hold(request, membership):
    """Whether the polls of this person may be held until there is news."""
    return has_gate(request) and membership.participant.is_live
