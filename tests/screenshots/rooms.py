"""Screenshots of the home page and of a room, each a name and the steps that lead there."""

import re

from playwright.sync_api import expect

from chat.models import Participant
from chat.models.direct_message import open_direct_message
from chat.realtime import typing_indicator
from tests.browser.test_accessibility import refused_at_home
from tests.browser.test_connection_state import BANNER_AFTER, banner, offline, wait_for_a_poll
from tests.screenshots.people import (
    chat_request,
    direct_message,
    join_requests,
    maya,
    member,
    mine,
    new_room,
    one_message,
    own_chat_request,
    regular,
    site,
    town,
    unread,
)
from tests.support.browsing import IN_TIME
from tests.support.more_pages import at


def home(alice):
    at(alice, "/")


def room(alice):
    open_room(alice, mine())


def open_room(alice, membership):
    """Open this member's room, and wait until the log and the composer are there, also in frames."""
    at(alice, membership.room.get_absolute_url())
    alice.log.locator("#messages").wait_for(state="attached")
    alice.writing.locator(".foot").wait_for(state="attached")


def newest_room():
    return mine().participant.memberships.select_related("room").order_by("pk").last()


def last_direct_message(alice):
    open_room(alice, newest_room())


def last_chat_request(alice):
    at(alice, f"{newest_room().room.get_absolute_url()}chat-request/")


def history(alice):
    at(alice, f"{mine().room.get_absolute_url()}messages/")


def permalink(alice):
    message = mine().room.messages.filter(event="").order_by("first_version")[20]
    at(alice, message.get_absolute_url())


# What changes a room before it is opened


def muted(alice):
    mine().set_muted(True, maya())


def locked(alice):
    mine().room.lock(maya())


def archived(alice):
    mine().room.set_archived(True, maya())


def announcements(alice):
    mine().room.set_announce_only(True, maya())


def paused(alice):
    mine().participant.pause(True)


def declined_chat(alice):
    theirs = open_direct_message(mine(), mine().room.memberships.get(nickname="Bob")).other_member
    theirs.decline_chat()


def less_noise(alice):
    Participant.objects.filter(pk=mine().participant_id).update(less_noise=True)


# What happens on the open page


def menu(alice):
    alice.page.get_by_role("button", name="Menu").click()


def people(alice):
    if (button := alice.page.get_by_role("button", name="People")).is_visible():
        button.click()


def refusal(alice):
    alice.send("   ")
    expect(alice.writing.locator("#composer .error").first).to_be_visible()


def several_lines(alice):
    alice.toggle()
    expect(alice.writing.locator("textarea")).to_be_visible()
    alice.writing.locator("textarea").fill("First,\nsecond,\nand third.")


def reading_back(alice):
    alice.page.locator("#log").hover()
    alice.page.mouse.wheel(0, -900)
    expect(alice.page.get_by_role("link", name="Jump to latest")).to_be_visible()


def somebody_types(alice):
    typing_indicator.record_typing(maya())
    expect(alice.page.locator("#typing span").first).to_be_visible()


def without_connection(alice):
    wait_for_a_poll(alice)
    offline(alice, True)
    expect(banner(alice)).to_be_visible(timeout=BANNER_AFTER)


def unsent(alice):
    alice.page.route(re.compile("/send/"), lambda route: route.abort())
    alice.send("Are you still there?")
    expect(alice.page.locator(".again").first).to_be_visible(timeout=IN_TIME)


def removed(alice):
    mine().remove()
    expect(alice.log.locator("[role=alert]").locator("visible=true").first).to_be_visible(timeout=IN_TIME)


ONLY_WITH_SCRIPT = {"room-reading-back", "room-typing", "room-offline", "room-unsent"}
SHOTS = {
    "home-empty": (home,),
    "home-first": (site, town, home),
    "home-returning": (site, regular, home),
    "home-refused": (site, town, member, home, refused_at_home),
    "room-new": (new_room, room),
    "room-one-message": (one_message, room),
    "room": (member, room),
    "room-as-owner": (join_requests, room),
    "room-with-many-others": (site, regular, room),
    "room-unread": (unread, room),
    "room-reading-back": (member, room, reading_back),
    "room-menu": (site, regular, room, menu),
    "room-people": (member, room, people),
    "room-several-lines": (member, room, several_lines),
    "room-refusal": (member, room, refusal),
    "room-typing": (member, room, somebody_types),
    "room-offline": (member, room, without_connection),
    "room-unsent": (member, room, unsent),
    "room-just-removed": (member, room, removed),
    "room-muted": (member, muted, room),
    "room-locked": (member, locked, room),
    "room-archived": (member, archived, room),
    "room-announcements": (member, announcements, room),
    "room-paused": (member, paused, room),
    "room-less-noise": (member, less_noise, room),
    "history": (member, history),
    "history-message": (member, permalink),
    "direct-message": (member, direct_message, last_direct_message),
    "direct-message-requested": (member, own_chat_request, last_direct_message),
    "direct-message-declined": (member, declined_chat, last_direct_message),
    "chat-request": (member, chat_request, last_chat_request),
}
