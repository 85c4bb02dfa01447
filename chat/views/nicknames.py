"""Changing your nickname in a room."""

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from chat import limits, responses
from chat.access.rooms import membership_to_write
from chat.forms.base import submitted_data
from chat.forms.nicknames import NicknameForm
from chat.types import Request
from chat.views.room_page import room_context


@require_http_methods(["GET", "HEAD", "POST"])
def nickname(request: Request, slug: str) -> HttpResponse:
    membership = membership_to_write(request, slug).record_seen()
    form = NicknameForm(submitted_data(request), initial={"nickname": membership.nickname})
    if request.method == "POST":
        limits.check_nickname_changes(request, membership)
        if form.submit(membership.change_nickname):
            unchanged = reverse("nickname", args=[membership.room.slug]) + "?stale=nickname"
            return responses.redirect(request, membership.room.get_absolute_url() if form.result else unchanged)
    context = room_context(membership) | {"form": form}
    return responses.page(request, "rooms/nickname.html", context, 422 if form.errors else 200)
