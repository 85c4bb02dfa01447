"""All flows of joining and rejoining a room, with JavaScript and without."""

import pytest
from playwright.sync_api import expect

from tests.support.browsing import EITHER_WAY
from tests.support.flows import (
    account,
    at,
    fill,
    follow,
    goes_to,
    hears,
    join_or_request,
    leave,
    press,
    save,
    sees,
    take_back,
)

pytestmark = EITHER_WAY


@pytest.fixture
def alice(browser_user):
    """Alice created the room."""
    return browser_user("Alice")


@pytest.fixture
def bob(browser_user, alice):
    return browser_user("Bob")


def test_a_request_is_declined_with_a_message_repeated_and_cancelled(alice, browser_user):
    save(alice, New_members_need_approval=True)
    carol = browser_user()
    join_or_request(carol, "Carol")
    sees(carol, "Waiting for approval as Carol")
    at(alice, "members/")
    alice.page.get_by_text("More options").click()
    fill(alice, **{"Message_(optional)": "Members of the club only"})
    press(alice, "Decline Carol")
    sees(carol, "Your request was declined.")
    sees(carol, "Members of the club only")
    follow(carol, "Ask again")
    fill(carol, Your_name="Carol")
    press(carol, "Join")
    press(carol, "Cancel request")
    goes_to(carol, "/")
    at(alice, "members/")
    expect(alice.page.get_by_text("Join requests")).to_have_count(0)


def test_a_request_is_approved_with_a_message(alice, browser_user):
    save(alice, New_members_need_approval=True)
    carol = browser_user()
    join_or_request(carol, "Carol")
    sees(carol, "You’re first in line.")
    at(alice, "members/")
    alice.page.get_by_text("More options").click()
    fill(alice, **{"Message_(optional)": "Good to see you"})
    press(alice, "Approve Carol")
    sees(carol, "Good to see you")
    follow(carol, "Open room")
    carol.send("thank you")
    carol.reads("thank you")


def test_an_invite_is_revoked(alice, browser_user):
    at(alice, "invitations/")
    press(alice, "Create link")
    link = alice.page.get_by_role("textbox", name="New invite link").input_value()
    carol = browser_user()
    carol.page.goto(link)
    fill(carol, Your_name="Carol")
    take_back(alice)
    press(carol, "Join")
    sees(carol, "This invite link was revoked.")


def test_a_member_who_left_rejoins_with_the_same_name(alice, bob):
    leave(bob)
    hears(alice, "Bob left")
    at(bob, "")
    expect(bob.page.get_by_label("Your name")).to_have_value("Bob")
    press(bob, "Join")
    bob.send("here again")
    alice.reads("here again")


def test_a_room_for_accounts_only_links_to_signing_in_and_back(alice, browser_user):
    account()
    save(alice, Only_people_with_an_account=True)
    ann = browser_user()
    at(ann, "")
    sees(ann, "Only people with an account can join this room.")
    follow(ann, "Sign in")
    fill(ann, Name="Ann", Password="a long walk home")
    press(ann, "Sign in")
    goes_to(ann, "/rooms/reading-club/")
    press(ann, "Join")
    ann.send("it is me")
    ann.reads("it is me")


def test_a_full_room_can_be_joined_after_a_member_has_left(alice, bob, browser_user):
    save(alice, Member_limit="2")
    carol = browser_user()
    at(carol, "")
    sees(carol, "This room is full.")
    leave(bob)
    goes_to(bob, "/")
    follow(carol, "Check again")
    fill(carol, Your_name="Carol")
    press(carol, "Join")
    carol.send("a place for me")
    carol.reads("a place for me")
