"""Room states in a browser: announcements, locked rooms and muted members."""

import re

import pytest
from playwright.sync_api import expect

from chat.models import Room
from tests.support.browsing import EITHER_WAY
from tests.test_room_states import LASTING, stop_writing


@EITHER_WAY
@pytest.mark.parametrize("why", LASTING)
def test_a_member_who_cannot_post_sees_the_reason_instead_of_the_field(visitor, javascript, why):
    bob = visitor(javascript).enter(nickname="Bob")
    member = Room.objects.get().memberships.get()
    member.set_role("member")
    stop_writing(member, why)
    bob.page.reload()
    expect(bob.writing.get_by_text(LASTING[why]).locator("visible=true")).to_have_count(1)
    expect(bob.field).to_have_count(0)
    expect(bob.page.get_by_text("Say hello").locator("visible=true")).to_have_count(0)
    member.refresh_from_db()
    member.set_muted(False)
    member.room.set_announce_only(False)
    member.room.set_archived(False)
    bob.writing.get_by_role("link", name=re.compile("Check again|Write a message")).click()
    bob.send("at last")
    bob.reads("at last")


def test_when_members_can_post_again_the_composer_appears(visitor):
    bob = visitor().enter(nickname="Bob")
    member = Room.objects.get().memberships.get()
    member.set_role("member")
    member.room.set_announce_only(True)
    bob.page.reload()
    expect(bob.page.get_by_role("link", name="Check again")).to_be_visible()
    member.room.set_announce_only(False)
    expect(bob.page.get_by_role("link", name="Check again")).to_be_hidden()
    bob.page.get_by_role("link", name="Write a message").click()
    expect(bob.field).to_be_focused()


@EITHER_WAY
def test_somebody_keeps_a_room(visitor, javascript):
    alice, bob = visitor(javascript).enter(), visitor(javascript).enter(nickname="Bob")
    url = alice.page.url
    alice.page.goto(url + "members/")
    alice.page.get_by_text("Manage Bob").click()
    alice.page.get_by_role("button", name="Mute").click()
    expect(alice.page.get_by_text("muted", exact=True)).to_be_visible()
    bob.send("may I?")
    expect(bob.writing.get_by_text("You’re muted")).to_be_visible()
    expect(bob.writing.locator("[name=text]").first).to_have_value("may I?")
    alice.page.goto(url + "settings/")
    alice.page.get_by_role("button", name="Archive room").click()
    expect(alice.page.get_by_text("Saved.")).to_be_visible()
    expect(bob.log.get_by_text("Room archived")).to_be_visible()
    alice.page.get_by_role("link", name="Delete room…").click()
    alice.page.get_by_label("Type the room’s name").fill("something else")
    alice.page.get_by_role("button", name="Delete permanently").click()
    expect(alice.page.get_by_text("This isn’t the name of the room.")).to_be_visible()
    alice.page.get_by_label("Type the room’s name").fill("Reading club")
    alice.page.get_by_role("button", name="Delete permanently").click()
    alice.page.wait_for_url(alice.server + "/")
    expect(alice.page.get_by_text("Reading club")).to_have_count(0)
