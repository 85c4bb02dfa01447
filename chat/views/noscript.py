"""Without JavaScript: log and composer are separate frames, so that new messages don't disturb a draft."""

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from chat import responses
from chat.access.rooms import guarded_read, membership_to_read, membership_to_write
from chat.composer import Composer
from chat.forms.preferences import RefreshForm
from chat.models import Membership
from chat.realtime import delta, grants
from chat.types import Request
from chat.views.room_page import composer_context, composer_with_draft

RELOAD_AFTER_STREAM = 5  # seconds after the end of a stream; a restarting server is up by then


@require_safe
def live(request: Request, slug: str) -> HttpResponse:
    """Show the log without JavaScript: as a stream, if the page is in a frame and the gate can hold one more.

    Otherwise the page reloads itself at the interval that the reader has chosen. If they chose to reload by themselves,
    it does neither.
    """
    membership = membership_to_read(request, slug).record_seen()
    streamed = bool(membership.participant.refresh_seconds) and grants.offer_stream(request, membership)
    with guarded_read(membership):
        log_slice = delta.newest(membership.room)
    membership.try_mark_read()
    return _log_frame(request, membership, log_slice, streamed)


def _log_frame(request: Request, membership: Membership, log_slice: delta.LogSlice, streamed: bool) -> HttpResponse:
    """Render the log's frame; it sets no cookie, because a late response would restore an old one.

    So it does not use `responses.page`.
    """
    every = RELOAD_AFTER_STREAM if streamed else membership.participant.refresh_seconds
    context = {"log_slice": log_slice, "room": log_slice.room, "every": every, "streamed": streamed}
    context["unread"] = delta.parse_number(request.GET.get("unread", ""))
    # A stream is not compressed, because the compressor would hold back small parts.
    headers = {"Content-Encoding": "identity"} if streamed else None
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
