"""A guest moves to another browser by a sign-in link."""

from playwright.sync_api import expect

from tests.support.browsing import EITHER_WAY


@EITHER_WAY
def test_a_guest_moves_to_another_browser(visitor, javascript):
    old, new = visitor(javascript).join(nickname="Ann"), visitor(javascript)
    room = old.page.url
    old.page.goto(old.server + "/account/")
    old.page.get_by_role("button", name="Create link").click()
    new.page.goto(old.page.locator(".new-link .link a").inner_text())
    new.page.get_by_label("Sign out my other browsers").check()
    new.page.get_by_role("button", name="Continue", exact=True).click()
    expect(new.page.get_by_role("status").filter(has_text="You’re now Ann in this browser")).to_be_visible()
    new.page.goto(room)
    new.send("from the other browser")
    new.reads("from the other browser")
    old.page.goto(room)
    expect(old.page.get_by_label("Your name")).to_be_visible()
