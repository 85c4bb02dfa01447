"""Settings of a room: what those who keep it decide about it."""

from copy import copy

from django.urls import reverse
from django.views.decorators.http import require_http_methods

from chat import access, answers, limits
from chat.forms import typed
from chat.forms_of_rooms import DeleteRoomForm, OwnerSettingsForm, RoomSettingsForm


@require_http_methods(["GET", "HEAD", "POST"])
def room_settings(request, slug):
    membership = access.membership_to_moderate(request, slug)
    room = copy(membership.room)  # What was refused stays out of the room that the page shows.
    kind = OwnerSettingsForm if membership.owns else RoomSettingsForm
    form = kind(typed(request), room=room)
    if request.method == "POST":
        limits.settling(request, membership)
        if form.takes_another_name:
            limits.creating(request, membership.participant)
        if form.does(room.settle):
            return answers.see_other(request, reverse("room_settings", args=[room.slug]) + "?saved")
    context = access.keeping(membership) | {"form": form}
    return answers.page(request, "rooms/settings.html", context, 422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def delete(request, slug):
    """Delete the room with all that was said in it, once its name was typed."""
    membership = access.membership_to_own(request, slug)
    form = DeleteRoomForm(typed(request), room=membership.room)
    if form.is_valid():
        membership.room.end()
        return answers.see_other(request, "/")
    context = access.keeping(membership) | {"form": form}
    return answers.page(request, "rooms/delete.html", context, 422 if form.errors else 200)
