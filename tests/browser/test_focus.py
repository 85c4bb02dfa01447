"""The focus stays where it is while parts of an open room's page are replaced."""

import pytest
from playwright.sync_api import expect

from chat.models import Membership, Participant, Room
from tests.support.browsing import IN_TIME, say

MINUTE = 61_000  # milliseconds


@pytest.fixture
def alice(visitor):
    """Alice, in two rooms, in a browser whose clock the test can move."""
    alice = visitor()
    alice.page.clock.install()
    alice.enter()
    Room.objects.get().memberships.get().participant.enter("Alice", room="Elsewhere")
    alice.page.reload()
    return alice


def answered(alice, path):
    """A context that ends when a request for this path was answered."""
    return alice.page.expect_response(lambda response: path in response.url, timeout=IN_TIME)


def polled(alice):
    """Wait until the page has had the answers to two more polls, the second of which began after this call."""
    for _poll in range(2):
        with answered(alice, "/changes/"):
            alice.page.clock.run_for(2_000)


@pytest.mark.parametrize("place", ["sidebar", "menu"])
def test_a_link_in_the_list_of_rooms_keeps_the_focus_when_the_list_is_refreshed(alice, place):
    if place == "menu":
        alice.page.set_viewport_size({"width": 360, "height": 800})
        alice.page.get_by_role("button", name="Menu").click()
    other = alice.page.locator(f".{place}").get_by_role("link", name="Elsewhere")
    other.focus()
    member = Participant.objects.create().enter("Mia", room="Elsewhere")
    say(member, "hello")
    with answered(alice, "/my-rooms/"):
        alice.page.clock.run_for(MINUTE)
    expect(other.locator(".count")).to_be_visible()
    expect(other).to_be_focused()


def test_the_link_to_join_again_keeps_the_focus_while_the_page_polls(alice):
    alice.context.clear_cookies()
    polled(alice)
    link = alice.page.get_by_role("link", name="Join again")
    link.focus()
    polled(alice)
    expect(link).to_be_focused()


def test_the_button_that_resumes_a_paused_page_keeps_the_focus_while_the_page_polls(alice):
    Participant.objects.filter(memberships__nickname="Alice").update(paused=True)
    alice.page.reload()
    button = alice.page.get_by_role("button", name="Resume")
    button.focus()
    with answered(alice, "/changes/"):
        alice.page.clock.run_for(MINUTE)
    expect(button).to_be_focused()


def test_the_link_to_join_requests_keeps_the_focus_when_another_person_asks(alice):
    room = Room.objects.get(name="Reading club")
    room.set_approval(True)
    room.join(Participant.objects.create(), "Bob")
    link = alice.page.locator(".foot .join-requests a")
    expect(link).to_contain_text("1 person")
    link.focus()
    room.join(Participant.objects.create(), "Carol")
    expect(link).to_contain_text("2 people")
    expect(link).to_be_focused()


def test_the_link_of_a_message_keeps_the_focus_when_the_message_changes(alice):
    member = Membership.objects.get(room__name="Reading club")
    message = say(member, "hello")[0]
    link = alice.page.locator(f"#m{message.pk} .message > a")
    link.focus()
    message.remove()
    expect(alice.page.locator(f"#m{message.pk} .tombstone")).to_be_visible()
    expect(link).to_be_focused()


def test_the_link_to_older_messages_keeps_the_focus_while_they_are_loaded(alice):
    say(Membership.objects.get(room__name="Reading club"), *map(str, range(120)))
    alice.page.reload()
    older = alice.page.get_by_role("link", name="Older messages")
    before = older.get_attribute("href")
    older.focus()
    older.press("Enter")
    expect(older).not_to_have_attribute("href", before)
    expect(older).to_be_focused()
