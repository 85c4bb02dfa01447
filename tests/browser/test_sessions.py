"""Sessions in a browser: open pages go on when the session's key or cookie changes."""

import re

import pytest
from django.contrib.sessions.backends.db import SessionStore
from playwright.sync_api import expect

from chat.models import Participant, Room
from tests.support.browsing import EITHER_WAY
from tests.test_sessions import cookie, root  # noqa: F401 - fixtures


def another_tab(visitor, path):
    page = visitor.context.new_page()
    page.goto(f"{visitor.server}{path}", wait_until="domcontentloaded")
    return page


def tells_to_join_again(visitor):
    return visitor.log.get_by_role("link", name="Join again")


@pytest.fixture
def talker(reader):
    """A member who posts without a browser."""
    return reader("Bob", room="Reading club")


@EITHER_WAY
def test_an_open_page_continues_when_the_session_key_changes(visitor, talker, root, javascript):
    alice = visitor(javascript=javascript).join()
    alice.field.fill("half a sent")
    old = cookie(alice)["value"]
    door = another_tab(alice, "/admin/")
    door.get_by_label("Username").fill("root")
    door.get_by_label("Password").fill("x")
    door.get_by_role("button", name="Sign in").click()
    expect(door.get_by_role("heading", name="Site administration")).to_be_visible()
    assert cookie(alice)["value"] != old
    talker.send("Are you still there?")
    alice.reads("Are you still there?")
    talker.send("I hope so.")
    alice.reads("I hope so.")
    expect(tells_to_join_again(alice)).to_have_count(0)
    expect(alice.field).to_have_value("half a sent")
    # The join page also gave the browser a new CSRF token: the text stays, and the next click sends it.
    alice.field.press("End")
    alice.field.type("ence")
    alice.field.press("Enter")
    again = alice.writing.get_by_role("button", name=re.compile("try again|send", re.IGNORECASE)).first
    expect(again).to_be_visible()
    alice.page.wait_for_timeout(600)
    again.click()
    alice.reads("half a sentence")
    assert [m.text for m in Room.objects.get().messages.filter(event="", nickname="Alice")] == ["half a sentence"]
    assert cookie(alice)["value"] != old


@EITHER_WAY
def test_an_open_page_continues_after_signing_out_elsewhere_or_creating_an_account(visitor, talker, javascript):
    alice = visitor(javascript=javascript).join()
    alice.field.fill("half a sent")
    old = cookie(alice)["value"]
    beside = another_tab(alice, "/account/")
    beside.get_by_role("button", name="Sign out everywhere else").click()
    expect(beside.get_by_role("heading", name="Your account", exact=True)).to_be_visible()
    alice.page.wait_for_timeout(300)
    key = cookie(alice)["value"]
    assert key != old
    beside.goto(f"{alice.server}/account/create/", wait_until="domcontentloaded")
    beside.get_by_label("Password").fill("a long walk home")
    beside.get_by_role("button", name="Create account").click()
    expect(beside.get_by_text("Signed in as Alice.")).to_be_visible()
    assert cookie(alice)["value"] not in (old, key), "whoever knew the guest's key does not know the account's"
    for words in ("Are you still there?", "I hope so."):
        talker.send(words)
        alice.reads(words)
    expect(tells_to_join_again(alice)).to_have_count(0)
    expect(alice.field).to_have_value("half a sent")
    alice.field.press("Enter")
    alice.reads("half a sent")


@EITHER_WAY
def test_a_join_page_left_open_works_after_a_first_join_in_another_tab(visitor, talker, reader, javascript):
    reader("Carol", room="Elsewhere")
    alice = visitor(javascript=javascript)
    door = another_tab(alice, "/rooms/elsewhere/")
    alice.join()
    key = cookie(alice)["value"]
    alice.field.fill("half a sent")
    door.get_by_label("Your name").fill("Alice")
    door.get_by_role("button", name="Join", exact=True).click()
    expect(door.get_by_role("heading", name="Elsewhere")).to_be_visible()
    assert cookie(alice)["value"] == key
    talker.send("Are you still there?")
    alice.reads("Are you still there?")
    expect(tells_to_join_again(alice)).to_have_count(0)
    expect(alice.field).to_have_value("half a sent")
    alice.field.press("Enter")
    alice.reads("half a sent")
    assert Participant.objects.count() == 3, "Alice is one person in both rooms"


@EITHER_WAY
def test_a_renewed_cookie_does_not_disturb_open_pages(visitor, talker, javascript):
    alice = visitor(javascript=javascript).join()
    alice.field.fill("half a sent")
    before = cookie(alice)
    session = SessionStore(before["value"])
    session["renewed"] = 0
    session.save()
    alice.page.wait_for_timeout(1100)  # cookies count in seconds
    another_tab(alice, "/rooms/reading-club/")
    after = cookie(alice)
    assert after["value"] == before["value"]
    assert after["expires"] > before["expires"]
    talker.send("Are you still there?")
    alice.reads("Are you still there?")
    expect(tells_to_join_again(alice)).to_have_count(0)
    expect(alice.field).to_have_value("half a sent")
    assert alice.console == []


def test_an_old_page_without_session_does_not_end_the_session_of_a_new_join(visitor, talker):
    """Polls of the old page, without a session or with an unknown one, must not delete the new session."""
    alice = visitor().join()
    alice.field.fill("half a sent")
    lost = cookie(alice) | {"value": "x" * 32}
    alice.context.add_cookies([lost])
    expect(tells_to_join_again(alice)).to_be_visible()
    door = another_tab(alice, "/rooms/reading-club/")
    door.get_by_label("Your name").fill("Alice the second")
    door.get_by_role("button", name="Join", exact=True).click()
    expect(door.get_by_label("Message", exact=True).last).to_be_visible()
    key = cookie(alice)["value"]
    expect(tells_to_join_again(alice)).to_have_count(0)
    talker.send("There you are.")
    alice.reads("There you are.")
    expect(alice.field).to_have_value("half a sent")
    assert cookie(alice)["value"] == key != lost["value"]
