"""A page that stays open for hours: connection losses, removal, sleep, changes, and reading the whole history."""

import re

import pytest
from playwright.sync_api import expect

from chat.models import Membership, Message, Participant, Room
from tests.support.browsing import EITHER_WAY, IN_TIME, lines, say

BANNER_AFTER = 26_000  # milliseconds: the last poll may be held for 9 s, then the banner waits for 14 s
BACK_AFTER = 6_000  # milliseconds
CHANGES = re.compile(r"/changes/\?")


@pytest.fixture
def bob(server):
    """The owner of the room, who posts without a browser."""
    return Participant.objects.create().enter("Bob", room="Reading club")


@pytest.fixture
def alice(bob, visitor):
    return visitor().enter()


def last(visitor):
    return visitor.log.locator("#messages .lines > li").last


def ids(visitor):
    """The element ids of the messages on the page, in reading order."""
    return visitor.log.locator("#messages .lines > li[id]").evaluate_all("lines => lines.map(line => line.id)")


def log_ids(start=0, stop=None):
    """The element ids of all messages of the room, oldest first."""
    return [f"m{pk}" for pk in Message.objects.order_by("first_version").values_list("pk", flat=True)][start:stop]


def polls(visitor):
    return [request for request in visitor.requests if CHANGES.search(request.url)]


def wait_for_a_poll(visitor):
    with visitor.page.expect_response(CHANGES, timeout=IN_TIME):
        pass


def banner(visitor):
    return visitor.page.get_by_text("Not connected")


def scroll_up(visitor, pixels=30_000):
    visitor.page.locator("#log").hover()
    visitor.page.mouse.wheel(0, -pixels)


# Losing the connection


def offline(visitor, cut):
    visitor.context.set_offline(cut)


def behind_a_broken_proxy(visitor, cut):
    if cut:
        visitor.page.route(CHANGES, lambda route: route.fulfill(status=503, body="<title>Oh</title>Bad gateway"))
    else:
        visitor.page.unroute(CHANGES)


@pytest.mark.parametrize("trouble", [offline, behind_a_broken_proxy])
def test_a_page_without_connection_says_so_and_catches_up_by_itself(alice, bob, trouble):
    wait_for_a_poll(alice)
    alice.field.fill("half a thou")
    expect(banner(alice)).to_be_hidden()
    trouble(alice, True)
    expect(banner(alice)).to_be_visible(timeout=BANNER_AFTER)
    say(bob, "said meanwhile", "and this")
    alice.field.press("End")
    alice.page.keyboard.type("ght")
    trouble(alice, False)
    expect(banner(alice)).to_be_hidden(timeout=BACK_AFTER)
    expect(lines(alice)).to_have_text(["said meanwhile", "and this"])
    expect(alice.field).to_have_value("half a thought")
    expect(alice.field).to_be_focused()
    expect(alice.page).to_have_title("Reading club · Parlour")
    say(bob, "and on it goes")
    expect(lines(alice)).to_have_text(["said meanwhile", "and this", "and on it goes"])


def test_a_tab_that_was_asleep_for_long_shows_the_same_as_a_new_page(alice, bob, visitor):
    say(bob, "before the nap")
    alice.reads("before the nap")
    alice.page.route(CHANGES, lambda route: route.abort())
    say(bob, *(f"message {n}" for n in range(300)))
    alice.page.unroute(CHANGES)
    alice.reads("message 299")
    assert ids(alice) == log_ids(-50)
    fresh = alice.context.new_page()
    fresh.goto(alice.page.url)
    expect(fresh.locator("#messages")).to_have_text(alice.page.locator("#messages").text_content())
    say(bob, "good morning")
    alice.reads("good morning")
    assert ids(alice) == log_ids(-51)
    expect(last(alice)).to_be_in_viewport()


# Removed


def test_the_page_of_a_removed_member_says_so_and_stops_polling(alice, bob):
    say(bob, "You have to go.")
    alice.reads("You have to go.")
    alice.field.fill("but I was not fini")
    Membership.objects.get(nickname="Alice").remove()
    words = alice.page.get_by_role("alert").get_by_text(
        "You were removed from this room. You can rejoin in 10 minutes."
    )
    expect(words).to_be_visible()
    asked = len(polls(alice))
    alice.page.wait_for_timeout(4500)
    assert len(polls(alice)) == asked
    # The page has stopped, not lost its connection: it does not say that it tries again.
    expect(banner(alice)).to_have_count(0)
    alice.field.press("Enter")
    expect(alice.page.locator("#notice").get_by_text("Your text is kept here")).to_be_visible()
    expect(alice.page.locator("#composer form").first.locator("[name=text]")).to_have_value("but I was not fini")
    Membership.objects.get(nickname="Alice").allow_rejoin()
    # The join form opens in another tab, so that the draft stays here until she has rejoined.
    with alice.context.expect_page() as door:
        alice.page.get_by_role("link", name="Join again").click()
    expect(door.value.get_by_label("Your name")).to_have_value("Alice")
    door.value.get_by_role("button", name="Join", exact=True).click()
    door.value.wait_for_url(re.compile(r"/rooms/[^/]+/$"))
    expect(door.value.get_by_label("Message", exact=True).last).to_be_visible()
    alice.page.get_by_role("button", name="try again").click()
    alice.reads("but I was not fini")
    expect(words).to_have_count(0)
    say(bob, "Welcome back!")
    alice.reads("Welcome back!")


