"""A new room in a browser: few clicks to what comes first, and a card that goes when someone else has posted."""

from playwright.sync_api import expect

from chat.models import Participant, Room
from tests.support.browsing import EITHER_WAY, lines, say


class Clicks:
    """Clicks in one visitor's pages, counted."""

    def __init__(self):
        self.count = 0

    def on(self, locator):
        locator.click()
        self.count += 1


def card(visitor):
    return visitor.log.locator(".new-room")


@EITHER_WAY
def test_the_card_goes_when_someone_else_has_posted(visitor, javascript):
    alice = visitor(javascript).join()
    expect(card(alice)).to_be_visible()
    alice.send("Anyone here?")
    alice.reads("Anyone here?")
    expect(card(alice)).to_be_visible()
    say(Participant.objects.create().enter("Bob", room="Reading club"), "I am")
    alice.reads("I am")
    expect(lines(alice)).to_have_count(2)
    expect(card(alice)).to_be_hidden()


@EITHER_WAY
def test_the_rooms_link_takes_one_click_to_copy(visitor, javascript):
    alice, clicks = visitor(javascript).join(), Clicks()
    field = card(alice).get_by_label("Send this link")
    clicks.on(field)
    alice.page.keyboard.press("Control+a")
    # Without JavaScript in the page, the selection can't be asked for: what is copied is pasted.
    alice.page.keyboard.press("Control+c")
    alice.field.press("Control+v")
    expect(alice.field).to_have_value(alice.page.url)
    assert clicks.count == 1
    bob = visitor(javascript)
    bob.page.goto(field.input_value())
    expect(bob.page.get_by_role("heading", name="Reading club")).to_be_visible()


@EITHER_WAY
def test_a_new_invite_link_takes_two_clicks(visitor, javascript):
    alice, clicks = visitor(javascript).join(), Clicks()
    clicks.on(alice.page.locator(".room-header").get_by_role("link", name="Invite people"))
    clicks.on(alice.page.get_by_role("button", name="Create link"))
    link = alice.page.get_by_role("textbox", name="New invite link")
    expect(link).to_be_visible()
    assert clicks.count == 2
    bob = visitor(javascript)
    bob.page.goto(link.input_value())
    expect(bob.page.get_by_role("heading", name="Alice invited you to Reading club")).to_be_visible()


@EITHER_WAY
def test_making_the_room_private_takes_three_clicks(visitor, javascript):
    alice, clicks = visitor(javascript).join(), Clicks()
    clicks.on(card(alice).get_by_role("link", name="Make it private"))
    private = alice.page.get_by_label("Private")
    expect(private).to_be_in_viewport()
    clicks.on(private)
    clicks.on(alice.page.get_by_role("button", name="Save"))
    expect(alice.page.get_by_text("Saved.")).to_be_visible()
    assert (Room.objects.get().access, clicks.count) == ("private", 3)


@EITHER_WAY
def test_setting_a_topic_begins_in_its_field(visitor, javascript):
    alice = visitor(javascript).join()
    card(alice).get_by_role("link", name="Set a topic").click()
    expect(alice.page.get_by_label("Topic")).to_be_focused()
