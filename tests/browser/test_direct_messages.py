"""A direct message between two browsers."""

from playwright.sync_api import expect

from tests.support.browsing import EITHER_WAY


@EITHER_WAY
def test_two_people_chat_in_a_direct_message(visitor, javascript):
    alice, bob = visitor(javascript).enter(), visitor(javascript).enter(nickname="Bob")
    alice.page.goto(alice.page.url + "members/")
    alice.page.get_by_role("button", name="Message Bob").click()
    alice.page.wait_for_url("**/rooms/*/")
    alice.send("just between us")
    bob.page.goto(bob.server)
    bob.page.get_by_role("link", name="Alice wants to chat").click()
    bob.page.get_by_role("button", name="Accept").click()
    bob.reads("just between us")
    bob.send("yes")
    alice.reads("yes")
    expect(alice.page.get_by_role("heading", name="Alice & Bob").first).to_be_visible()
