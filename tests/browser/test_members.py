"""Members in a browser: how many clicks it takes to remove one, to leave, and to change a nickname."""

from playwright.sync_api import expect

from tests.support.browsing import EITHER_WAY


class Clicks:
    """Clicks in a page, and counts them."""

    def __init__(self, page):
        self.page, self.count = page, 0

    def __call__(self, target):
        target.click()
        self.count += 1


def names(page):
    """A locator for a link or button of this name."""
    return lambda role, name: page.get_by_role(role, name=name, exact=True)


@EITHER_WAY
def test_a_member_is_removed_with_two_clicks_and_a_confirmation(visitor, javascript):
    alice, bob = visitor(javascript).enter(), visitor(javascript).enter(nickname="Bob")
    alice.page.goto(alice.page.url + "members/")
    click, named = Clicks(alice.page), names(alice.page)
    click(alice.page.get_by_text("Manage Bob"))
    click(named("link", "Remove from room…"))
    expect(alice.page.get_by_text("They can rejoin after 10 minutes.")).to_be_visible()
    click(named("button", "Remove from room"))
    assert click.count == 2 + 1
    expect(alice.page.get_by_text("Bob was removed.")).to_be_visible()
    expect(alice.page.get_by_text("Manage Bob")).to_have_count(0)
    bob.page.goto(bob.page.url)
    expect(bob.page.get_by_text("You were removed from this room. You can rejoin in 10 minutes.")).to_be_visible()
    named("button", "Allow to rejoin now").click()
    expect(named("button", "Allow Bob to rejoin now")).to_have_count(0)
    bob.page.get_by_role("link", name="Check again").click()
    bob.page.get_by_role("button", name="Join", exact=True).click()
    bob.page.wait_for_url("**/rooms/reading-club/")


@EITHER_WAY
def test_a_room_is_left_with_two_clicks_and_a_confirmation(visitor, javascript):
    bob = visitor(javascript).enter(nickname="Bob")
    click, named = Clicks(bob.page), names(bob.page)
    click(bob.page.get_by_role("button", name="Menu"))
    click(named("link", "Leave room…"))
    click(named("button", "Leave room"))
    assert click.count == 2 + 1
    bob.page.wait_for_url(bob.server + "/")


@EITHER_WAY
def test_a_nickname_is_changed_with_two_clicks(visitor, javascript):
    bob = visitor(javascript).enter(nickname="Bob")
    click, named = Clicks(bob.page), names(bob.page)
    click(bob.page.get_by_role("button", name="Menu"))
    click(named("link", "Change nickname"))
    bob.page.keyboard.press("Control+a")
    bob.page.keyboard.type("Benedikt")
    bob.page.keyboard.press("Enter")
    assert click.count == 2
    expect(bob.log.get_by_text("Bob is now Benedikt")).to_be_visible()


@EITHER_WAY
def test_members_are_searched(visitor, javascript):
    alice = visitor(javascript).enter()
    visitor(javascript).enter(nickname="Bob")
    alice.page.goto(alice.page.url + "members/?q=bo")
    expect(alice.page.get_by_role("searchbox", name="Search members")).to_have_value("bo")
    expect(alice.page.locator(".people .author")).to_have_text(["Bob"])
    alice.page.get_by_role("link", name="Show everyone").click()
    expect(alice.page.locator(".people .author")).to_have_count(2)
