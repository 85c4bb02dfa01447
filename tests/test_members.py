"""Who is in a room, what they are in it, and being shown out."""

import re

import pytest

from chat.models import Message
from chat.models.membership import MembershipQuerySet


def act(who, room, member, what, **form):
    return who.post(f"/rooms/{room.slug}/members/{member.membership.pk}/{what}/", form)


def test_everybody_in_is_listed_with_role_and_nobody_else(alice, bob, carol, room):
    page = bob.get(f"/rooms/{room.slug}/members/").content.decode()
    assert "Alice" in page
    assert '<span class="badge">owner</span>' in page
    assert "Carol" not in page
    assert "/remove/" not in page


def test_the_owner_promotes_and_demotes_and_the_room_says_so(alice, bob, room):
    act(alice, room, bob, "role", role="moderator")
    assert bob.membership.role == "moderator"
    act(alice, room, bob, "role", role="member")
    assert bob.membership.role == "member"
    log = bob.get(f"/rooms/{room.slug}/").content.decode()
    assert "“<bdi>Bob</bdi>” is a moderator now" in log
    assert "“<bdi>Bob</bdi>” is an ordinary member now" in log


def test_a_room_that_is_handed_over_has_one_owner(alice, bob, room):
    act(alice, room, bob, "role", role="owner", confirmed="1")
    assert (alice.membership.role, bob.membership.role) == ("moderator", "owner")
    assert act(alice, room, bob, "role", role="member").status_code == 403


def test_a_moderator_shows_out_members_only(alice, bob, room, person):
    dave = person(room.name, "Dave")
    assert act(bob, room, dave, "remove").status_code == 403
    bob.membership.set_role("moderator")
    assert act(bob, room, alice, "remove").status_code == 403
    assert act(bob, room, bob, "remove").status_code == 403
    assert act(bob, room, dave, "remove").status_code == 303
    assert not dave.membership.is_inside
    assert "“<bdi>Dave</bdi>” was shown out by “<bdi>Bob</bdi>”" in bob.get(f"/rooms/{room.slug}/").content.decode()
    assert dave.poll(room, 1).status_code == 286
    event = Message.objects.latest("pk")
    assert (event.actor, event.subject) == (bob.membership, dave.membership)
    assert act(bob, room, dave, "remove").status_code == 303, "already gone"


def test_a_moderator_who_was_shown_out_comes_back_as_a_member_and_invites_nobody(alice, bob, room, person):
    bob.membership.set_role("moderator")
    page = bob.post(f"/rooms/{room.slug}/invitations/", {"max_uses": "", "days": "7"}).content.decode()
    link = re.search(r"/invitations/[\w-]{22}/", page)[0]
    act(alice, room, bob, "remove")
    assert "was taken back" in person().get(link).content.decode()
    bob.join(room.name, "Bob")
    assert (bob.membership.is_inside, bob.membership.role) == (True, "member")


def test_a_member_of_another_room_cannot_be_acted_on(alice, mallory, room):
    assert act(alice, room, mallory, "remove").status_code == 404
    assert act(alice, room, mallory, "role", role="moderator").status_code == 404


@pytest.mark.parametrize("role", ["", "king"])
def test_a_role_that_there_is_not_changes_nothing(alice, bob, room, role):
    assert act(alice, room, bob, "role", role=role).status_code == 303
    assert bob.membership.role == "member"


def test_of_very_many_a_page_shows_some_and_leads_on(alice, bob, person, room, monkeypatch):
    monkeypatch.setattr(MembershipQuerySet, "PER_PAGE", 2)
    person(room.name, "Cleo")
    first = alice.get(f"/rooms/{room.slug}/members/").content.decode()
    second = alice.get(f"/rooms/{room.slug}/members/?page=2").content.decode()
    assert [page.count('<bdi class="author">') for page in (first, second)] == [2, 1]
    assert 'href="?page=2"' in first
    assert 'href="?page=1"' in second
