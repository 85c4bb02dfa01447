"""Runs of people who joined or left in a browser: one line is seen, and the others are a click away."""

from playwright.sync_api import expect

from chat.models import Participant, Room
from chat.realtime import delta
from tests.support.browsing import EITHER_WAY, say


def join(*nicknames):
    room = Room.objects.get()
    return [room.join(Participant.objects.create(), nickname) for nickname in nicknames]


def seen(visitor):
    """The system messages on the screen that say who joined."""
    return visitor.log.locator("#messages [data-event=joined]:visible")


@EITHER_WAY
def test_a_run_is_one_line_whether_loaded_or_just_arrived(visitor, javascript):
    alice = visitor(javascript).enter()
    say(Room.objects.get().memberships.get(), "hello")
    join("Bob", "Carol")
    alice.page.reload()
    expect(seen(alice)).to_have_text([r"“Carol” came in 1 other joined"], use_inner_text=False)
