"""Nicknames: going by another name in a room."""

from django.views.decorators.http import require_http_methods

from chat import access, answers, limits
from chat.forms import NicknameForm, typed


@require_http_methods(["GET", "HEAD", "POST"])
def nickname(request, slug):
    membership = access.membership_to_write(request, slug)
    form = NicknameForm(typed(request), initial={"nickname": membership.nickname})
    if request.method == "POST":
        limits.renaming(request, membership)
        if form.does(membership.rename):
            return answers.see_other(request, membership.room.get_absolute_url())
    context = access.keeping(membership) | {"form": form}
    return answers.page(request, "rooms/nickname.html", context, 422 if form.errors else 200)