def test_without_javascript_a_removed_member_can_rejoin(bob, visitor):
    alice = visitor(javascript=False).enter()
    Membership.objects.get(nickname="Alice").remove()
    expect(alice.log.get_by_text("You were removed from this room. You can rejoin in 10 minutes.")).to_be_visible()
    Membership.objects.get(nickname="Alice").allow_rejoin()
    alice.log.get_by_role("link", name="Join again").click()
    expect(alice.page.get_by_label("Your name")).to_have_value("Alice")
    alice.page.get_by_role("button", name="Join", exact=True).click()
    alice.send("So, where were we?")
    alice.reads("So, where were we?")


def test_a_page_without_session_says_so_and_recovers_when_it_is_back(alice, bob):
    session = [cookie for cookie in alice.context.cookies() if cookie["name"] == "session"]
    alice.context.clear_cookies(name="session")
    words = alice.page.get_by_text("This browser is no longer in this room.")
    expect(words).to_be_visible()
    expect(alice.page.get_by_role("link", name="Join again")).to_be_visible()
    say(bob, "Where is she?")
    wait_for_a_poll(alice)
    expect(lines(alice)).to_have_count(0)
    alice.context.add_cookies(session)
    expect(words).to_have_count(0)
    alice.reads("Where is she?")
    assert alice.console == []


# Changes by moderators


def test_an_open_page_receives_every_kind_of_change(alice, bob):
    first, second = say(bob, "a rude word", "a spelling mistaek")
    alice.reads("a spelling mistaek")
    first.remove()
    second.edit("a spelling mistake")
    expect(lines(alice)).to_have_text(["Message removed by a site admin.", "a spelling mistake"])
    expect(alice.page.get_by_text("Edited by a site admin")).to_be_visible()
    first.restore()
    Room.objects.get().set_topic("Middlemarch, chapter 3")
    expect(lines(alice)).to_have_text(["a rude word", "a spelling mistake"])
    expect(alice.page.locator("#about").get_by_text("Middlemarch, chapter 3")).to_be_visible()
    expect(alice.log.get_by_text("Topic changed: Middlemarch, chapter 3")).to_be_visible()
    assert ids(alice) == log_ids()
    assert alice.console == []


def test_a_change_far_above_does_not_move_the_page(bob, visitor):
    first, *_others = say(bob, *(f"message {n}" for n in range(60)))
    alice = visitor().enter()
    opened = ids(alice)
    first.edit("message zero")
    wait_for_a_poll(alice)
    say(bob, "the newest")
    alice.reads("the newest")
    assert ids(alice) == opened + log_ids(-1)
    expect(alice.page.locator("#sink")).to_be_empty()
    assert alice.console == []


# History


@pytest.fixture
def long_talk(bob):
    """130 messages, and two system messages: the room was created, and Alice joined."""
    return say(bob, *(f"message {n}" for n in range(1, 131)))


@EITHER_WAY
def test_a_room_opens_with_the_newest_message_at_the_bottom(long_talk, visitor, javascript):
    alice = visitor(javascript).enter()
    expect(alice.log.get_by_text("message 130")).to_be_in_viewport()
    expect(last(alice)).to_be_in_viewport()
    assert ids(alice) == log_ids(-50)


def test_scrolling_up_loads_the_history_in_order_and_once(long_talk, visitor):
    alice = visitor().enter()
    everything = alice.log.locator("#messages .lines > li[id]")
    for loaded in (50, 100, 132):
        expect(everything).to_have_count(loaded)
        scroll_up(alice)
    expect(alice.log.get_by_text("Bob created the room")).to_be_in_viewport()
    expect(alice.page.get_by_role("link", name="Older messages")).to_have_count(0)
    assert ids(alice) == log_ids()
    assert alice.console == []


def test_a_message_removed_while_it_is_loaded_disappears(long_talk, visitor):
    alice = visitor().enter()
    on_its_way = []
    alice.page.route("**/messages/?before=*", lambda route: on_its_way.append((route, route.fetch())))
    with alice.page.expect_request("**/messages/?before=*"):
        scroll_up(alice)
    while not on_its_way:
        alice.page.wait_for_timeout(50)
    with alice.page.expect_response(
        lambda answer: CHANGES.search(answer.url) and "Message removed by" in answer.text()
    ):
        Message.objects.get(text="message 75").remove()
    route, answer = on_its_way.pop()
    route.fulfill(response=answer)
    expect(alice.log.get_by_text("Message removed by a site admin.")).to_have_count(1, timeout=IN_TIME)
    expect(alice.log.get_by_text("message 75")).to_have_count(0)
    expect(alice.log.locator("[name=older]")).to_have_count(0)
    assert alice.console == []


