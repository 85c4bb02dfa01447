"""All flows of accounts, sign-in links, direct messages and preferences, with JavaScript and without."""

import re
import time
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from playwright.sync_api import expect

from chat.models import Participant, User
from tests.support.browsing import EITHER_WAY, say
from tests.support.flows import (
    SECRET,
    account,
    at,
    fill,
    follow,
    goes_to,
    hears,
    leave,
    press,
    sees,
    sign_in,
    take_back,
)
from tests.support.phones import Phone, base32, phone_of

pytestmark = EITHER_WAY
ANOTHER = "a longer walk home"


@pytest.fixture
def ann(browser_user):
    """Ann has an account and is signed in."""
    account("Ann", email="ann@example.org")
    ann = browser_user()
    sign_in(ann)
    goes_to(ann, "/")
    return ann


# Passwords and addresses


def test_changing_the_password_signs_out_other_browsers(ann, browser_user):
    phone = browser_user()
    sign_in(phone)
    goes_to(phone, "/")
    at(ann, "/account/")
    follow(ann, "Change password")
    fill(ann, Current_password="wrong", New_password=ANOTHER)
    press(ann, "Change password")
    sees(ann, "Wrong password")
    fill(ann, Current_password=SECRET, New_password=ANOTHER)
    press(ann, "Change password")
    goes_to(ann, "/account/")
    sees(ann, "Signed in as Ann.")
    at(phone, "/account/")
    sees(phone, "You’re not signed in.")
    sign_in(phone, password=ANOTHER)
    goes_to(phone, "/")


def test_the_email_address_is_changed(ann):
    at(ann, "/account/")
    follow(ann, "Change email address")
    expect(ann.page.get_by_label("Email address")).to_have_value("ann@example.org")
    ann.page.get_by_label("Email address").fill("new@example.org")
    fill(ann, Your_password=SECRET)
    press(ann, "Save")
    goes_to(ann, "/account/")
    follow(ann, "Change email address")
    expect(ann.page.get_by_label("Email address")).to_have_value("new@example.org")


def test_a_forgotten_password_is_replaced_by_a_mailed_link(browser_user, settings):
    account("Ann", email="ann@example.org")
    ann = browser_user()
    settings.SITE_URL = ann.server
    at(ann, "/account/sign-in/")
    follow(ann, "Forgot your password?")
    ann.page.get_by_label("Your name or email address").fill("Ann")
    press(ann, "Send reset link")
    sees(ann, "we’ve sent a link there")
    ann.page.goto(mailed())
    fill(ann, New_password=ANOTHER)
    press(ann, "Save")
    goes_to(ann, "/account/sign-in/")
    sign_in(ann, password=ANOTHER)
    goes_to(ann, "/")
    sees(ann, "Signed in as Ann")


def mailed():
    """The link in the email, once it has been sent."""
    deadline = time.monotonic() + 10
    while not mail.outbox and time.monotonic() < deadline:
        time.sleep(0.02)
    return re.search(r"http://\S+", mail.outbox[0].body)[0]


def test_a_deleted_account_leaves_its_messages(ann, browser_user):
    ann.join(nickname="Ann")
    ann.send("I was here")
    ann.reads("I was here")
    bob = browser_user("Bob")
    at(ann, "/account/")
    follow(ann, "Delete account…")
    fill(ann, Your_password=SECRET)
    press(ann, "Delete permanently")
    goes_to(ann, "/")
    expect(ann.page.get_by_role("link", name="Sign in", exact=True)).to_be_visible()
    hears(bob, "Ann left")
    bob.reads("I was here")
    sign_in(ann)
    sees(ann, "Wrong name or password.")


# Two-factor authentication


def test_two_factor_authentication_is_set_up_asked_for_and_removed(ann, browser_user, clock):
    at(ann, "/account/")
    follow(ann, "Set up two-factor authentication")
    expect(ann.page.get_by_alt_text("The key as a QR code")).to_be_visible()
    phone = Phone(clock, base32(ann.page.locator("code.key").inner_text()))
    fill(ann, Your_password=SECRET, Code="000000")
    press(ann, "Turn on")
    sees(ann, "This code is wrong")
    fill(ann, Your_password=SECRET, Code=phone.code())
    press(ann, "Turn on")
    expect(ann.page.locator(".recovery-codes li")).to_have_count(10)
    recovery_code = ann.page.locator(".recovery-codes code").first.inner_text()
    follow(ann, "I’ve written them down")
    sees(ann, "Signed in as Ann.")
    for code in (phone.code(), recovery_code):
        signs_in_with_a_code(browser_user(), code)
    follow(ann, "Two-factor authentication: on")
    sees(ann, "You have 9 recovery codes left.")
    follow(ann, "Turn off two-factor authentication")
    fill(ann, Your_password=SECRET, Code=phone.code())
    press(ann, "Turn off")
    goes_to(ann, "/account/")
    expect(ann.page.get_by_role("link", name="Set up two-factor authentication")).to_be_visible()


def signs_in_with_a_code(who, code):
    sign_in(who)
    sees(who, "uses two-factor authentication")
    at(who, "/account/")
    sees(who, "You’re not signed in.")
    at(who, "/account/sign-in/code/")
    fill(who, Code="000000")
    press(who, "Sign in")
    sees(who, "This code is wrong")
    fill(who, Code=code)
    press(who, "Sign in")
    goes_to(who, "/")
    sees(who, "Signed in as Ann")


