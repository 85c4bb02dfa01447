"""The card in a new room: the link to share, and what else to do first."""

import re

import pytest

from tests.support.browsing import say

PLACES = pytest.mark.parametrize("place", ["", "live/"], ids=["page", "frame"])


def card(who, room, place=""):
    page = who.get(f"/rooms/{room.slug}/{place}").content.decode()
    found = re.search(r'<section class="new-room.*?</section>', page, re.DOTALL)
    return found and found[0]


def offered(words):
    return re.findall(r'href="/rooms/[^/]+/([^"]+)"', words)


@PLACES
def test_the_owner_gets_the_link_and_the_first_steps(alice, room, place):
    words = card(alice, room, place)
    assert f'value="http://testserver/rooms/{room.slug}/"' in words
    assert offered(words) == ["invitations/", "settings/#id_topic", "settings/#id_access_2"]


@PLACES
def test_a_member_gets_the_link_only(bob, room, place):
    words = card(bob, room, place)
    assert f'value="http://testserver/rooms/{room.slug}/"' in words
    assert offered(words) == []


def test_steps_that_are_taken_are_not_offered_again(alice, bob, room):
    room.set_topic("Middlemarch")
    assert offered(card(alice, room)) == ["invitations/", "settings/#id_access_2"]
    bob.membership.set_role("moderator")
    assert offered(card(bob, room)) == ["invitations/"], "only the owner can make it private"


def test_in_a_private_room_its_address_is_no_invitation(alice, bob, room):
    room.set_access("private")
    assert room.slug not in card(bob, room)
    assert "testserver" not in card(alice, room)
    assert offered(card(alice, room)) == ["invitations/", "settings/#id_topic"]


def test_a_room_with_ten_messages_is_no_longer_new(alice, room):
    say(alice.membership, *"123456789")
    assert card(alice, room)
    say(alice.membership, "10")
    assert card(alice, room) is None


def test_nobody_is_invited_to_an_archived_room_or_a_direct_message(alice, bob, room):
    room.set_archived(True)
    assert card(alice, room) is None
    room.set_archived(False)
    alice.post(f"/rooms/{room.slug}/members/{bob.membership.pk}/write/")
    chat = alice.get("/").context["my_rooms"]
    (direct,) = [one for one in chat if one.pk != room.pk]
    page = alice.get(direct.get_absolute_url()).content.decode()
    assert ("new-room" in page, "Invite people" in page) == (False, False)


def test_the_header_invites_everyone_who_may(alice, bob, room):
    def invites(who):
        header = who.get(f"/rooms/{room.slug}/").content.decode().split("</header>")[0]
        return f'href="/rooms/{room.slug}/invitations/"' in header

    assert (invites(alice), invites(bob)) == (True, True)
    room.set_access("private")
    assert (invites(alice), invites(bob)) == (True, False)
