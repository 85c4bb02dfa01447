"""Room settings in a browser: a refused field, and a page whose room became private."""

from playwright.sync_api import expect

from chat.models import Room
from tests.support.browsing import EITHER_WAY


@EITHER_WAY
def test_a_refused_field_of_a_long_form_is_in_view_and_marked(visitor, javascript):
    alice = visitor(javascript, viewport={"width": 360, "height": 640}).enter()
    alice.page.goto(alice.page.url + "settings/")
    alice.page.get_by_label("Topic").fill("fits")
    alice.page.get_by_label("Rules").fill("x" * 2001)
    alice.page.get_by_role("button", name="Save").click()
    rules = alice.page.get_by_label("Rules")
    expect(rules).to_be_focused()
    expect(rules).to_be_in_viewport()
    expect(rules).to_have_value("x" * 2001)
    outline, danger = rules.evaluate(COLOURS)
    assert outline == danger


COLOURS = """field => [
    getComputedStyle(field).outlineColor, getComputedStyle(field).borderTopColor]"""


def test_an_open_page_can_send_after_its_room_became_private(visitor):
    bob = visitor().enter(nickname="Bob")
    room = Room.objects.get()
    room.set_access("private")
    expect(bob.page.get_by_text("This room has a new address.")).to_be_visible()
    bob.send("still here?")
    told = bob.page.get_by_role("status").filter(has_text="The room has a new address, and your message is there")
    told.get_by_role("link", name="Go to the room").click()
    bob.page.wait_for_url(f"**/rooms/{room.slug}/")
    bob.reads("still here?")
