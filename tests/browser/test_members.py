"""A member is removed from a room in a browser."""

import pytest
from playwright.sync_api import expect


@pytest.mark.parametrize("javascript", [True, False], ids=["javascript", "without"])
def test_a_member_is_removed_in_a_browser(visitor, javascript):
    alice, bob = visitor(javascript).enter(), visitor(javascript).enter(nickname="Bob")
    alice.page.goto(alice.page.url + "members/")
    alice.page.get_by_text("Manage Bob").click()
    alice.page.get_by_role("button", name="Remove from room", exact=True).click()
    expect(alice.page.get_by_text("Manage Bob")).to_have_count(0)
    bob.page.goto(bob.page.url)
    expect(bob.page.get_by_text("You were removed from this room. You can rejoin in 10 minutes.")).to_be_visible()
    alice.page.get_by_role("button", name="Allow Bob to rejoin now").click()
    expect(alice.page.get_by_role("button", name="Allow Bob to rejoin now")).to_have_count(0)
    bob.page.get_by_role("link", name="Check again").click()
    bob.page.get_by_role("button", name="Join", exact=True).click()
    bob.page.wait_for_url("**/rooms/reading-club/")
