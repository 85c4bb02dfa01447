"""Pages outside a room and about the person, one function each, which opens the page in the browser."""

import time

from django.contrib.auth.tokens import default_token_generator
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from django_otp.oath import TOTP
from django_otp.plugins.otp_totp.models import TOTPDevice
from playwright.sync_api import expect

from chat.models import Invite, Membership, Participant, Room, SignInLink
from tests.support.phones import base32

SECRET = "a long walk home"


def at(alice, path):
    alice.page.goto(alice.server + path)


def press(alice, name):
    alice.page.get_by_role("button", name=name, exact=True).click()


def sees(alice, text):
    expect(alice.page.get_by_text(text).locator("visible=true").first).to_be_visible()


def me():
    return Participant.objects.get(memberships__nickname="Alice", memberships__room__slug="reading-club")


def club():
    """A room of other people, with everything that a join page can show."""
    if room := Room.objects.filter(slug="writing-club").first():
        return room
    room = Participant.objects.create().enter("Nora", room="Writing club").room
    room.update_settings(topic="Short stories", rules="Be kind.\nNo spoilers.\n\n" + "x" * 200)
    return room


def at_the_door_as(alice, status, **more):
    """Open the room with this status of Alice's membership."""
    Membership.objects.update_or_create(
        room=club(),
        participant=me(),
        defaults={"nickname": "Alice", "nickname_key": "alice", "holds_name": False, "status": status, **more},
    )
    at(alice, "/rooms/writing-club/")


# Join pages


def joined(alice):
    alice.join()


def door_with_rules(alice):
    club().set_approval(True)
    at(alice, "/rooms/writing-club/")
    sees(alice, "No spoilers.")
    sees(alice, "New members need approval")


def door_of_an_invitation(alice):
    _invitation, key = Invite.objects.issue(club().memberships.get(nickname="Nora"), days=1, max_uses=1)
    at(alice, f"/invitations/{key}/")
    expect(alice.page.get_by_role("button", name="Join", exact=True)).to_be_visible()


def door_of_an_invitation_that_was_taken_back(alice):
    invitation, key = Invite.objects.issue(club().memberships.get(nickname="Nora"), days=1, max_uses=1)
    invitation.revoke()
    at(alice, f"/invitations/{key}/")
    sees(alice, "This invite link was revoked.")


def frame_outside(alice):
    at(alice, "/rooms/writing-club/live/")
    expect(alice.page.get_by_role("link")).not_to_have_count(0)


def turned_away(alice):
    at_the_door_as(alice, "join_declined", answer="Members of the club only, " + "x" * 150)
    at(alice, "/rooms/writing-club/join-request/")
    sees(alice, "Your request was declined.")


def door_after_being_turned_away(alice):
    at_the_door_as(alice, "join_declined", answer="Members of the club only")
    sees(alice, "Members of the club only")


def let_in(alice):
    at_the_door_as(alice, "in", answer="Good to see you")
    at(alice, "/rooms/writing-club/join-request/")
    sees(alice, "Good to see you")


def door_when_banned(alice):
    at_the_door_as(alice, "banned")
    sees(alice, "You’ve been banned from this room.")


def door_of_an_archived_room(alice):
    club().set_archived(True)
    at_the_door_as(alice, "left")
    sees(alice, "This room is archived")


# Nicknames, and pages that are rarely used


def another_name(alice):
    at(alice, "/rooms/reading-club/name/")
    alice.page.get_by_label("Your name").fill("Bob")
    press(alice, "Change nickname")
    expect(alice.page.get_by_role("button", name="Use “Bob 2”")).to_be_visible()


def newer_messages(alice):
    at(alice, "/rooms/reading-club/messages/?after=1")
    expect(alice.page.locator("article").first).to_be_visible()


def paused_room(alice):
    Participant.objects.filter(pk=me().pk).update(paused=True)
    at(alice, "/rooms/reading-club/")
    expect(alice.page.get_by_role("button", name="Resume")).to_be_visible()
    Participant.objects.filter(pk=me().pk).update(paused=False)


def people_of_whom_one_is_muted(alice):
    Membership.objects.get(room__slug="reading-club", nickname="Bob").set_muted(True)
    at(alice, "/rooms/reading-club/members/")
    sees(alice, "muted")


# Accounts and links


def nobody(alice):
    kept = alice.context.cookies()
    alice.context.clear_cookies()
    at(alice, "/account/")
    sees(alice, "You’re not signed in.")
    alice.context.clear_cookies()
    alice.context.add_cookies(kept)


