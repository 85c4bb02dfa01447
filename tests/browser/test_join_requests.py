"""A join request in a browser, from asking to joining."""

from playwright.sync_api import expect

from chat.models import Room
from tests.support.browsing import EITHER_WAY


@EITHER_WAY
def test_a_join_request_is_approved(visitor, javascript):
    alice, dave = visitor(javascript), visitor(javascript)
    alice.enter()
    Room.objects.get().set_approval(True)
    dave.page.goto(dave.server)
    dave.page.get_by_label("Room", exact=True).fill("Reading club")
    dave.page.get_by_label("Your name").fill("Dave")
    dave.page.get_by_role("button", name="Join", exact=True).click()
    expect(dave.page.get_by_text("You’re first in line.")).to_be_visible()
    alice.page.reload()
    asking = (alice.page if javascript else alice.log).get_by_role("link", name="1 person is waiting for approval")
    asking.click()
    alice.page.get_by_role("button", name="Approve Dave").click()
    dave.page.wait_for_url("**/rooms/reading-club/")
    dave.send("thank you")
    dave.reads("thank you")
