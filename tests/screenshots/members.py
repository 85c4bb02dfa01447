"""Screenshots of a room's members and settings."""

from datetime import timedelta

from django.utils import timezone

from chat.models import Invite, Participant
from tests.browser.test_accessibility import new_invitation, not_yours_to_open, refused_settings
from tests.screenshots.people import join_requests, many_members, member, mine, new_room, one_message, owner
from tests.support.more_pages import another_name, at


def of_room(page):
    def show(alice):
        at(alice, f"{mine().room.get_absolute_url()}{page}/")

    return show


def actions(alice):
    """Open what can be done with Bob."""
    people = alice.page.locator(".people li").filter(has_text="Bob")
    people.locator("summary").first.click()


def of_bob(act):
    """The page that asks before Bob is removed or banned."""

    def show(alice):
        bob = mine().room.memberships.get(nickname="Bob")
        at(alice, f"{mine().room.get_absolute_url()}members/{bob.pk}/{act}/")

    return show


def after_a_ban(alice):
    of_bob("ban")(alice)
    alice.page.get_by_role("button", name="Ban", exact=True).click()
    alice.page.wait_for_url("**/members/?ended=*")


def search(alice):
    at(alice, f"{mine().room.get_absolute_url()}members/?q=reader+1")


def transfer(alice):
    actions(alice)
    alice.page.locator("[name=role][value=owner]").locator("visible=true").first.click()
    alice.page.wait_for_url("**/role/")


def invites(alice):
    """Invite links for many, for one, and some that don't work any more."""
    days_ago = timezone.now() - timedelta(days=3)
    for days, max_uses in ((7, 20), (1, 1), (30, None)):
        Invite.objects.issue(mine(), days=days, max_uses=max_uses)
    many = Invite.objects.order_by("pk").first()
    for name in ("Ida", "Jonas"):
        mine().room.join(Participant.objects.create(), name, invite=many)
    Invite.objects.issue(mine(), days=1, max_uses=1)[0].revoke(mine())
    used, _key = Invite.objects.issue(mine(), days=1, max_uses=1)
    mine().room.join(Participant.objects.create(), "Karl", invite=used)
    expired, _key = Invite.objects.issue(mine(), days=1, max_uses=5)
    Invite.objects.filter(pk=expired.pk).update(expires_at=days_ago)


SHOTS = {
    "members": (one_message, of_room("members")),
    "members-as-member": (member, of_room("members")),
    "members-many": (many_members, of_room("members")),
    "members-actions": (owner, of_room("members"), actions),
    "members-join-requests": (join_requests, of_room("members")),
    "members-search": (many_members, search),
    "members-remove": (owner, of_bob("remove")),
    "members-ban": (owner, of_bob("ban")),
    "members-banned": (owner, after_a_ban),
    "leave": (owner, of_room("leave")),
    "transfer": (owner, of_room("members"), transfer),
    "invites-none": (new_room, of_room("invitations")),
    "invites": (owner, invites, of_room("invitations")),
    "invites-new": (owner, new_invitation),
    "settings": (owner, of_room("settings")),
    "settings-refused": (owner, refused_settings),
    "settings-of-new-room": (new_room, of_room("settings")),
    "delete-room": (owner, of_room("delete")),
    "nickname": (member, of_room("name")),
    "nickname-taken": (member, another_name),
    "no-permission": (member, not_yours_to_open),
}