def personal_link_that_was_taken_back(alice):
    _link, key = SignInLink.objects.issue(me(), hours=1)
    SignInLink.objects.revoke()
    at(alice, f"/continue/{key}/")
    sees(alice, "This sign-in link was revoked.")


def personal_link_of_somebody_else(alice):
    _link, key = SignInLink.objects.issue(club().memberships.get(nickname="Nora").participant, hours=1)
    at(alice, f"/continue/{key}/")
    sees(alice, "You’ll be signed out as")


def mail_was_sent(alice):
    at(alice, "/account/reset/")
    alice.page.get_by_label("Your name or email").fill("Nobody")
    press(alice, "Send reset link")
    sees(alice, "we’ve sent a link there")


def account_of_an_account(alice):
    me().create_account("Alice", SECRET, email="alice@example.org")
    at(alice, "/account/")
    sees(alice, "Signed in as Alice.")


def another_password(alice):
    at(alice, "/account/password/")
    alice.page.get_by_label("Current password").fill("wrong")
    alice.page.get_by_label("New password").fill("short")
    press(alice, "Change password")
    sees(alice, "Too short")


def another_address(alice):
    at(alice, "/account/email/")
    alice.page.get_by_label("Your password").fill("wrong")
    press(alice, "Save")
    sees(alice, "Wrong password.")


def two_factor_setup(alice):
    at(alice, "/account/two-factor/")
    alice.page.get_by_label("Your password").fill(SECRET)
    alice.page.get_by_label("Code").fill("000000")
    press(alice, "Turn on")
    sees(alice, "This code is wrong")


def recovery_codes(alice):
    at(alice, "/account/two-factor/")
    totp = TOTP(base32(alice.page.locator("code.key").inner_text()))
    totp.time = time.time()
    alice.page.get_by_label("Your password").fill(SECRET)
    alice.page.get_by_label("Code").fill(f"{totp.token():06}")
    press(alice, "Turn on")
    expect(alice.page.locator(".recovery-codes li")).to_have_count(10)


def two_factor_is_on(alice):
    at(alice, "/account/two-factor/")
    sees(alice, "You have 10 recovery codes left.")


def removing_two_factor(alice):
    at(alice, "/account/two-factor/remove/")
    alice.page.get_by_label("Your password").fill("wrong")
    alice.page.get_by_label("Code").fill("000000")
    press(alice, "Turn off")
    sees(alice, "Wrong password.")


def code_after_the_password(alice):
    at(alice, "/account/sign-in/")
    alice.page.get_by_label("Name").fill("Alice")
    alice.page.get_by_label("Password").fill(SECRET)
    press(alice, "Sign in")
    sees(alice, "uses two-factor authentication")
    alice.page.get_by_label("Code").fill("000000")
    press(alice, "Sign in")
    sees(alice, "This code is wrong")


def sign_in_link_with_a_code(alice):
    nora = club().memberships.get(nickname="Nora").participant.create_account("Nora", SECRET)
    TOTPDevice.objects.create(user=nora.user, name="app")
    _link, key = SignInLink.objects.issue(nora, hours=1)
    at(alice, f"/continue/{key}/")
    expect(alice.page.get_by_label("Code")).to_be_visible()


def deleting_the_account(alice):
    at(alice, "/account/delete/")
    alice.page.get_by_label("Your password").fill("wrong")
    press(alice, "Delete permanently")
    sees(alice, "Wrong password.")


def password_by_a_mailed_link(alice):
    user = me().user
    uid = urlsafe_base64_encode(force_bytes(user.pk))
    at(alice, reverse("new_password", args=[uid, default_token_generator.make_token(user)]))
    alice.page.get_by_label("New password").fill("short")
    press(alice, "Save")
    sees(alice, "Too short")


DOORS = [
    *(joined, door_with_rules, door_of_an_invitation, door_of_an_invitation_that_was_taken_back),
    *(frame_outside, turned_away, door_after_being_turned_away, let_in, door_when_banned),
    door_of_an_archived_room,
]
SELDOM = [
    *(joined, another_name, newer_messages, paused_room, people_of_whom_one_is_muted, nobody),
    *(personal_link_that_was_taken_back, personal_link_of_somebody_else, mail_was_sent, account_of_an_account),
    *(another_password, another_address, two_factor_setup, recovery_codes, two_factor_is_on, removing_two_factor),
    *(code_after_the_password, sign_in_link_with_a_code, deleting_the_account, password_by_a_mailed_link),
]
