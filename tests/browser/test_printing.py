"""Printed pages: the whole log with names and times, in light colours, without forms and other controls."""

import re

import pytest
from playwright.sync_api import expect

from chat.models import Participant, Room
from tests.support.browsing import EITHER_WAY, say

A4_HEIGHT = 1123  # pixels


@pytest.fixture
def printed(visitor):
    """A function that opens a page of a room with 60 messages and shows it as on paper."""

    def show(path="", javascript=True):
        alice = visitor(javascript, color_scheme="dark").enter()
        room = Room.objects.get()
        ben = room.join(Participant.objects.create(), "Ben")
        Participant.objects.filter(memberships__nickname="Alice").update(color_scheme="dark")
        say(ben, *(f"message {n}" for n in range(60)), "\n".join(f"line {n}" for n in range(200)))
        alice.page.goto(f"{alice.server}{room.get_absolute_url()}{path}")
        alice.page.emulate_media(media="print")
        return alice

    return show


def are_hidden(alice, *parts):
    """Whether these parts of the page are there, but not on paper."""
    found = {part: alice.page.locator(part).all() for part in parts}
    assert [part for part, elements in found.items() if not elements] == []
    return [part for part, elements in found.items() if any(one.is_visible() for one in elements)] == []


def paper_pages(alice):
    return len(re.findall(rb"/Type\s*/Page\b", alice.page.pdf(format="A4")))


@EITHER_WAY
def test_the_whole_log_of_a_room_is_printed(printed, javascript):
    alice = printed(javascript=javascript)
    for text in ("message 20", "message 59", "line 0", "line 199"):
        assert alice.page.locator("#messages").get_by_text(text).last.is_visible(), text
    log = alice.page.locator("#log")
    inner, outer = log.evaluate("log => [log.scrollHeight, log.clientHeight]")
    assert inner == outer > 4 * A4_HEIGHT
    assert alice.page.locator(".body.long").evaluate("body => body.scrollHeight == body.clientHeight")
    assert alice.page.locator("body").evaluate("body => body.scrollHeight") >= outer
    if javascript:
        assert paper_pages(alice) >= 5


def test_no_control_of_a_room_is_printed(printed):
    alice = printed()
    expect(alice.page.locator("h1")).to_be_visible()
    controls = (".foot", ".sidebar", ".people-here", ".room-header button", ".jump", ".unread", ".older a", ".skip")
    assert are_hidden(alice, *controls)


def test_each_printed_message_has_its_time(printed):
    alice = printed()
    hidden = "links => links.filter(link => getComputedStyle(link).opacity != '1').length"
    assert alice.page.locator(".message > a").evaluate_all(hidden) == 0


@pytest.mark.parametrize("path", ["", "messages/", "members/"])
def test_paper_is_white_even_if_the_screen_is_dark(printed, path):
    alice = printed(path)
    colors = alice.page.locator("body").evaluate("""body => {
      const canvas = document.createElement("canvas").getContext("2d")
      return [getComputedStyle(body).backgroundColor, getComputedStyle(body).color].map(color => {
        canvas.fillStyle = color
        canvas.fillRect(0, 0, 1, 1)
        return canvas.getImageData(0, 0, 1, 1).data[1]
      })
    }""")
    assert colors[0] > 230
    assert colors[1] < 80


@pytest.mark.parametrize(
    ("path", "controls"),
    [("messages/", [".paging", ".older a", ".icon-button"]), ("members/", ["button", "summary", "form", ".tabs"])],
)
def test_history_and_members_are_printed_without_controls(printed, path, controls):
    alice = printed(path)
    expect(alice.page.locator("h1")).to_be_visible()
    assert are_hidden(alice, *controls)
    header = alice.page.locator("header").first
    assert header.evaluate("header => getComputedStyle(header).position") == "static"
