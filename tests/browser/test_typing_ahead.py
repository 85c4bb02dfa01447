"""Typing ahead in a browser: what is typed before the next field has the focus arrives, message by message."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.test_composer import alice, said  # noqa: F401 - fixture
from tests.support.browsing import lines


class Held:
    """The requests to one address, held back until the test lets them go on."""

    def __init__(self, page, url):
        self.page, self.routes = page, []
        page.route(url, lambda route: self.routes.append(route))

    def go_on(self):
        """Wait for a request, and let it go on."""
        for _ in range(100):
            if self.routes:
                return self.routes.pop(0).continue_()
            self.page.wait_for_timeout(50)
        raise AssertionError("No request came.")


@pytest.fixture
def second_composer(alice):
    return Held(alice.page, re.compile(r"/composer/2/"))


@pytest.fixture
def leftovers(alice):
    return Held(alice.page, re.compile(r"/leftover/$"))


def type_past_enter(alice, composer, sent, letters):
    """Send a message and type on before the focus moves; then let it move."""
    alice.page.keyboard.type(sent)
    alice.page.keyboard.press("Enter")
    alice.page.keyboard.type(letters)
    composer.go_on()
    expect(alice.field).to_be_focused()
    expect(alice.field).to_have_value("")


def carried(alice):
    return alice.writing.locator("#composer .carried output")


def test_letters_typed_before_the_focus_moved_begin_the_next_message(alice, second_composer):
    type_past_enter(alice, second_composer, "one", "tw")
    expect(carried(alice)).to_have_text("tw")
    alice.page.keyboard.type("o")
    alice.page.keyboard.press("Enter")
    expect(lines(alice)).to_have_text(["one", "two"])
    assert alice.console == []


def test_letters_that_are_carried_over_look_like_the_beginning_of_the_field(alice, second_composer):
    type_past_enter(alice, second_composer, "one", "two")
    expect(carried(alice)).to_have_text("two")
    letters, field = alice.writing.locator("#composer .carried").bounding_box(), alice.field.bounding_box()
    assert letters["x"] + letters["width"] == pytest.approx(field["x"], abs=0.5)
    assert (letters["y"], letters["height"]) == (field["y"], field["height"])


def test_enter_sends_letters_that_are_shown_before_an_empty_field(alice, second_composer):
    type_past_enter(alice, second_composer, "one", "two")
    expect(carried(alice)).to_have_text("two")
    alice.page.keyboard.press("Enter")
    expect(lines(alice)).to_have_text(["one", "two"])
    assert alice.console == []


def test_enter_sends_letters_that_are_still_on_their_way_to_an_empty_field(alice, second_composer, leftovers):
    type_past_enter(alice, second_composer, "one", "two")
    alice.page.keyboard.press("Enter")
    expect(lines(alice)).to_have_text(["one", "two"])
    alice.page.keyboard.type("three")
    leftovers.go_on()
    alice.page.wait_for_load_state("networkidle")
    expect(carried(alice)).to_have_count(0)
    alice.page.keyboard.press("Enter")
    expect(lines(alice)).to_have_text(["one", "two", "three"])
    assert alice.console == []


def test_letters_that_were_shown_before_enter_arrived_are_posted_once(alice, second_composer, leftovers):
    sends = Held(alice.page, re.compile(r"/send/$"))
    type_past_enter(alice, second_composer, "one", "two")
    sends.go_on()
    alice.page.wait_for_timeout(300)  # until the letters are on their way
    alice.page.keyboard.press("Enter")
    leftovers.go_on()
    expect(carried(alice)).to_have_text("two")
    alice.page.keyboard.type("three")
    sends.go_on()
    expect(carried(alice)).to_have_count(0)
    alice.page.keyboard.press("Enter")
    sends.go_on()
    expect(lines(alice)).to_have_text(["one", "two", "three"])
    assert said() == ["one", "two", "three"]
    assert alice.console == []


def test_enter_in_an_empty_field_sends_nothing_if_no_letters_are_on_their_way(alice, second_composer):
    type_past_enter(alice, second_composer, "one", "")
    sent = []
    alice.page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    alice.page.keyboard.press("Enter")
    expect(lines(alice)).to_have_text(["one"])
    assert [url for url in sent if "/send/" in url] == []
