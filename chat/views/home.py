"""The home page and a person's own rooms."""

from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from chat import identity, responses
from chat.forms.join import JoinForm
from chat.models import Membership, Participant, Room
from chat.models.previews import add_previews
from chat.realtime import unread
from chat.types import Request
from chat.views.room_page import mark_previous_room_read, own_rooms_context

STALE = {  # what the page says after an act that changed nothing
    "cancel": _("Your join request was answered before you cancelled it."),
    "chat": _("This request was already answered."),
    "leave": _("You had already left this room."),
}


@require_safe
def home(request: Request) -> HttpResponse:
    participant = identity.participant_of(request)
    form = JoinForm(initial={"nickname": participant.default_nickname if participant else ""})
    return home_page(request, form, participant)


def home_page(request: Request, form: JoinForm, participant: Participant | None, status: int = 200) -> HttpResponse:
    mark_previous_room_read(request)
    rooms = Room.objects.with_online_count().by_activity()
    mine = rooms.of(participant)
    others = rooms.listed().exclude(pk__in=mine.values("pk"))
    context = {
        "form": form,
        "participant": participant,
        "sign_in_first": needs_sign_in(participant) and not form.is_bound,
        "stale": STALE.get(request.GET.get("stale", "")),
        "rooms": others.page(request.GET.get("page")),
    }
    requests = list(Membership.objects.chat_requests_to(participant))
    context |= own_lists_context(unread.rooms_with_unread(request, mine), requests)
    form.starts_focused = not context["returning"]
    return page_with_join_form(request, "rooms/home.html", context, status)


def needs_sign_in(participant: Participant | None) -> bool:
    """Whether this person can't join any room without signing in."""
    return settings.ACCOUNTS == "required" and (participant is None or participant.is_guest)


def own_lists_context(rooms: list[Any], chat_requests: list[Membership]) -> dict[str, Any]:
    """Template context: a person's own rooms in lists, those with unread messages first, and open chat requests."""
    in_use = sorted((room for room in rooms if not room.archived), key=lambda room: not room.unread)
    add_previews(in_use)
    return {
        "my_rooms": in_use,
        "archived_rooms": [room for room in rooms if room.archived],
        "chat_requests": chat_requests,
        "returning": bool(rooms or chat_requests),
    }


def page_with_join_form(request: Request, template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    """Show the whole page; if the join form was refused (`status` is not 200), htmx gets only the form."""
    if status != 200 and responses.is_htmx(request):
        return responses.fragment(request, "partials/join.html", context, status, responses.REPLACE_JOIN_FORM)
    return responses.page(request, template, context, status)


@require_safe
def my_rooms(request: Request) -> HttpResponse:
    """List the person's rooms with their unread counts; open room pages request this list regularly."""
    if not responses.is_htmx(request):
        return responses.redirect(request, reverse("home"))
    context = {"room": Room(slug=request.GET.get("room", ""))}
    context |= own_rooms_context(request, identity.participant_of(request))
    return responses.fragment(request, "partials/my_rooms_lists.html", context)
