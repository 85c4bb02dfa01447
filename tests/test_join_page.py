"""The join page: it says in advance why a visitor can't join, and offers what helps."""

import re
from datetime import timedelta

import pytest

from chat.models import Invite, Membership


def join_page(who, room):
    return who.get(f"/rooms/{room.slug}/").content.decode()


def test_a_full_room_says_so_before_a_name_is_typed(alice, person, room):
    room.set_member_limit(2)
    assert 'name="nickname"' in join_page(person(), room)
    person(room.name, "Bob")
    page = join_page(person(), room)
    assert "This room is full." in page
    assert "Check again" in page
    assert 'name="nickname"' not in page


def test_the_page_of_an_invite_says_that_the_room_is_full(alice, person, room):
    room.set_member_limit(2)
    person(room.name, "Bob")
    _invitation, key = Invite.objects.issue(alice.membership, days=1, max_uses=None)
    page = person().get(f"/invitations/{key}/").content.decode()
    assert "This room is full." in page
    assert f'href="/invitations/{key}/"' in page


def test_an_open_room_says_how_many_are_in_it_and_online(alice, bob, person, room):
    room.memberships.filter(pk=bob.membership.pk).update(seen_at=room.created_at - timedelta(days=1))
    page = join_page(person(), room)
    assert words_of_activity(page) == ["2 members", "1 online", "Last activity:"]
    room.memberships.update(seen_at=room.created_at - timedelta(days=1))
    assert words_of_activity(join_page(person(), room)) == ["2 members", "Last activity:"]


@pytest.mark.parametrize("access", ["unlisted", "private"])
def test_a_room_that_is_not_listed_says_so_only_to_invited_people(alice, person, room, access):
    room.set_access(access)
    assert words_of_activity(join_page(person(), room)) == []
    invitation, key = Invite.objects.issue(alice.membership, days=1, max_uses=None)
    page = person().get(f"/invitations/{key}/").content.decode()
    assert words_of_activity(page) == ["1 member", "1 online", "Last activity:"]
    assert "<bdi>Alice</bdi> invited you to <bdi>Reading club</bdi>" in page
    invitation.revoke()
    assert words_of_activity(person().get(f"/invitations/{key}/").content.decode()) == []


def words_of_activity(page):
    activity = page.partition('<ul class="activity">')[2].partition("</ul>")[0]
    return [words.strip() for words in re.findall(r"<li[^>]*>([^<]+)", activity)]


def test_a_room_for_accounts_only_says_so_and_links_to_creating_one(alice, person, room):
    room.set_accounts_only(True)
    page = join_page(person(), room)
    assert "Only people with an account can join this room." in page
    assert f'href="/account/sign-in/?next=/rooms/{room.slug}/"' in page
    assert f'href="/account/create/?next=/rooms/{room.slug}/"' in page
    assert 'name="nickname"' not in page


def test_people_with_an_account_see_the_join_form(alice, person, room):
    room.set_accounts_only(True)
    ursula = person("Elsewhere", "Ursula")
    ursula.post("/account/create/", {"name": "Ursula", "password": "quite-a-long-one-7"})
    assert 'name="nickname"' in join_page(ursula, room)


def test_the_owner_of_an_archived_room_sees_the_join_form(alice, carol, room, monkeypatch):
    room.set_archived(True)
    assert 'name="nickname"' not in join_page(carol, room)
    monkeypatch.setattr(Membership, "can_unarchive", True, raising=False)
    page = join_page(carol, room)
    assert 'name="nickname"' in page
    assert "unarchive it" in page


def test_a_refused_name_stays_in_the_field(alice, person, room):
    room.set_member_limit(1)
    refused = person().post(f"/rooms/{room.slug}/join/", {"nickname": "Dave"})
    assert 'value="Dave"' in refused.content.decode()


def test_if_accounts_are_required_the_home_page_says_so(person, room, settings):
    settings.ACCOUNTS = "required"
    home = person().get("/").content.decode()
    assert "Only people with an account can join rooms here." in home
    assert 'name="nickname"' not in home
    assert "without an account" not in home
    assert room.name in home, "what there is can be seen"


def test_the_404_page_suggests_creating_a_room_only_if_allowed(person, settings):
    assert "You can create a room" in person().get("/nowhere/").content.decode()
    settings.CREATE_ROOMS = "staff"
    assert "You can create a room" not in person().get("/nowhere/").content.decode()
