"""The list of members next to the log in a browser."""

import re

from django.utils import timezone
from playwright.sync_api import expect

from chat.models import Membership, Participant
from tests.support.browsing import EITHER_WAY
from tests.test_presence import LONG_AGO, frequent_refreshes, set_away  # noqa: F401 - fixtures


def test_an_open_page_shows_who_came_and_who_is_away(visitor, frequent_refreshes):
    alice = visitor().enter()
    panel = alice.page.get_by_role("region", name="Members")
    expect(panel.get_by_role("heading", name="1 online")).to_be_visible()
    bob = visitor().enter(nickname="Bob")
    expect(bob.page.get_by_role("region", name="Members").get_by_text("Bob", exact=True)).to_be_visible()
    expect(panel.get_by_role("heading", name="2 online")).to_be_visible()
    expect(panel.get_by_role("listitem")).to_have_text(["AAlice owner", "BBob"])
    bob.context.close()
    set_away("Bob")
    expect(panel.get_by_role("heading", name="Away")).to_be_visible()
    asked = {re.sub(r"\?.*", "", r.url.removeprefix(alice.server)) for r in alice.requests if r.method == "GET"}
    assert {url for url in asked if "/members/" in url or "people" in url} == set()
    assert alice.console == []


@EITHER_WAY
def test_on_a_narrow_screen_the_panel_opens_from_the_header(visitor, javascript):
    Participant.objects.create().enter("Bob", room="Reading club")
    alice = visitor(javascript, viewport={"width": 360, "height": 640}).enter()
    panel = alice.page.locator("#people-here")
    expect(panel).to_be_hidden()
    alice.page.get_by_role("button", name="Members").click()
    expect(panel.get_by_text("2 online")).to_be_visible()
    panel.get_by_role("link", name="All members").click()
    expect(alice.page.get_by_role("heading", name="Members")).to_be_visible()


def test_a_changed_panel_stays_open_and_does_not_move_the_log(visitor, frequent_refreshes):
    bob = Participant.objects.create().enter("Bob", room="Reading club")
    alice = visitor(viewport={"width": 360, "height": 640}).enter()
    alice.page.get_by_role("button", name="Members").click()
    expect(alice.page.get_by_role("heading", name="2 online")).to_be_visible()
    place = alice.page.locator("#composer").bounding_box()
    Membership.objects.filter(pk=bob.pk).update(seen_at=timezone.now() - Membership.ONLINE_FOR)
    expect(alice.page.get_by_role("heading", name="1 online")).to_be_visible()
    assert alice.page.locator("#composer").bounding_box() == place
