"""Views: change a room's settings, lock, archive and delete the room."""

from copy import copy
from functools import partial

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from chat import limits, responses
from chat.access.rooms import membership_to_moderate, membership_to_own
from chat.forms.base import submitted_data
from chat.forms.rooms import DeleteRoomForm, OwnerSettingsForm, RoomSettingsForm
from chat.models import Room
from chat.types import Request
from chat.views.room_page import room_context


@require_http_methods(["GET", "HEAD", "POST"])
def room_settings(request: Request, slug: str) -> HttpResponse:
    membership = membership_to_moderate(request, slug).record_seen()
    room = copy(membership.room)  # Refused values must not show up in the rest of the page.
    kind = OwnerSettingsForm if membership.is_owner else RoomSettingsForm
    form = kind(submitted_data(request), room=room)
    if request.method == "POST":
        limits.check_room_settings(request, membership)
        if form.changes_name:
            limits.check_creating_rooms(request, membership.participant)
        if form.submit(partial(room.update_settings, by=membership)):
            return _back_to_settings(request, room, form.result)
    context = room_context(membership) | {"form": form}
    return responses.page(request, "rooms/settings.html", context, 422 if form.errors else 200)


@require_POST
def lock(request: Request, slug: str) -> HttpResponse:
    """Lock or unlock the room."""
    membership = membership_to_moderate(request, slug)
    limits.check_room_settings(request, membership)
    changed = membership.room.set_locked("unlock" not in request.POST, by=membership)
    return _back_to_settings(request, membership.room, changed)


@require_POST
def archive(request: Request, slug: str) -> HttpResponse:
    """Archive or unarchive the room."""
    membership = membership_to_own(request, slug)
    limits.check_room_settings(request, membership)
    changed = membership.room.set_archived("unarchive" not in request.POST, by=membership)
    return _back_to_settings(request, membership.room, changed)


def _back_to_settings(request: Request, room: Room, changed: object) -> HttpResponse:
    query = "?saved" if changed else "?unchanged"
    return responses.redirect(request, reverse("room_settings", args=[room.slug]) + query)


@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: Request, slug: str) -> HttpResponse:
    """Delete the room with all its messages, after its owner has typed its name."""
    membership = membership_to_own(request, slug).record_seen()
    form = DeleteRoomForm(submitted_data(request), room=membership.room)
    if form.is_valid():
        membership.room.delete_with_messages(by=membership)
        return responses.redirect(request, reverse("home"))
    context = room_context(membership) | {"form": form}
    return responses.page(request, "rooms/delete.html", context, 422 if form.errors else 200)
