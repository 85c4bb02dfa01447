"""Two people in two browsers: they join, read each other, go back and forward, leave; with and without JavaScript."""

import re

import pytest
from playwright.sync_api import expect

from chat.models import Membership, Participant
from chat.views import noscript
from tests.support.browsing import EITHER_WAY, IN_TIME, lines, say


def polls(visitor):
    return [request for request in visitor.requests if "/changes/?" in request.url]


def wait_for_a_poll(visitor):
    with visitor.page.expect_response(lambda response: "/changes/?" in response.url, timeout=IN_TIME) as poll:
        pass
    return poll.value


def documents(visitor):
    """The URLs of full page loads, without frames."""
    page = visitor.page
    return [r.url for r in visitor.requests if r.is_navigation_request() and r.frame == page.main_frame]


def come_in(visitor, nickname):
    """Join with the join form of the current page."""
    visitor.page.get_by_label("Your name").fill(nickname)
    visitor.page.get_by_role("button", name="Join", exact=True).click()


def leave(visitor):
    visitor.page.get_by_role("button", name="Menu").click()
    visitor.page.get_by_role("link", name="Leave room…").click()
    visitor.page.get_by_role("button", name="Leave room").click()


# Talking


@pytest.mark.parametrize(
    ("alices", "bobs"),
    [(True, True), (True, False), (False, True), (False, False)],
    ids=["both-script", "only-alice", "only-bob", "neither"],
)
def test_two_people_read_each_other_without_reloading(visitor, alices, bobs):
    alice, bob = visitor(alices).join(nickname="Alice"), visitor(bobs).join(nickname="Bob")
    opened = documents(alice), documents(bob)
    alice.send("Has anybody read Middlemarch?")
    expect(lines(bob)).to_have_text(["Has anybody read Middlemarch?"])
    bob.send("Twice, and I would again.")
    said = ["Has anybody read Middlemarch?", "Twice, and I would again."]
    expect(lines(alice)).to_have_text(said)
    expect(lines(bob)).to_have_text(said)
    for person, before, javascript in ((alice, opened[0], alices), (bob, opened[1], bobs)):
        assert documents(person) == before
        assert (person.page.evaluate("typeof htmx") == "object") is javascript
        assert person.console == []


def test_with_javascript_the_page_polls_every_two_seconds(visitor):
    alice = visitor().join()
    assert alice.page.evaluate("typeof htmx == 'object' && htmx.version").startswith("2.")
    poller = alice.page.locator("#poll")
    assert re.search(r"\bevery 2s\b", poller.get_attribute("hx-trigger"))
    assert poller.get_attribute("hx-get") == "/rooms/reading-club/changes/"
    poll = wait_for_a_poll(alice)
    assert poll.url.startswith(f"{alice.server}/rooms/reading-club/changes/?since=1&from=1&at=")
    assert poll.request.headers["hx-request"] == "true"
    assert poll.status == 200
    assert poll.header_value("set-cookie") is None


def test_without_javascript_no_script_runs_and_two_frames_do_the_work(visitor):
    alice = visitor(javascript=False).join()
    assert alice.page.evaluate("typeof htmx") == "undefined"
    assert polls(alice) == []
    expect(alice.page.locator("iframe[name=live], iframe[name=compose]")).to_have_count(2)
    expect(alice.field).to_be_visible()
    expect(alice.log.get_by_text("Alice created the room")).to_be_visible()
    # Parts that only htmx keeps up to date are hidden: no second composer, no log without updates.
    expect(alice.page.locator("#composer")).to_be_hidden()
    expect(alice.page.locator("#log")).to_be_hidden()


def test_without_javascript_the_page_finishes_loading_before_the_log_is_streamed(visitor, monkeypatch):
    alice = visitor(javascript=False)
    alice.page.route("**/compose/", lambda route: route.abort())  # a slow one would delay `load`
    alice.enter()
    alice.page.wait_for_load_state("load", timeout=IN_TIME)
    expect(alice.log.locator("#news")).to_be_attached()
    say(Participant.objects.create().enter("Bob", room="Reading club"), "hello")
    alice.reads("hello")
    # Back opens the frame at the URL that it had last.
    monkeypatch.setattr(noscript, "_is_expected", lambda request: False)
    alice.page.goto(f"{alice.server}/preferences/")
    alice.page.go_back()
    alice.page.wait_for_load_state("load", timeout=IN_TIME)
    alice.reads("hello")


