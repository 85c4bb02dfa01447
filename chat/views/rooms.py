"""Rooms: the home page, joining, the room's page, leaving."""

import secrets
from contextlib import suppress
from urllib.parse import unquote

from django.urls import Resolver404, resolve, reverse
from django.views.decorators.http import require_POST, require_safe

from chat import identity, limits, responses
from chat.access.origin import referring_url
from chat.access.rooms import (
    guarded_read,
    join_refusal,
    membership_of,
    membership_to_read,
    room_to_join,
    room_to_rejoin,
)
from chat.composer import first_composer
from chat.exceptions import NotAMember, NotYetAMember
from chat.forms.join import JoinForm
from chat.models import Membership, Room
from chat.realtime import delta, grants, poll, sidebar, unread

# Refusals that last, unlike a lock: the composer is replaced by the reason.
LASTING_REFUSALS = ("muted", "announce", "archived", "alone")


@require_safe
def home(request):
    participant = identity.participant_of(request)
    form = JoinForm(initial={"nickname": participant.default_nickname if participant else ""})
    return home_page(request, form, participant)


def home_page(request, form, participant, status=200):
    mark_previous_room_read(request)
    rooms = Room.objects.with_online_count().by_activity()
    mine = rooms.of(participant)
    others = rooms.listed().exclude(pk__in=mine.values("pk"))
    context = {
        "form": form,
        "my_rooms": mine,
        "participant": participant,
        "chat_requests": Membership.objects.chat_requests_to(participant),
        "rooms": others.page(request.GET.get("page")),
    }
    return _page_with_join_form(request, "rooms/home.html", context, status)


@require_safe
def my_rooms(request):
    """The rooms that this person is in, with unread counts; reloaded by itself beside an open room."""
    if not responses.is_htmx(request):
        return responses.redirect(request, reverse("home"))
    context = {"room": Room(slug=request.GET.get("room", "")), "out_of_band": True}
    context |= _own_rooms(identity.participant_of(request))
    return responses.fragment(request, "partials/my_rooms.html", context)


# Joining


@require_POST
def join(request):
    """Join the room of that name, or create it."""
    form = JoinForm(request.POST)
    participant = identity.participant_to_join(request, form.key)
    name = form.is_valid() and form.cleaned_data["room"]
    limits.check_joining(request, participant, name and Room.objects.by_name(name))
    if name and Room.objects.would_create(name):
        limits.check_creating_rooms(request, participant)
    if form.joins(participant):
        return joined(request, form.result)
    return home_page(request, form, identity.participant_of(request), status=422)


@require_POST
def join_here(request, slug):
    """Join this room by its address."""
    room = room_to_rejoin(request, slug)
    form = JoinForm(request.POST, door=room)
    participant = identity.participant_to_join(request, form.key)
    limits.check_joining(request, participant, room)
    if form.joins(participant):
        return joined(request, form.result)
    return join_page(request, form, status=422)


def join_page(request, form, status=200):
    """The page on which someone who is not in the room may join it."""
    # A form that was sent and refused says itself what is wrong.
    refusal = None if form.is_bound else join_refusal(request, form.door)
    return _page_with_join_form(
        request, "rooms/join.html", {"form": form, "door": form.door, "refusal": refusal}, status
    )


def _page_with_join_form(request, template, context, status):
    if status != 200 and responses.is_htmx(request):
        return responses.fragment(request, "partials/join.html", context, status, responses.REPLACE_JOIN_FORM)
    return responses.page(request, template, context, status)


def joined(request, membership):
    """Bind the session to the new member and show the room, or the page of those waiting for approval."""
    identity.bind_session(request, membership.participant)
    url = membership.room.get_absolute_url()
    if not membership.is_inside:
        return responses.leave_page(request, reverse("join_request", args=[membership.room.slug]))
    grants.offer_grant(request, membership)
    if not responses.is_htmx(request):
        return responses.redirect(request, url)
    context = room_view(request, membership, first_composer(membership))
    return responses.fragment(request, "rooms/swap.html", context, headers=responses.push_url(url))


# Being in a room


@require_safe
def room(request, slug):
    """The room for its members, the page to join it for everyone else."""
    mark_previous_room_read(request)
    try:
        membership = membership_to_read(request, slug).record_seen()
    except NotYetAMember as pending:
        return responses.redirect(request, reverse(pending.page, args=[slug]))
    except NotAMember:
        return _join_page_of(request, slug)
    return room_page(request, membership)


def _join_page_of(request, slug):
    membership = membership_of(request, slug)
    participant = identity.participant_of(request)
    initial = {"nickname": membership.nickname if membership else participant.default_nickname if participant else ""}
    return join_page(request, JoinForm(door=room_to_join(slug), membership=membership, initial=initial))


def room_page(request, membership, composer=None, status=200):
    grants.offer_grant(request, membership)
    composer = composer or first_composer(membership, request.GET)
    return responses.page(request, "rooms/room.html", room_view(request, membership, composer), status)


def room_view(request, membership, composer):
    """What the room's view shows; log and version come from one statement, so that polls miss nothing."""
    with guarded_read(membership):
        more = sidebar.for_page(request, membership)
        log_slice, log = delta.newest_html(membership.room)
    context = {"log": log, "unread": unread.unread_in(membership), "poll": poll.page_state(log_slice)} | more
    membership.try_mark_read()
    refusal = membership.posting_refusal
    lasts = refusal and refusal.code in LASTING_REFUSALS and not composer.text
    context |= {"cannot_post": refusal if lasts else None}
    context |= room_context(membership) | _own_rooms(membership.participant)
    return context | composer_context(membership, composer)


def room_context(membership):
    """What every page of a room shows: the room, the reader's membership, and what the reader may do."""
    return {
        "room": membership.room,
        "membership": membership,
        "may_moderate": membership.is_moderator,
        "may_own": membership.is_owner,
        "may_pair": not membership.room.is_direct_message and membership.participant.can_create_rooms,
    }


def composer_context(membership, composer):
    """A composer, and the page's key: together with the composer's number it is a token used once."""
    return {"room": membership.room, "composer": composer, "page_key": secrets.token_urlsafe(12)}


def _own_rooms(participant):
    """The rooms that this person is in, and the open chat requests to them."""
    return {
        "my_rooms": Room.objects.of(participant).by_activity(),
        "chat_requests": Membership.objects.chat_requests_to(participant),
    }


@require_POST
def leave(request, slug):
    membership_to_read(request, slug).leave()
    return responses.redirect(request, "/")


def mark_previous_room_read(request):
    """Mark a room as read if this request follows a link on its page: its log was on the screen until now.

    Not on a reload (Cache-Control): browsers send the same Referer again, and there may be news by then.
    """
    if "Cache-Control" in request.headers:
        return
    with suppress(Resolver404):
        page = resolve(unquote(referring_url(request).path))
        membership = membership_of(request, page.kwargs["slug"]) if page.url_name == "room" else None
        if membership and membership.is_inside and membership.was_online_recently and not membership.participant.paused:
            membership.try_mark_read()
