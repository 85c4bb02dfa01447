"""An invite link with one use, opened in two browsers."""

import pytest
from playwright.sync_api import expect

from chat.models import Participant


@pytest.mark.parametrize("javascript", [True, False], ids=["javascript", "without"])
def test_an_invite_with_one_use_works_in_one_of_two_browsers(visitor, javascript):
    alice = visitor(javascript).join()
    alice.page.goto(alice.page.url + "settings/")
    alice.page.get_by_label("Private").check()
    alice.page.get_by_role("button", name="Save").click()
    expect(alice.page.get_by_text("Saved.")).to_be_visible()
    alice.page.get_by_role("link", name="Invite", exact=True).click()
    alice.page.get_by_text("Limit uses or time").click()
    alice.page.get_by_label("Maximum uses").fill("1")
    alice.page.get_by_role("button", name="Create link").click()
    link = alice.page.get_by_role("textbox", name="New invite link").input_value()
    assert alice.page.locator("img.qr").evaluate("picture => picture.naturalWidth") > 100
    bob, carol = visitor(javascript), visitor(javascript)
    for guest in (bob, carol):
        guest.page.goto(link)
        guest.page.get_by_label("Your name").fill("Guest")
    bob.page.get_by_role("button", name="Join", exact=True).click()
    bob.page.wait_for_url("**/rooms/**")
    bob.send("I am in")
    bob.reads("I am in")
    carol.page.get_by_role("button", name="Join", exact=True).click()
    expect(carol.page.get_by_text("has no uses left")).to_be_visible()
    assert Participant.objects.count() == 2
