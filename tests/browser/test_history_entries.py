"""Jumping inside a room adds nothing to the browser's history, so Back leaves the room."""

import pytest
from playwright.sync_api import expect

from chat.models import Membership, Participant, Room
from tests.support.browsing import say

AT_THE_END = "log => log.scrollTop > -5"
ENTRIES = "history.length"


@pytest.fixture
def alice(visitor):
    """Alice, who came from the list of rooms, in a room with many messages."""
    alice = visitor().enter()
    room = Room.objects.get()
    say(room.join(Participant.objects.create(), "Bob"), *(f"message {n}" for n in range(60)))
    alice.page.goto(alice.server)
    alice.page.goto(alice.server + room.get_absolute_url())
    alice.reads("message 59")
    return alice


def scroll_up(alice):
    alice.page.locator("#log").evaluate("log => log.scrollTo(0, -2000)")
    expect(alice.page.get_by_role("link", name="Jump to latest")).to_be_visible()


def at_the_end(alice):
    log = alice.page.locator("#log")
    while log.evaluate("log => log.scrollTop") <= -5:
        alice.page.wait_for_timeout(20)
    return log


@pytest.mark.parametrize("key", [False, True], ids=["mouse", "keyboard"])
def test_back_leaves_the_room_after_jumps_to_the_latest_message(alice, key):
    before = alice.page.evaluate(ENTRIES)
    for _jump in range(3):
        scroll_up(alice)
        link = alice.page.get_by_role("link", name="Jump to latest")
        link.press("Enter") if key else link.click()
        at_the_end(alice)
    assert alice.page.evaluate(ENTRIES) == before
    alice.page.go_back()
    alice.page.wait_for_url(alice.server + "/")


def test_after_a_jump_the_tab_key_goes_on_behind_the_log(alice):
    scroll_up(alice)
    alice.page.get_by_role("link", name="Jump to latest").press("Enter")
    at_the_end(alice)
    expect(alice.page.locator("#end > span")).to_be_focused()
    alice.page.keyboard.press("Tab")
    expect(alice.field).to_be_focused()


def test_the_link_to_skip_to_the_latest_message_adds_no_entry(alice):
    before = alice.page.evaluate(ENTRIES)
    scroll_up(alice)
    alice.page.locator(".skip").press("Enter")
    at_the_end(alice)
    assert alice.page.evaluate(ENTRIES) == before


def test_back_leaves_the_room_after_a_jump_to_the_first_new_message(alice, gate):
    room = Room.objects.get()
    first = room.messages.get(text="message 30")
    mine = Membership.objects.filter(nickname="Alice")
    mine.update(read_version=first.first_version - 1, read_message_count=room.message_count + 60 - 30)
    room.refresh_from_db()
    mine.update(read_message_count=room.message_count - 30)
    alice.page.goto("about:blank")
    gate.hub.polls.reading.clear()
    alice.page.goto(alice.server)
    alice.page.goto(alice.server + room.get_absolute_url())
    before = alice.page.evaluate(ENTRIES)
    link = alice.page.get_by_role("link", name="30 new messages")
    link.click()
    expect(link).to_be_hidden()
    expect(alice.page.locator(f"#m{first.pk}")).to_be_in_viewport()
    expect(alice.page.locator(f"#m{first.pk} > .arrived")).to_be_focused()
    assert alice.page.evaluate(ENTRIES) == before
    alice.page.go_back()
    alice.page.wait_for_url(alice.server + "/")


def test_without_htmx_the_links_still_jump(alice):
    alice.context.route("**/htmx*", lambda route: route.abort())
    alice.page.reload()
    scroll_up(alice)
    alice.page.get_by_role("link", name="Jump to latest").click()
    at_the_end(alice)
    assert alice.page.url.endswith("#end")