def test_with_javascript_the_frames_are_never_fetched(visitor):
    alice = visitor().join()
    expect(alice.field).to_be_focused()
    alice.page.go_back()
    expect(alice.page.get_by_label("Room", exact=True)).to_be_visible()
    alice.page.go_forward()
    alice.send("Said in a page without frames")
    alice.reads("Said in a page without frames")
    assert [r.url for r in alice.requests if re.search(r"/(live|compose)/", r.url)] == []


# Coming in


def test_joining_brings_the_room_into_the_page(visitor):
    alice = visitor().join("Reading club", "Alice")
    page = alice.page
    assert page.url == f"{alice.server}/rooms/reading-club/"
    expect(page).to_have_title("Reading club · Parlour")
    expect(page.get_by_role("heading", level=1)).to_have_text("Reading club")
    expect(page.locator("main")).to_have_count(1)
    expect(alice.field).to_be_focused()
    assert documents(alice) == [f"{alice.server}/"]
    wait_for_a_poll(alice)
    assert alice.console == []


def test_back_is_home_and_forward_is_the_room_which_still_works(visitor):
    alice = visitor().join()
    alice.send("before going back")
    alice.reads("before going back")
    alice.page.go_back()
    expect(alice.page).to_have_title("Parlour")
    expect(alice.page.get_by_label("Room", exact=True)).to_be_visible()
    expect(alice.page.locator("main")).to_have_count(1)
    expect(alice.page.locator("#poll")).to_have_count(0)
    alice.page.go_forward()
    expect(alice.page).to_have_title("Reading club · Parlour")
    expect(alice.page.locator("main")).to_have_count(1)
    alice.send("after coming back")
    expect(lines(alice)).to_have_text(["before going back", "after coming back"])
    wait_for_a_poll(alice)
    assert alice.console == []


@EITHER_WAY
def test_a_rooms_url_shows_strangers_the_join_page(visitor, javascript):
    visitor().join("Reading club", "Alice")
    bob = visitor(javascript)
    bob.page.goto(f"{bob.server}/rooms/reading-club/")
    expect(bob.page).to_have_title("Reading club · Parlour")
    expect(bob.page.get_by_role("heading", level=1)).to_have_text("Reading club")
    expect(bob.page.get_by_label("Room", exact=True)).to_have_count(0)
    expect(bob.page.get_by_label("Your name")).to_be_focused()
    come_in(bob, "Bob")
    bob.send("I came by the address")
    bob.reads("I came by the address")
    expect(bob.page.locator("main")).to_have_count(1)
    assert bob.page.url == f"{bob.server}/rooms/reading-club/"
    assert bob.console == []


@EITHER_WAY
def test_a_taken_name_is_refused_and_the_suggestion_works(visitor, javascript):
    visitor().join("Reading club", "Alice")
    bob = visitor(javascript)
    bob.page.goto(bob.server)
    bob.page.get_by_label("Room", exact=True).fill("reading CLUB")
    come_in(bob, "ALICE")
    field = bob.page.get_by_label("Your name")
    expect(field).to_have_accessible_description(re.compile("taken"))
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_value("ALICE")
    expect(bob.page.get_by_label("Room", exact=True)).to_have_value("reading CLUB")
    expect(bob.page.locator("main")).to_have_count(1)
    bob.page.get_by_role("button", name="Join as “ALICE 2”").click()
    bob.send("So I am the second one")
    bob.reads("So I am the second one")
    assert sorted(Membership.objects.values_list("nickname", flat=True)) == ["ALICE 2", "Alice"]
    # The console may only have the browser's own line about a 422.
    assert [line for line in bob.console if "422" not in line] == []


def test_a_taken_name_can_be_corrected_by_typing(visitor):
    visitor().join("Reading club", "Alice")
    bob = visitor()
    bob.page.goto(f"{bob.server}/rooms/reading-club/")
    come_in(bob, "Alice")
    expect(bob.page.get_by_label("Your name")).to_have_accessible_description(re.compile("taken"))
    come_in(bob, "Bob")
    bob.send("Here under a name of my own")
    bob.reads("Here under a name of my own")


# Going


@EITHER_WAY
def test_leaving_opens_the_home_page_and_rejoining_works(visitor, javascript):
    alice, bob = visitor().join(nickname="Alice"), visitor(javascript).join(nickname="Bob")
    leave(bob)
    bob.page.wait_for_url(f"{bob.server}/")
    expect(bob.page.get_by_label("Room", exact=True)).to_be_visible()
    expect(alice.log.get_by_text("Bob left")).to_be_visible()
    bob.page.goto(f"{bob.server}/rooms/reading-club/")
    expect(bob.page.get_by_label("Your name")).to_have_value("Bob")
    come_in(bob, "Bob")
    bob.send("Back again")
    alice.reads("Back again")
    assert bob.console == []
