"""Grants: Django's permission for the gate to answer a reader's polls in a room, or to continue a streamed page."""

import re
import time
from collections.abc import Callable
from functools import cache

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation

from chat import client_ip
from chat.gate.grants import ENVIRON_KEY, Grant, Offer, Stream
from chat.models import Membership, Room
from chat.realtime import poll

HOLES = re.compile(r"\{(?:since|origin|at|incarnation)\}")


def offer_grant(request: HttpRequest, membership: Membership, slug: str = "") -> None:
    """Let the gate answer this member's polls; `slug` is for a page that polls a former address of its room.

    Nothing happens without a gate, or if the reader has chosen to poll less often. Call this before reading the
    log, because the grant is valid for the room's epoch as it was read together with the membership.
    """
    offer = _offer(request)
    if offer and membership.participant.is_live:
        version, path = membership.room.version, reverse("changes", args=[slug or membership.room.slug]).encode()
        make_grant = _grant_maker(request, membership, _poller_parts(translation.get_language()))
        offer.grants.append(lambda: (path, make_grant(), version))


def can_stream(request: HttpRequest) -> bool:
    """Whether the gate can hold one more connection of this session, to stream a page.

    Only a page in a frame is streamed, which browsers report in a header: text browsers show a page only when it is
    complete.
    """
    offer = _offer(request)
    if not offer or not offer.has_capacity or request.headers.get("Sec-Fetch-Dest") != "iframe":
        return False
    return offer.has_capacity(request.session.session_key or "", client_ip.network_of(request))


def offer_stream(request: HttpRequest, membership: Membership) -> bool:
    """Offer this page to the gate, to be continued as a stream. Returns whether the gate will continue it.

    Call it before reading the log, like `offer_grant`.
    """
    offer = _offer(request)
    if not offer or not can_stream(request):
        return False
    room, path, requested_at = membership.room, f"stream:{request.path}".encode(), offer.made_at
    heartbeat = render_to_string("partials/heartbeat.html").encode()
    make_grant = _grant_maker(request, membership, kind="stream")
    # The room's version is that of the page by the time that this is called.
    offer.stream = lambda: Stream(path, make_grant(), room.version, requested_at, heartbeat)
    return True


@cache
def _poller_parts(language: str) -> tuple[bytes, ...]:
    """The poller's HTML in this language, which must be active, split at its placeholders.

    All grants in that language share the same bytes.
    """
    return tuple(part.encode() for part in HOLES.split(poll.poller_template()))


def _grant_maker(
    request: HttpRequest, membership: Membership, poller: tuple[bytes, ...] = (), kind: str = "poll"
) -> Callable[[], Grant]:
    """Return a function that makes the Grant. Call it once the response is complete and the session's key is final.

    The Grant gets the language, time zone and epoch of now, and `poller`. `kind` is "poll" or "stream".
    """
    room, epoch = membership.room, membership.room.epoch
    variant = translation.get_language(), str(timezone.get_current_timezone()), kind
    return lambda: Grant(
        session=request.session.session_key or "",
        room=room.pk,
        member=membership.pk,
        rights=(membership.participant_id, membership.participant.generation, room.withdrawals),
        epoch=epoch,
        incarnation=room.incarnation,
        variant=variant,
        address=client_ip.network_of(request),
        until=time.monotonic() + request.session.get_expiry_age(),
        poller=poller,
    )


def revoke_grants(request: HttpRequest, key: str | None = None) -> None:
    """Revoke the gate's grants of a session, so that Django answers its next polls.

    For a session whose pages look different now, or whose reader changed. `key` is the session's key, by default that
    of the request.
    """
    key = key or request.session.session_key
    if key and (offer := _offer(request)):
        offer.revocations.append(key)


def supersede_panel(request: HttpRequest, room: Room, epoch: int, html: str) -> None:
    """Keep the gate from sending this reader a panel older than `html`, which was rendered at `epoch` or before."""
    if offer := _offer(request):
        offer.parts.append((room.pk, "people", translation.get_language(), epoch, html.encode()))


def note_received(request: HttpRequest, membership: Membership, version: int) -> bool:
    """Have the gate remember that a page of this member has the log up to this version. False without a gate."""
    if offer := _offer(request):
        offer.received.append((membership.pk, membership.room.incarnation, version))
    return offer is not None


def received_version(request: HttpRequest, member: int, incarnation: str) -> int:
    """Return the version up to which a page of this member has the log, as far as the gate knows; otherwise 0.

    `member` is the membership's id, and `incarnation` that of its room.
    """
    offer = _offer(request)
    return offer.received_version(member, incarnation) if offer and offer.received_version else 0


def has_gate(request: HttpRequest) -> bool:
    """Whether this request came through the gate."""
    return ENVIRON_KEY in request.META


def can_hold(request: HttpRequest, membership: Membership) -> bool:
    """Return whether the gate may hold this member's polls: it is in use, and the member wants updates at once."""
    return has_gate(request) and membership.participant.is_live


def _offer(request: HttpRequest) -> Offer | None:
    return request.META.get(ENVIRON_KEY)
