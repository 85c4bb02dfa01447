"""Nicknames in a browser."""

from playwright.sync_api import expect

from tests.support.browsing import EITHER_WAY


@EITHER_WAY
def test_a_nickname_is_changed_in_a_browser_and_seen_by_others(visitor, javascript):
    alice, bob = visitor(javascript).enter(), visitor(javascript).enter(nickname="Bob")
    bob.page.get_by_role("button", name="Menu").click()
    bob.page.get_by_role("link", name="Change nickname").click()
    bob.page.get_by_label("Your name").fill("Alice")
    bob.page.get_by_role("button", name="Change nickname").click()
    bob.page.get_by_role("button", name="Use “Alice 2”").click()
    expect(alice.log.get_by_text("Bob is now Alice 2")).to_be_visible()
    bob.send("hello")
    alice.reads("hello")
