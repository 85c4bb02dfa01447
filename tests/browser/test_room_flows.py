"""All flows of the owner and moderators, and what members see of them, with JavaScript and without."""

import pytest
from playwright.sync_api import expect

from tests.support.browsing import EITHER_WAY
from tests.support.flows import act, at, change, end, fill, goes_to, hears, join_or_request, path_of, press, save, sees

pytestmark = EITHER_WAY


@pytest.fixture
def alice(browser_user):
    """Alice created the room."""
    return browser_user("Alice")


@pytest.fixture
def bob(browser_user, alice):
    return browser_user("Bob")


# Roles and members


def test_a_member_is_promoted_and_demoted(alice, bob):
    change(alice, "Bob", "Make moderator")
    hears(bob, "Bob is now a moderator")
    at(bob, "settings/")
    fill(bob, Topic="Emma")
    press(bob, "Save")
    sees(bob, "Saved.")
    change(alice, "Bob", "Remove as moderator")
    at(bob, "")
    hears(bob, "Bob is no longer a moderator")
    at(bob, "settings/")
    sees(bob, "No permission")


def test_ownership_is_transferred(alice, bob):
    change(alice, "Bob", "Transfer ownership…")
    sees(alice, "You can’t undo this")
    press(alice, "Transfer to Bob")
    hears(bob, "Bob is now the owner")
    at(alice, "settings/")
    sees(alice, "Announcements only")
    expect(alice.page.get_by_role("link", name="Delete room…")).to_have_count(0)
    at(bob, "settings/")
    expect(bob.page.get_by_role("link", name="Delete room…")).to_be_visible()


def test_a_member_is_muted_and_unmuted(alice, bob):
    change(alice, "Bob", "Mute")
    hears(bob, "Bob was muted by Alice")
    change(alice, "Bob", "Unmute")
    hears(bob, "Bob was unmuted")
    at(bob, "")
    bob.send("thank you")
    bob.reads("thank you")


def test_a_member_is_banned_and_unbanned(alice, bob):
    end(alice, "Bob", "Ban…", "Ban")
    sees(alice, "Bob was banned.")
    at(bob, "")
    sees(bob, "You’ve been banned from this room.")
    expect(bob.page.get_by_role("button", name="Join", exact=True)).to_have_count(0)
    at(alice, "members/")
    press(alice, "Unban")
    expect(alice.page.get_by_role("button", name="Unban")).to_have_count(0)
    join_or_request(bob, "Bob")
    bob.send("I am back")
    bob.reads("I am back")


# Room settings


def test_a_room_is_renamed_and_the_old_address_redirects(alice, bob):
    save(alice, Name="Writing club")
    goes_to(alice, "/rooms/writing-club/settings/")
    hears(bob, "This room is now Writing club")
    bob.send("from the old page")
    bob.reads("from the old page")
    at(bob, "")
    goes_to(bob, "/rooms/writing-club/")
    expect(bob.page.get_by_role("heading", name="Writing club").first).to_be_visible()


def test_topic_and_rules_are_shown_before_joining(alice, browser_user):
    save(alice, Topic="Middlemarch, chapter 1", Rules="Be kind.\nNo spoilers.")
    at(alice, "")
    hears(alice, "Topic changed: Middlemarch, chapter 1")
    hears(alice, "Room rules changed")
    carol = browser_user()
    at(carol, "")
    for words in ("Middlemarch, chapter 1", "Room rules", "Be kind.", "No spoilers."):
        sees(carol, words)


def test_a_room_is_locked_and_unlocked(alice, bob):
    act(alice, "Lock room")
    hears(bob, "Room locked. Nobody can post for now.")
    act(alice, "Unlock room")
    hears(bob, "Room unlocked. Everyone can post again.")
    at(bob, "")
    bob.send("at last")
    bob.reads("at last")


def test_only_moderators_post_announcements_and_all_members_read_them(alice, bob):
    save(alice, Announcements_only=True)
    hears(bob, "Only the owner and moderators can post now")
    at(bob, "")
    expect(bob.writing.get_by_text("Announcements: only the owner and moderators can post")).to_be_visible()
    at(alice, "")
    alice.send("The club meets on Monday")
    bob.reads("The club meets on Monday")
    expect(bob.field.locator("visible=true")).to_have_count(0)


def test_an_unlisted_room_is_found_by_name_and_an_open_one_in_the_list(alice, browser_user):
    carol = browser_user()
    save(alice, Unlisted=True)
    at(carol, "/")
    expect(carol.page.get_by_role("link", name="Reading club")).to_have_count(0)
    carol.join(nickname="Carol")
    hears(carol, "This room is now unlisted")
    save(alice, Open=True)
    dora = browser_user()
    at(dora, "/")
    expect(dora.page.get_by_role("link", name="Reading club")).to_be_visible()


def test_a_private_room_is_opened_again(alice, bob, browser_user):
    save(alice, Private=True)
    private = path_of(alice).removesuffix("settings/")
    carol = browser_user()
    at(carol, "")
    sees(carol, "Page not found")
    at(alice, private + "settings/")
    alice.page.get_by_label("Open: listed").check()
    press(alice, "Save")
    goes_to(alice, "/rooms/reading-club/settings/")
    at(bob, private)
    goes_to(bob, "/rooms/reading-club/")
    hears(bob, "This room is now open")
    at(carol, "")
    expect(carol.page.get_by_role("button", name="Join", exact=True)).to_be_visible()


def test_a_room_is_archived_and_unarchived(alice, bob):
    act(alice, "Archive room")
    hears(bob, "Room archived")
    act(alice, "Unarchive room")
    hears(bob, "Room unarchived")
    at(bob, "")
    bob.send("where were we?")
    bob.reads("where were we?")


def test_text_that_is_too_long_is_kept_and_sent_when_shortened(alice, bob):
    alice.send("x" * 4100)
    expect(alice.writing.get_by_text("100 characters too long")).to_be_visible()
    words = alice.writing.locator("[name=text]").first
    expect(words).to_have_value("x" * 4100)
    words.fill("shorter")
    words.press("Enter")
    bob.reads("shorter")
