"""Members: listing them, changing roles, removing, muting and banning."""

from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from chat import responses
from chat.access.members import member_to_ban, member_to_promote, member_to_remove, member_to_unban
from chat.access.rooms import membership_to_read
from chat.forms.members import RoleForm
from chat.models import Membership, Room
from chat.types import Request
from chat.views.room_page import room_context

MAX_BANNED_LISTED = 200  # on the page, those seen last come first


@require_safe
def members(request: Request, slug: str) -> HttpResponse:
    return members_page(request, membership_to_read(request, slug).record_seen())


def members_page(
    request: Request, membership: Membership, context: dict[str, Any] | None = None, status: int = 200
) -> HttpResponse:
    """The members, and for moderators also the join requests and the banned people."""
    people = membership.room.memberships
    listed = people.inside().select_related("participant").page(request.GET.get("page"))
    members = [(member, membership.outranks(member)) for member in listed]
    context = room_context(membership) | {"page": listed, "members": members} | (context or {})
    if context["may_moderate"]:
        context |= {"waiting": people.waiting(), "banned": people.banned()[:MAX_BANNED_LISTED]}
    return responses.page(request, "rooms/members.html", context, status)


@require_POST
def role(request: Request, slug: str, pk: int) -> HttpResponse:
    """Promote, demote or transfer ownership; a transfer can't be undone, so it needs a confirmation."""
    by, member = member_to_promote(request, slug, pk)
    form = RoleForm(request.POST)
    if form.is_valid() and form.is_confirmed:
        by.assign_role(member, form.cleaned_data["role"])
    elif form.is_valid():
        return responses.page(request, "rooms/transfer.html", room_context(by) | {"member": member})
    return _back(request, by.room)


@require_POST
def remove(request: Request, slug: str, pk: int) -> HttpResponse:
    by, member = member_to_remove(request, slug, pk)
    member.remove(by)
    return _back(request, by.room)


@require_POST
def mute(request: Request, slug: str, pk: int) -> HttpResponse:
    """Mute or unmute a member."""
    by, member = member_to_remove(request, slug, pk)
    member.set_muted("unmute" not in request.POST, by)
    return _back(request, by.room)


@require_POST
def ban(request: Request, slug: str, pk: int) -> HttpResponse:
    by, member = member_to_ban(request, slug, pk)
    member.ban(by)
    return _back(request, by.room)


@require_POST
def unban(request: Request, slug: str, pk: int) -> HttpResponse:
    by, member = member_to_unban(request, slug, pk)
    member.unban()
    return _back(request, by.room)


def _back(request: Request, room: Room) -> HttpResponse:
    return responses.redirect(request, reverse("members", args=[room.slug]))
