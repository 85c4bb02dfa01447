"""Members: listing them, changing roles, and removing members."""

import re

import pytest
from django.contrib.auth import get_user_model

from chat.models import Message, Participant
from chat.models.membership import MembershipQuerySet


def act(who, room, member, what, **form):
    return who.post(f"/rooms/{room.slug}/members/{member.membership.pk}/{what}/", form)


def test_only_current_members_are_listed_with_their_roles(alice, bob, carol, room):
    page = bob.get(f"/rooms/{room.slug}/members/").content.decode()
    assert "Alice" in page
    assert '<span class="badge">owner</span>' in page
    assert "Carol" not in page
    assert "/remove/" not in page


def test_the_owner_promotes_and_demotes_with_a_system_message(alice, bob, room):
    act(alice, room, bob, "role", role="moderator")
    assert bob.membership.role == "moderator"
    act(alice, room, bob, "role", role="member")
    assert bob.membership.role == "member"
    log = bob.get(f"/rooms/{room.slug}/").content.decode()
    assert "<bdi>Bob</bdi> is now a moderator" in log
    assert "<bdi>Bob</bdi> is no longer a moderator" in log


def test_a_transferred_room_has_one_owner(alice, bob, room):
    act(alice, room, bob, "role", role="owner", confirmed="1")
    assert (alice.membership.role, bob.membership.role) == ("moderator", "owner")
    assert act(alice, room, bob, "role", role="member").status_code == 403


def test_a_moderator_can_remove_only_ordinary_members(alice, bob, room, person):
    dave = person(room.name, "Dave")
    assert act(bob, room, dave, "remove").status_code == 403
    bob.membership.set_role("moderator")
    assert act(bob, room, alice, "remove").status_code == 403
    assert act(bob, room, bob, "remove").status_code == 403
    assert act(bob, room, dave, "remove").status_code == 303
    assert not dave.membership.is_inside
    assert "<bdi>Dave</bdi> was removed by <bdi>Bob</bdi>" in bob.get(f"/rooms/{room.slug}/").content.decode()
    assert dave.poll(room, 1).status_code == 286
    event = Message.objects.latest("pk")
    assert (event.actor, event.subject) == (bob.membership, dave.membership)
    assert act(bob, room, dave, "remove").status_code == 303, "already gone"


def test_a_removed_moderator_rejoins_as_a_member_without_invites(alice, bob, room, person):
    bob.membership.set_role("moderator")
    page = bob.post(f"/rooms/{room.slug}/invitations/", {"max_uses": "", "days": "7"}).content.decode()
    link = re.search(r"/invitations/[\w-]{22}/", page)[0]
    act(alice, room, bob, "remove")
    assert "was revoked" in person().get(link).content.decode()
    bob.membership.allow_rejoin()
    bob.join(room.name, "Bob")
    assert (bob.membership.is_inside, bob.membership.role) == (True, "member")


def test_a_member_of_another_room_cannot_be_acted_on(alice, mallory, room):
    assert act(alice, room, mallory, "remove").status_code == 404
    assert act(alice, room, mallory, "role", role="moderator").status_code == 404


@pytest.mark.parametrize("role", ["", "king"])
def test_an_invalid_role_changes_nothing(alice, bob, room, role):
    assert act(alice, room, bob, "role", role=role).status_code == 303
    assert bob.membership.role == "member"


def test_a_long_list_of_members_is_paged(alice, bob, person, room, monkeypatch):
    monkeypatch.setattr(MembershipQuerySet, "PER_PAGE", 2)
    person(room.name, "Cleo")
    first = alice.get(f"/rooms/{room.slug}/members/").content.decode()
    second = alice.get(f"/rooms/{room.slug}/members/?page=2").content.decode()
    assert [page.count('<bdi class="author">') for page in (first, second)] == [2, 1]
    assert 'href="?page=2"' in first
    assert 'href="?page=1"' in second


GUESTS_BAN = "A ban applies only to this guest’s browser."
KEEP_OUT = "To keep them out, require approval for new members or make the room private"


def test_who_bans_a_guest_reads_what_a_ban_means_before_and_after(alice, bob, room):
    room.set_approval(False)
    url = f"/rooms/{room.slug}/members/"
    assert GUESTS_BAN in confirmation(alice, room, bob.membership, "ban")
    bob.membership.ban(alice.membership)
    after = alice.get(url).content.decode()
    assert "A banned guest can join again from another browser, with another name." in after
    assert KEEP_OUT in after
    assert f'href="/rooms/{room.slug}/settings/"' in after


def test_a_banned_guest_can_come_back_with_another_browser(alice, bob, person, room):
    """What the page says: it must be changed along with the rule."""
    bob.membership.ban(alice.membership)
    assert bob.join(room.name, "Bob again").status_code == 422
    assert person(room.name, "Bob again").membership.is_inside


@pytest.mark.parametrize(
    ("change", "needs"),
    [
        (lambda room: room.set_approval(True), "They need approval"),
        (lambda room: room.set_access("private"), "They need an invite link"),
    ],
)
def test_in_a_guarded_room_it_says_what_a_banned_guest_needs(alice, bob, room, change, needs):
    change(room)
    bob.membership.ban(alice.membership)
    page = alice.get(f"/rooms/{room.slug}/members/").content.decode()
    assert needs in page
    assert KEEP_OUT not in page


def test_banning_an_account_says_nothing_of_guests(alice, person, room):
    account = get_user_model().objects.create(username="dave").participant
    dave = room.join(account, "Dave")
    assert GUESTS_BAN not in confirmation(alice, room, dave, "ban")
    dave.ban(alice.membership)
    assert "A banned guest" not in alice.get(f"/rooms/{room.slug}/members/").content.decode()


def test_who_turns_a_guest_away_for_good_reads_what_that_means(alice, room):
    room.set_approval(True)
    carol = room.join(Participant.objects.create(), "Carol")
    assert GUESTS_BAN in confirmation(alice, room, carol, "ban")


def test_members_are_searched_by_a_part_of_their_name_or_a_look_alike(alice, bob, person, room):
    person(room.name, "Bartholomew")
    assert listed(alice, room, "?q=THOLO") == ["Bartholomew"]
    assert listed(alice, room, "?q=b\u043eb") == ["Bob"], "with a Cyrillic letter"
    assert listed(alice, room, "?q=zz") == listed(alice, room, "?q=%25") == []
    everyone = sorted(listed(alice, room, ""))
    assert everyone == ["Alice", "Bartholomew", "Bob"]
    for nothing in ("?q=", "?q=%00", "?q=" + "x" * 65):
        assert sorted(listed(alice, room, nothing)) == everyone


def test_pages_of_a_search_keep_what_was_searched_for(alice, bob, person, room, monkeypatch):
    monkeypatch.setattr(MembershipQuerySet, "PER_PAGE", 1)
    person(room.name, "Bobby")
    page = alice.get(f"/rooms/{room.slug}/members/?q=bob").content.decode()
    assert 'href="?q=bob&amp;page=2"' in page
    assert "Show everyone" in page


def listed(who, room, query):
    return [member.nickname for member, _removable in who.get(f"/rooms/{room.slug}/members/{query}").context["members"]]


def confirmation(who, room, member, act):
    return who.get(f"/rooms/{room.slug}/members/{member.pk}/{act}/").content.decode()