def test_a_sign_in_link_of_an_account_with_two_factor_authentication_asks_for_a_code(ann, browser_user, clock):
    phone, other = phone_of(User.objects.get(), clock), browser_user()
    at(ann, "/account/")
    press(ann, "Create link")
    other.page.goto(ann.page.locator(".new-link .link a").inner_text())
    press(other, "Continue")
    expect(other.page.get_by_role("heading", name="Continue as yourself")).to_be_visible()
    fill(other, Code=phone.code())
    press(other, "Continue")
    goes_to(other, "/")
    sees(other, "You’re now Ann in this browser")


def test_after_too_many_wrong_passwords_the_page_says_when_to_try_again(browser_user):
    account()
    ann = browser_user()
    for _try in range(11):
        sign_in(ann, password="wrong")
        expect(ann.page.locator(".error")).to_be_visible()
    sees(ann, "Your account isn’t locked. Try again in")
    expect(ann.page.get_by_label("Name", exact=True)).to_have_value("Ann")


# Signing in and out


def test_signing_out_elsewhere_signs_out_other_browsers(ann, browser_user):
    phone = browser_user()
    sign_in(phone)
    goes_to(phone, "/")
    at(ann, "/account/")
    press(ann, "Sign out everywhere else")
    sees(ann, "Signed in as Ann.")
    at(phone, "/account/")
    sees(phone, "You’re not signed in.")


def test_a_guest_signs_out(browser_user):
    bob = browser_user("Bob")
    at(bob, "/account/")
    sees(bob, "You’re a guest. If you sign out without a sign-in link")
    follow(bob, "Sign out in this browser…")
    sees(bob, "You lose these nicknames:")
    press(bob, "Sign out")
    goes_to(bob, "/")
    at(bob, "/account/")
    sees(bob, "You’re not signed in.")
    at(bob, "")
    expect(bob.page.get_by_label("Your name")).to_have_value("")


def test_a_sign_in_link_is_revoked(browser_user):
    bob, phone = browser_user("Bob"), browser_user()
    at(bob, "/account/")
    press(bob, "Create link")
    phone.page.goto(bob.page.locator(".new-link .link a").inner_text())
    sees(phone, "You’ll be Bob in this browser.")
    take_back(bob)
    press(phone, "Continue")
    sees(phone, "This sign-in link was revoked.")


def test_signing_in_can_keep_the_guests_rooms(browser_user):
    account()
    guest = browser_user("Nora")
    sign_in(guest, bring=True)
    goes_to(guest, "/")
    at(guest, "")
    guest.send("still here")
    guest.reads("still here")
    at(guest, "members/")
    expect(guest.page.locator(".people li", has_text="you")).to_contain_text("account")


# Direct messages


@pytest.fixture
def bob(browser_user, db):
    """Bob is in the room with Alice, who has no browser here."""
    Participant.objects.create().enter("Alice", room="Reading club")
    return browser_user("Bob")


@pytest.fixture
def carol(browser_user, bob):
    """Carol sent a chat request to Bob."""
    carol = browser_user("Carol")
    write_to(carol, "Bob")
    carol.send("just between us")
    carol.reads("just between us")
    at(bob, "/")
    follow(bob, "Carol wants to chat")
    sees(bob, "Carol wants to chat")
    return carol


def write_to(who, name):
    at(who, "members/")
    press(who, f"Message {name}")
    who.page.wait_for_url(lambda url: not url.endswith("/members/"))


def test_a_declined_chat_is_not_requested_again_and_the_sender_is_informed(bob, carol):
    press(bob, "Decline")
    goes_to(bob, "/")
    expect(bob.page.get_by_role("link", name="Carol wants to chat")).to_have_count(0)
    hears(carol, "Bob declined the chat")
    write_to(carol, "Bob")
    at(bob, "/")
    expect(bob.page.get_by_role("link", name="Carol wants to chat")).to_have_count(0)


def test_an_ignored_chat_is_not_shown_again_and_the_sender_is_not_informed(bob, carol):
    press(bob, "Ignore")
    goes_to(bob, "/")
    expect(bob.page.get_by_role("link", name="Carol wants to chat")).to_have_count(0)
    carol.send("are you there?")
    carol.reads("are you there?")
    expect(carol.log.locator("#messages").get_by_text("“Bob”")).to_have_count(0)


def test_a_person_who_left_gets_a_new_chat_request(bob, carol):
    press(bob, "Accept")
    bob.reads("just between us")
    leave(bob)
    goes_to(bob, "/")
    hears(carol, "Bob left")
    write_to(carol, "Bob")
    at(bob, "/")
    follow(bob, "Carol wants to chat")
    press(bob, "Accept")
    bob.send("here I am")
    carol.reads("here I am")


# Preferences


def test_times_are_in_the_chosen_zone_and_preferences_are_kept(bob):
    at(bob, "/preferences/")
    bob.page.get_by_label("Time zone").select_option("Asia/Tokyo")
    bob.page.get_by_label("Check for new messages", exact=True).select_option("10")
    press(bob, "Save")
    sees(bob, "Saved.")
    (message,) = say(Participant.objects.get(memberships__nickname="Alice").memberships.get(), "good morning")
    at(bob, "")
    bob.reads("good morning")
    there = message.sent_at.astimezone(ZoneInfo("Asia/Tokyo")).strftime("%H:%M")
    expect(bob.log.locator("#messages article time").last).to_have_text(there)
    at(bob, "/preferences/")
    expect(bob.page.get_by_label("Check for new messages", exact=True)).to_have_value("10")
