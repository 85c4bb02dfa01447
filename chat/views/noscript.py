"""Without JavaScript: log and composer are separate frames, so that new messages don't disturb a draft."""

import time
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from chat import responses
from chat.access.rooms import guarded_read, membership_to_read, membership_to_write
from chat.composer import Composer
from chat.forms.preferences import RefreshForm
from chat.models import Membership, Room
from chat.realtime import delta, grants
from chat.types import Request
from chat.views.room_page import composer_context, composer_with_draft, new_room_context

RELOAD_AFTER_STREAM = 5  # seconds after the end of a stream; a restarting server is up by then
STREAM_DURATION = 330  # seconds at most that the gate continues a page
REQUEST_WITHIN = 10  # seconds that a browser has to request a stream when it is due


@require_safe
def live(request: Request, slug: str) -> HttpResponse:
    """Show the log without JavaScript: as a stream, if the page is in a frame and the gate can hold one more.

    The first answer to such a frame is empty, and followed by the stream: a stream alone would keep the page around it
    loading for minutes. Otherwise the log reloads itself at the interval that the reader has chosen. If the
    reader chose to reload it themselves, it does neither.
    """
    membership = membership_to_read(request, slug).record_seen()
    every = membership.participant.refresh_seconds
    streamable = bool(every) and grants.can_stream(request)
    if streamable and "until" not in request.GET:
        return _log_frame(request, membership.room, _reload(request, membership.room))
    streamed = streamable and _is_expected(request) and grants.offer_stream(request, membership)
    with guarded_read(membership):
        log_slice = delta.newest(membership.room)
    membership.try_mark_read()
    headers = _reload(request, log_slice.room, every, streamed) if every else {}
    context = new_room_context(request, membership) | {"log_slice": log_slice, "streamed": streamed}
    return _log_frame(request, log_slice.room, headers, **context)


def _is_expected(request: Request) -> bool:
    """Whether the frame requests the stream before the time in `until`.

    If it is later, the frame first shows a whole log: after Back, which leads to the URL of an old stream, or if the
    clocks of two servers differ.
    """
    until = delta.parse_number(request.GET.get("until", ""))
    return until is not None and time.time() <= until


def _reload(request: Request, room: Room, seconds: int = 0, streamed: bool = False) -> dict[str, str]:
    """The headers that make the browser load the log again, so many seconds after it has loaded this answer.

    `Refresh` does the same as `<meta http-equiv="refresh">`.
    """
    headers, ends_in = {}, 0
    if streamed:
        # Neither Django nor a proxy compresses a stream then; a compressor would hold back small parts.
        headers, ends_in, seconds = {"Content-Encoding": "identity"}, STREAM_DURATION, RELOAD_AFTER_STREAM
    query = {"until": int(time.time()) + ends_in + seconds + REQUEST_WITHIN}
    if unread := _unread(request):
        query["unread"] = unread
    return headers | {"Refresh": f"{seconds}; url={reverse('live', args=[room.slug])}?{urlencode(query)}"}


def _unread(request: Request) -> int | None:
    return delta.parse_number(request.GET.get("unread", ""))


def _log_frame(request: Request, room: Room, headers: dict[str, str], **context: Any) -> HttpResponse:
    """Render the log's frame; it sets no cookie, because a late response would restore an old one.

    So it does not use `responses.page`.
    """
    context |= {"room": room, "unread": _unread(request)}
    return responses.fragment(request, "rooms/live.html", context, headers=headers)


@require_safe
def compose(request: Request, slug: str) -> HttpResponse:
    return composer_frame(request, membership_to_write(request, slug).record_seen())


def composer_frame(
    request: Request, membership: Membership, composer: Composer | None = None, status: int = 200
) -> HttpResponse:
    composer = composer or composer_with_draft(request, membership)
    context = {
        "frame": True,
        "refresh": RefreshForm(instance=membership.participant),
        "cannot_post": membership.posting_refusal,
    }
    return responses.page(request, "rooms/compose.html", composer_context(membership, composer) | context, status)
