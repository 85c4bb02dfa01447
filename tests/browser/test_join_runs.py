"""Runs of people who joined or left in a browser: one line is seen, and a link shows the others."""

import re

from playwright.sync_api import expect

from chat.models import Participant, Room
from chat.realtime import delta
from tests.support.browsing import EITHER_WAY, say


def join(*nicknames):
    for nickname in nicknames:
        Room.objects.get().join(Participant.objects.create(), nickname)


def greet(text="hello"):
    return say(Room.objects.get().memberships.get(nickname="Alice"), text)[0]


def joins(log):
    """The lines on the screen that say who joined."""
    return log.locator("[data-event=joined]:visible")


def last_of_run(nickname, counted=""):
    return re.compile(f"^\\s*{nickname} joined *{counted} *\\d\\d:\\d\\d\\s*$")


@EITHER_WAY
def test_a_run_is_one_line_that_goes_on_while_the_page_is_open(visitor, javascript):
    alice = visitor(javascript).enter()
    greet()
    join("Bob", "Carol")
    alice.page.reload()
    expect(joins(alice.log)).to_have_text([last_of_run("Carol", "1 other joined")])
    for nickname, counted in (("Dave", "2 others joined"), ("Eve", "3 others joined")):
        join(nickname)
        expect(joins(alice.log)).to_have_text([last_of_run(nickname, counted)])
    greet("hello Eve")
    join("Frank")
    expect(joins(alice.log)).to_have_text([last_of_run("Eve", "3 others joined"), last_of_run("Frank")])
    alice.log.get_by_role("link", name="3 others joined").click()
    alice.page.wait_for_url("**/messages/**")
    everyone = ["Bob", "Carol", "Dave", "Eve", "Frank"]
    expect(joins(alice.page)).to_have_text([last_of_run(nickname) for nickname in everyone], use_inner_text=True)


def test_a_run_goes_on_in_a_stream_below_a_message_that_was_edited_meanwhile(visitor):
    alice = visitor(javascript=False).enter()
    message = greet()
    join("Bob")
    expect(joins(alice.log)).to_have_text([last_of_run("Bob")])
    message.edit("hello all")
    alice.reads("hello all")
    join("Carol")
    expect(joins(alice.log)).to_have_text([last_of_run("Carol", "1 other joined")])


def test_older_lines_that_are_loaded_belong_to_the_run(visitor, monkeypatch):
    monkeypatch.setattr(delta, "PAGE_SIZE", 4)
    alice = visitor().enter()
    greet()
    join(*(f"Guest {n}" for n in range(10)))
    alice.page.reload()
    expect(alice.log.locator("[data-event=opened]")).to_be_visible()
    expect(joins(alice.log)).to_have_text([last_of_run("Guest 9", "9 others joined")])
