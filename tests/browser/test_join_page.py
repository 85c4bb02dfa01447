"""The join page of a full room in a browser."""

from playwright.sync_api import expect

from chat.models import Participant
from tests.support.browsing import EITHER_WAY


@EITHER_WAY
def test_the_join_page_says_that_the_room_is_full(visitor, javascript):
    room = Participant.objects.create().enter("Anna", room="Reading club").room
    room.set_member_limit(1)
    dave = visitor(javascript)
    dave.page.goto(dave.server + room.get_absolute_url())
    expect(dave.page.get_by_text("This room is full.")).to_be_visible()
    room.set_member_limit(2)
    dave.page.get_by_role("link", name="Check again").click()
    expect(dave.page.get_by_label("Your name")).to_be_focused()
