"""Preferences in a browser: theme, text size, Enter, fewer system messages, poll interval and pausing."""

from playwright.sync_api import expect

from tests.support.browsing import EITHER_WAY, lines


def test_updates_are_paused_and_resumed_in_the_room(visitor):
    alice, bob = visitor().enter(), visitor().enter(nickname="Bob")
    alice.page.get_by_role("button", name="Menu").click()
    alice.page.get_by_role("button", name="Pause updates").click()
    paused = alice.page.locator(".paused")
    expect(paused).to_contain_text("Updates paused")
    for text in ("one", "two", "three"):
        bob.send(text)
        bob.reads(text)
    alice.send("mine")  # whose answer asks at once
    expect(paused).to_contain_text("4 new")
    assert lines(alice).count() == 0
    alice.page.get_by_role("button", name="Resume").click()
    expect(alice.page.locator(".paused")).to_have_count(0)
    expect(lines(alice)).to_have_text(["one", "two", "three", "mine"])
    bob.send("four")
    alice.reads("four")


def test_the_poll_interval_is_respected(visitor):
    alice = visitor().enter()
    url = alice.page.url
    alice.page.goto(alice.server + "/preferences/")
    alice.page.get_by_label("Check for new messages", exact=True).select_option("5")
    alice.page.get_by_role("button", name="Save").click()
    alice.page.goto(url)
    alice.requests.clear()
    alice.page.wait_for_timeout(8_000)
    polls = [request for request in alice.requests if "/changes/" in request.url]
    assert len(polls) == 1, "after 5 seconds; at the usual interval they would be 3 or 4"
    expect(alice.page.locator(".offline")).to_be_hidden()
    alice.send("mine comes at once")
    alice.page.locator("[data-message-body]", has_text="mine comes at once").wait_for(timeout=3000)


def set_in_browser(who, **preferences):
    who.page.goto(who.server + "/preferences/")
    for label, value in preferences.items():
        who.page.get_by_label(label, exact=True).set_checked(value)
    who.page.get_by_role("button", name="Save").click()
    expect(who.page.get_by_text("Saved.")).to_be_visible()


@EITHER_WAY
def test_theme_and_text_size_apply_in_the_room(visitor, javascript):
    alice = visitor(javascript, color_scheme="light").enter()
    url = alice.page.url
    set_in_browser(alice, dark=True, largest=True)
    alice.page.goto(url)
    looks = "e => [getComputedStyle(e).fontSize, getComputedStyle(e).colorScheme]"
    assert alice.page.locator("html").evaluate(looks) == ["24px", "dark"]
    light = alice.page.locator("body").evaluate("e => getComputedStyle(e).backgroundColor")
    assert light == "oklch(0.205 0.008 70)"
    set_in_browser(alice, light=True, normal=True)
    alice.page.emulate_media(color_scheme="dark")
    alice.page.goto(url)
    assert alice.page.locator("body").evaluate("e => getComputedStyle(e).backgroundColor") == "oklch(0.985 0.006 85)"


@EITHER_WAY
def test_enter_can_make_a_new_line(visitor, javascript):
    alice = visitor(javascript).enter()
    url = alice.page.url
    set_in_browser(alice, **{"Enter sends the message": False})
    alice.page.goto(url)
    for words in ("first", "second"):
        alice.field.press_sequentially(words)
        alice.field.press("Enter")
        alice.field.press_sequentially("line")
        alice.writing.get_by_role("button", name="Send").last.click()
        expect(lines(alice).last).to_have_text(f"{words}\nline", use_inner_text=True)


@EITHER_WAY
def test_less_noise_hides_system_messages_in_the_room(visitor, javascript):
    alice = visitor(javascript).enter()
    url = alice.page.url
    set_in_browser(alice, **{"Hide joins and leaves": True})
    alice.page.goto(url)
    bob = visitor(javascript).enter(nickname="Bob")
    bob.send("hello")
    alice.reads("hello")
    came = alice.log.locator("[data-event=joined]")
    expect(came).to_have_count(1)
    expect(came).to_be_hidden()
    expect(alice.log.locator("[data-event=opened]")).to_be_visible()
