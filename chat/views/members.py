"""Members: listing them, changing roles, removing, muting and banning."""

from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from chat import responses
from chat.access.members import member_to_moderate, member_to_promote
from chat.access.rooms import membership_to_read
from chat.forms.members import RoleForm, SearchForm
from chat.models import Membership, Room
from chat.types import Request
from chat.views.room_page import room_context

MAX_BANNED_LISTED = 200  # on the page, those seen last come first
MAX_ID_DIGITS = 18
STALE = {  # what the page says after an act that changed nothing: someone else was first
    "answer": _("This join request was already answered or cancelled."),
    "mute": _("Already muted, or no longer in the room."),
    "unmute": _("No longer muted, or no longer in the room."),
    "remove": _("Already gone, or you can no longer remove them."),
    "role": _("The role didn’t change. It was already set, or you can no longer change it."),
    "unban": _("Already unbanned."),
    "allow_rejoin": _("They can rejoin already."),
}


@require_safe
def members(request: Request, slug: str) -> HttpResponse:
    return members_page(request, membership_to_read(request, slug).record_seen())


def members_page(
    request: Request, membership: Membership, context: dict[str, Any] | None = None, status: int = 200
) -> HttpResponse:
    """Render the list of members. Moderators also see join requests, and people who can't rejoin.

    `context` adds variables to the template's.
    """
    query = SearchForm(request.GET).text
    people = membership.room.memberships.named_like(query)
    listed = people.inside().select_related("participant").page(request.GET.get("page"))
    members = [(member, membership.outranks(member)) for member in listed]
    context = {"page": listed, "members": members, "query": query} | (context or {})
    context |= {"stale": STALE.get(request.GET.get("stale", ""))} | room_context(membership)
    if context["may_moderate"]:
        banned = people.banned().select_related("participant")[:MAX_BANNED_LISTED]
        context |= {"waiting": people.waiting().select_related("participant"), "banned": banned}
        context["removed"] = people.kept_out()[:MAX_BANNED_LISTED]
        context |= {"has_banned_guests": any(member.participant.is_guest for member in banned)}
        context["ended"] = ended_membership(membership.room, request.GET.get("ended", ""))
    return responses.page(request, "rooms/members.html", context, status)


def ended_membership(room: Room, pk: str) -> Membership | None:
    """The membership with this id that was ended by a removal or ban which can still be undone."""
    if not pk.isascii() or not pk.isdecimal() or len(pk) > MAX_ID_DIGITS:
        return None
    people = room.memberships
    return people.banned().filter(pk=pk).first() or people.kept_out().filter(pk=pk).first()


@require_POST
def role(request: Request, slug: str, pk: int) -> HttpResponse:
    """Promote or demote a member, or transfer ownership to them; a transfer is done only after a confirmation page."""
    by, member = member_to_promote(request, slug, pk)
    form = RoleForm(request.POST)
    confirmed = form.is_valid() and form.is_confirmed
    if form.is_valid() and not confirmed and member.is_inside:
        return responses.page(request, "rooms/transfer.html", room_context(by) | {"member": member})
    acted = confirmed and by.assign_role(member, form.cleaned_data["role"])
    return back_to_members(request, by.room, acted or "role")


@require_http_methods(["GET", "HEAD", "POST"])
def remove(request: Request, slug: str, pk: int) -> HttpResponse:
    """Remove a member. Without POST, ask first, and say what that means."""
    by, member = member_to_moderate(request, slug, pk)
    if request.method != "POST":
        return _confirmation(request, by, member, "remove")
    return back_to_members(request, by.room, member.remove(by) or "remove", member)


@require_POST
def mute(request: Request, slug: str, pk: int) -> HttpResponse:
    """Mute or unmute a member."""
    by, member = member_to_moderate(request, slug, pk)
    muted = "unmute" not in request.POST
    return back_to_members(request, by.room, member.set_muted(muted, by) or ("mute" if muted else "unmute"))


@require_http_methods(["GET", "HEAD", "POST"])
def ban(request: Request, slug: str, pk: int) -> HttpResponse:
    """Ban a member, or someone who waits for approval. Without POST, ask first, and say what that means."""
    by, member = member_to_moderate(request, slug, pk)
    if request.method != "POST":
        return _confirmation(request, by, member, "ban")
    return back_to_members(request, by.room, member.ban(by) or "remove", member)


def _confirmation(request: Request, by: Membership, member: Membership, act: str) -> HttpResponse:
    """Say what a removal or ban means. If the person is not here any more, go back to the list of members instead."""
    if not member.is_inside and not member.is_waiting:
        return back_to_members(request, by.room, "remove")
    context = room_context(by) | {"member": member, "removal_minutes": settings.REMOVAL_MINUTES}
    return responses.page(request, f"members/{act}.html", context)


@require_POST
def unban(request: Request, slug: str, pk: int) -> HttpResponse:
    by, member = member_to_moderate(request, slug, pk)
    return back_to_members(request, by.room, member.unban(by) or "unban")


@require_POST
def allow_rejoin(request: Request, slug: str, pk: int) -> HttpResponse:
    by, member = member_to_moderate(request, slug, pk)
    return back_to_members(request, by.room, member.allow_rejoin(by) or "allow_rejoin")


def back_to_members(request: Request, room: Room, acted: bool | str, ended: Membership | None = None) -> HttpResponse:
    """Redirect to the list of members. `acted` is True, or, if nothing was changed, the key in STALE of the reason.

    The page offers to undo the removal or ban that ended the membership `ended`.
    """
    query = f"?stale={acted}" if acted is not True else f"?ended={ended.pk}" if ended else ""
    return responses.redirect(request, reverse("members", args=[room.slug]) + query)
