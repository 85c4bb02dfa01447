"""Members: who is in a room, what they are in it, and showing them out."""

from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from chat import responses
from chat.access.members import member_to_ban, member_to_promote, member_to_remove, member_to_unban
from chat.access.rooms import membership_to_read
from chat.forms.members import RoleForm
from chat.views.rooms import room_context

MAX_BANNED_LISTED = 200  # people on the page who were shown out for good, the last of them first


@require_safe
def members(request, slug):
    return members_page(request, membership_to_read(request, slug).record_seen())


def members_page(request, membership, context=None, status=200):
    """The people of a room, and for those who keep it also who waits to be let in and who was shown out for good."""
    people = membership.room.memberships
    listed = people.inside().select_related("participant").page(request.GET.get("page"))
    members = [(member, membership.outranks(member)) for member in listed]
    context = room_context(membership) | {"page": listed, "members": members} | (context or {})
    if context["may_moderate"]:
        context |= {"waiting": people.waiting(), "banned": people.banned()[:MAX_BANNED_LISTED]}
    return responses.page(request, "rooms/members.html", context, status)


@require_POST
def role(request, slug, pk):
    """Promote, demote or hand over; the last is asked once more, as nobody can take it back."""
    by, member = member_to_promote(request, slug, pk)
    form = RoleForm(request.POST)
    if form.is_valid() and form.is_confirmed:
        by.assign_role(member, form.cleaned_data["role"])
    elif form.is_valid():
        return responses.page(request, "rooms/transfer.html", room_context(by) | {"member": member})
    return _back(request, by.room)


@require_POST
def remove(request, slug, pk):
    by, member = member_to_remove(request, slug, pk)
    member.remove(by)
    return _back(request, by.room)


@require_POST
def mute(request, slug, pk):
    """Let somebody read only, or write again."""
    by, member = member_to_remove(request, slug, pk)
    member.set_muted("unmute" not in request.POST, by)
    return _back(request, by.room)


@require_POST
def ban(request, slug, pk):
    by, member = member_to_ban(request, slug, pk)
    member.ban(by)
    return _back(request, by.room)


@require_POST
def unban(request, slug, pk):
    member = member_to_unban(request, slug, pk)
    member.unban()
    return _back(request, member.room)


def _back(request, room):
    return responses.redirect(request, reverse("members", args=[room.slug]))
