"""The home page and a person's own rooms."""

from django.urls import reverse
from django.views.decorators.http import require_safe

from chat import identity, responses
from chat.forms.join import JoinForm
from chat.models import Membership, Room
from chat.views.room_page import mark_previous_room_read, own_rooms_context


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
        "mine": mine,
        "participant": participant,
        "asked": Membership.objects.chat_requests_to(participant),
        "rooms": others.page(request.GET.get("page")),
    }
    return page_with_join_form(request, "rooms/home.html", context, status)


def page_with_join_form(request, template, context, status=200):
    """The page, or only the refused join form for htmx."""
    if status != 200 and responses.is_htmx(request):
        return responses.fragment(request, "partials/join.html", context, status, responses.REPLACE_JOIN_FORM)
    return responses.page(request, template, context, status)


@require_safe
def my_rooms(request):
    """The person's rooms with unread counts; an open room reloads this list by itself."""
    if not responses.is_htmx(request):
        return responses.redirect(request, reverse("home"))
    context = {"room": Room(slug=request.GET.get("room", "")), "out_of_band": True}
    context |= own_rooms_context(identity.participant_of(request))
    return responses.fragment(request, "partials/my_rooms.html", context)
