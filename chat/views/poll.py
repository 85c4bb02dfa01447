"""The poll: what changed in a room since a page last asked."""

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from chat import responses
from chat.access.rooms import address_was_withdrawn, guarded_read, membership_of
from chat.exceptions import NotAMember, Refused
from chat.realtime import delta, grants, poll, sidebar, unread
from chat.types import Request


@require_safe
def changes(request: Request, slug: str) -> HttpResponse:
    cursor = delta.Cursor.read(request.GET)
    membership = membership_of(request, slug)
    if membership is None:
        return responses.poll_response(poll.not_recognized(slug, cursor))
    if address_was_withdrawn(membership, slug):
        return responses.poll_response(poll.room_moved(membership.room, cursor), continues=False)
    if not membership.is_inside:
        return responses.poll_response(poll.no_longer_a_member(membership, cursor), continues=False)
    if "paused" in request.GET:
        membership.record_seen()
        return responses.poll_response(poll.paused(membership, cursor))
    unread.note_received(request, membership, cursor)
    membership.record_seen(reading=True)
    grants.offer_grant(request, membership, slug)
    try:
        with guarded_read(membership):
            more = sidebar.due_parts(request, membership.room, cursor.at)
            log_slice = delta.since(membership.room, cursor)
    except (NotAMember, Refused):
        return responses.poll_response(poll.no_longer_a_member(membership, cursor), continues=False)
    held = grants.can_hold(request, membership)
    if "gone" in request.GET or "log" not in request.GET:
        html = poll.with_new_poller(log_slice, cursor, membership, held)
        return responses.poll_response(html, replaces_poller=True)
    return responses.poll_response(poll.update(log_slice, cursor, held, more))