@EITHER_WAY
def test_links_lead_back_to_the_first_message(long_talk, visitor, javascript):
    alice = visitor(javascript).enter()
    alice.page.get_by_role("button", name="Menu").click()
    alice.page.get_by_role("link", name="Message history").click()
    read = page_ids(alice)
    while alice.page.get_by_role("link", name="Older messages").count():
        alice.page.get_by_role("link", name="Older messages").click()
        expect(alice.page.locator(f"#{read[0]}")).to_have_count(0)
        read = page_ids(alice) + read
    assert read == log_ids()
    assert alice.console == []


def page_ids(visitor):
    """Like `ids`, on a page of the history."""
    visitor.page.wait_for_load_state("domcontentloaded")
    lines = visitor.page.locator("#messages .lines > li[id]")
    expect(lines.first).to_be_attached()
    return lines.evaluate_all("lines => lines.map(line => line.id)")


def test_links_lead_forward_again_to_the_newest_message(long_talk, visitor):
    alice = visitor().enter()
    alice.page.goto(f"{alice.server}/rooms/reading-club/messages/?after=0")
    read = page_ids(alice)
    while alice.page.get_by_role("link", name="Newer messages").count():
        alice.page.get_by_role("link", name="Newer messages").click()
        expect(alice.page.locator(f"#{read[-1]}")).to_have_count(0)
        read += page_ids(alice)
    assert read == log_ids()


def test_without_javascript_links_in_the_log_open_in_the_whole_window(bob, visitor):
    say(bob, *(f"message {n}" for n in range(60)))
    alice = visitor(javascript=False).enter()
    alice.log.get_by_role("link", name="Older messages").click()
    alice.page.wait_for_url(re.compile(r"/messages/\?before="), timeout=IN_TIME)
    expect(alice.page.get_by_text("Bob created the room")).to_be_visible()
    alice.page.go_back()
    say(bob, f"Look at {alice.server}/preferences/ please")
    alice.log.get_by_role("link", name="/preferences/").click()
    expect(alice.page).to_have_url(f"{alice.server}/preferences/")
    assert alice.console == []


@EITHER_WAY
def test_a_permalink_shows_the_message_between_its_neighbours(long_talk, visitor, javascript):
    alice, message = visitor(javascript).enter(), long_talk[59]
    alice.page.goto(alice.server + message.get_absolute_url())
    shown = alice.page.locator(f"#m{message.pk}")
    expect(shown).to_be_in_viewport()
    expect(shown).to_have_attribute("aria-current", "true")
    assert shown.get_by_role("article").evaluate("line => getComputedStyle(line).boxShadow") != "none"
    place = log_ids().index(f"m{message.pk}")
    assert page_ids(alice) == log_ids(place - 25, place + 25)
    alice.page.get_by_role("link", name="Back to the room").first.click()
    expect(alice.field).to_be_visible()


def test_the_time_of_a_message_links_to_it(alice, bob):
    (message,) = say(bob, "worth a link")
    alice.reads("worth a link")
    alice.log.get_by_role("article").get_by_role("link").click()
    expect(alice.page).to_have_url(alice.server + message.get_absolute_url())
    expect(alice.page.locator(f"#m{message.pk}")).to_have_attribute("aria-current", "true")


def test_new_messages_do_not_move_the_page_while_reading_older_ones(long_talk, bob, visitor):
    alice = visitor().enter()
    jump = alice.page.get_by_role("link", name="Jump to latest")
    expect(jump).to_be_hidden()
    scroll_up(alice, 600)
    expect(jump).to_be_visible()
    line = alice.log.locator(f"#{line_in_the_middle(alice)}")
    before = line.bounding_box()["y"]
    say(bob, *(f"news {n}" for n in range(5)))
    expect(alice.log.locator("#news > li")).to_have_count(5)
    assert abs(line.bounding_box()["y"] - before) < 3
    expect(last(alice)).not_to_be_in_viewport()
    jump.click()
    expect(last(alice)).to_be_in_viewport()


def line_in_the_middle(visitor):
    """The id of the message in the middle of the screen, once scrolling has stopped."""
    visitor.page.wait_for_timeout(300)
    return visitor.page.evaluate("document.elementFromPoint(innerWidth / 2, innerHeight / 2).closest('li[id]').id")


def test_at_the_bottom_the_newest_message_stays_in_sight(long_talk, bob, visitor):
    alice = visitor().enter()
    for n in range(2):
        say(bob, *(f"news {n}.{k}" for k in range(5)))
        alice.reads(f"news {n}.4")
        expect(last(alice)).to_have_text(re.compile(rf"news {n}\.4"))
        expect(last(alice)).to_be_in_viewport(ratio=0.9)
