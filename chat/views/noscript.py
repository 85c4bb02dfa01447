"""JavaScript off: log and composer as frames of their own, so that new messages do not disturb a draft."""

from django.views.decorators.http import require_safe

from chat import responses
from chat.access.rooms import guarded_read, membership_to_read, membership_to_write
from chat.composer import first_composer
from chat.forms.preferences import RefreshForm
from chat.realtime import delta, grants
from chat.views.rooms import composer_context

RELOAD_AFTER_STREAM = 5  # seconds after the end of a stream; a server that restarts is back by then


@require_safe
def live(request, slug):
    """The log, streamed where the gate can hold the connection, otherwise reloaded at the reader's interval."""
    membership = membership_to_read(request, slug).record_seen()
    streamed = membership.participant.refresh_seconds and grants.offer_stream(request, membership)
    with guarded_read(membership):
        log_slice = delta.newest(membership.room)
    membership.try_mark_read()
    return _log_frame(request, membership, log_slice, streamed)


def _log_frame(request, membership, log_slice, streamed):
    """The frame sets no cookie: a late answer would put back an old one."""
    every = RELOAD_AFTER_STREAM if streamed else membership.participant.refresh_seconds
    context = {"log_slice": log_slice, "room": log_slice.room, "every": every, "streamed": streamed}
    context["unread"] = delta.parse_number(request.GET.get("unread", ""))
    # A stream is not compressed: the compressor would wait until it has enough bytes.
    headers = {"Content-Encoding": "identity"} if streamed else None
    return responses.fragment(request, "rooms/live.html", context, headers=headers)


@require_safe
def compose(request, slug):
    return composer_frame(request, membership_to_write(request, slug).record_seen())


def composer_frame(request, membership, composer=None, status=200):
    composer = composer or first_composer(membership, request.GET)
    context = {
        "frame": True,
        "refresh": RefreshForm(instance=membership.participant),
        "cannot_post": membership.posting_refusal,
    }
    return responses.page(request, "rooms/compose.html", composer_context(membership, composer) | context, status)
