"""A room's page and its context, shared by all views that show a room."""

from contextlib import suppress
from typing import Any
from urllib.parse import unquote

from django.conf import settings
from django.http import HttpResponse
from django.urls import Resolver404, resolve

from chat import responses
from chat.access.origin import referring_url
from chat.access.rooms import guarded_read, membership_of
from chat.composer import Composer, first_composer, new_page_key
from chat.models import Membership, Participant, Room
from chat.prepared_query import Parameter, PreparedQuery
from chat.realtime import delta, drafts, grants, poll, sidebar, unread
from chat.types import Request

# Lasting refusals, unlike a lock: their reason replaces the composer.
LASTING_REFUSALS = ("muted", "announce", "archived", "alone")

rooms_of = PreparedQuery(lambda: Room.objects.of(Parameter("participant")).by_activity())
chat_requests_to = PreparedQuery(lambda: Membership.objects.chat_requests_to(Parameter("participant")))


def room_page(
    request: Request, membership: Membership, composer: Composer | None = None, status: int = 200
) -> HttpResponse:
    grants.offer_grant(request, membership)
    composer = composer or composer_with_draft(request, membership)
    return responses.page(request, "rooms/room.html", room_page_context(request, membership, composer), status)


def composer_with_draft(request: Request, membership: Membership) -> Composer:
    """The first composer of a page that is opened. A member who can't post for long doesn't get their draft."""
    draft = drafts.draft_of(membership)
    refusal = draft and membership.posting_refusal
    return first_composer(membership, request.GET, None if refusal and refusal.code in LASTING_REFUSALS else draft)


def room_page_context(request: Request, membership: Membership, composer: Composer) -> dict[str, Any]:
    """The log, the sidebar and the composer, as template context. Also marks the room as read.

    The log and its version come from one statement, so that polls miss nothing. Raises NotAMember if the member was
    removed meanwhile.
    """
    with guarded_read(membership):
        more = sidebar.for_page(request, membership)
        log_slice, log = delta.newest_html(membership.room)
    new = unread.unread_in(membership, unread.received_version(request, membership))
    context = {"log": log, "unread": new, "poll": poll.page_state(log_slice)} | more
    membership.try_mark_read()
    refusal = membership.posting_refusal
    lasts = refusal and refusal.code in LASTING_REFUSALS and not composer.text
    context |= {"cannot_post": refusal if lasts else None}
    context |= room_context(membership) | new_room_context(request, membership)
    context |= own_rooms_context(request, membership.participant)
    return context | composer_context(membership, composer)


def room_context(membership: Membership) -> dict[str, Any]:
    """Return the template context of every page of a room: the room, the reader's membership and what they may do."""
    return {
        "room": membership.room,
        "membership": membership,
        "may_moderate": membership.is_moderator,
        "may_own": membership.is_owner,
        "may_invite": membership.can_invite,
        "may_pair": not membership.room.is_direct_message and membership.participant.can_create_rooms,
    }


def new_room_context(request: Request, membership: Membership) -> dict[str, Any]:
    """Return the context of the card in a new room, about how to begin."""
    return {
        "room_link": room_link(request, membership.room),
        "may_moderate": membership.is_moderator,
        "may_own": membership.is_owner,
    }


def room_link(request: Request, room: Room) -> str:
    """The room's whole URL, for people to share."""
    return request.build_absolute_uri(room.get_absolute_url())


def composer_context(membership: Membership, composer: Composer) -> dict[str, Any]:
    """Return a composer's context. Its new page key and the composer's number together make a message's token."""
    return {"room": membership.room, "composer": composer, "page_key": new_page_key()}


def own_rooms_context(request: Request, participant: Participant | None) -> dict[str, Any]:
    """Template context: `my_rooms` (the participant's rooms) and `chat_requests` (open ones to them).

    Both are empty for None.
    """
    pk = participant.pk if participant else None
    my_rooms = unread.rooms_with_unread(request, rooms_of.rows(participant=pk))
    return {"my_rooms": my_rooms, "chat_requests": chat_requests_to.rows(participant=pk)}


def mark_previous_room_read(request: Request) -> None:
    """Mark the room of the page that links here (the Referer) as read: its log was on the screen until now.

    Not on a reload (it sends Cache-Control): browsers repeat the Referer, and new messages may have come meanwhile.
    """
    if "Cache-Control" in request.headers:
        return
    with suppress(Resolver404):
        path = unquote(referring_url(request).path).removeprefix(settings.FORCE_SCRIPT_NAME or "")
        page = resolve(path)
        membership = membership_of(request, page.kwargs["slug"]) if page.url_name == "room" else None
        if membership and membership.is_inside and membership.was_online_recently and not membership.participant.paused:
            membership.try_mark_read()
