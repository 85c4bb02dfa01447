"""Reading back in a room: a link leads to the latest message, and says that a message was sent meanwhile."""

from playwright.sync_api import expect

from chat.models import Participant, Room
from tests.support.browsing import EITHER_WAY, lines, say


def reads_back(visitor, javascript=True):
    """Alice, who has scrolled up in a room with many messages, and the link to the latest one."""
    alice = visitor(javascript).enter()
    room = Room.objects.get()
    say(room.join(Participant.objects.create(), "Bob"), *(f"message {n}" for n in range(60)))
    alice.page.reload()
    alice.reads("message 59")
    link = alice.log.get_by_role("link", name="Jump to latest")
    expect(link).to_be_hidden()
    alice.log.locator(".log").evaluate("log => log.scrollTo(0, -600)")
    expect(lines(alice).last).not_to_be_in_viewport()
    return alice, link


@EITHER_WAY
def test_a_link_leads_to_the_latest_message(visitor, javascript):
    alice, link = reads_back(visitor, javascript)
    link.click()
    expect(lines(alice).last).to_be_in_viewport()
    expect(link).to_be_hidden()


def test_a_message_sent_while_reading_back_is_confirmed_next_to_the_link(visitor):
    alice, link = reads_back(visitor)
    expect(link).to_have_text("Jump to latest")
    alice.send("from far above")
    expect(link).to_have_text("Sent. Jump to latest")
    expect(link.get_by_text("Sent.")).to_be_visible()
    link.click()
    expect(alice.log.get_by_text("from far above")).to_be_in_viewport()
