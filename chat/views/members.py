"""Members: who is in a room, what they are in it, and showing them out."""

from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from chat import access, answers
from chat.forms_of_rooms import RoleForm


@require_safe
def members(request, slug):
    membership = access.membership_to_read(request, slug)
    listed = [(member, access.may_remove(membership, member)) for member in membership.room.memberships.inside()]
    return answers.page(request, "rooms/members.html", access.keeping(membership) | {"members": listed})


@require_POST
def role(request, slug, pk):
    """Promote, demote or hand over."""
    by, member = access.member_to_promote(request, slug, pk)
    form = RoleForm(request.POST)
    if form.is_valid():
        form.gives(by, member)
    return _back(request, by)


@require_POST
def remove(request, slug, pk):
    by, member = access.member_to_remove(request, slug, pk)
    member.remove(by)
    return _back(request, by)


def _back(request, by):
    return answers.see_other(request, reverse("members", args=[by.room.slug]))
