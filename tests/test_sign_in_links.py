"""Sign-in links for another browser, and signing out."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from chat.models import SignInLink
from tests.support.threads import together


def link(who, **form):
    page = who.post("/account/links/", {"hours": "1", **form}).content.decode()
    return re.search(r"/continue/[\w-]{22}/", page)[0]


def is_in(who, room):
    return who.get(f"/rooms/{room.slug}/live/").status_code == 200


def test_a_sign_in_link_signs_in_another_browser_and_keeps_this_one(bob, person, room):
    phone = person()
    address = link(bob)
    page = phone.get(address).content.decode()
    assert "You’ll be <bdi>Bob</bdi> in this browser" in page
    page = phone.get(phone.post(address).headers["Location"]).content.decode()
    assert "You’re now <bdi>Bob</bdi> in this browser." in page
    assert (is_in(phone, room), is_in(bob, room)) == (True, True)
    assert phone.membership == bob.membership


def test_the_old_browser_is_signed_out_when_asked(bob, person, room):
    phone, other = person(), link(bob)
    phone.post(link(bob), {"sign_out_others": "on"})
    assert (is_in(phone, room), is_in(bob, room)) == (True, False)
    assert "was revoked" in person().get(other).content.decode(), "nor does any other link of theirs work"


def test_opening_a_link_does_not_use_it_and_it_works_once(bob, person):
    address = link(bob)
    for _look in range(3):
        assert "Continue" in person().get(address).content.decode()
    assert person().post(address).status_code == 303
    assert "was already used" in person().get(address).content.decode()
    assert person().post(address).status_code == 422


def test_only_one_of_many_simultaneous_uses_succeeds(transactional_db, bob, person):
    address, phones = link(bob), [person() for _ in range(6)]
    statuses = []
    together([lambda phone=phone: statuses.append(phone.post(address).status_code) for phone in phones])
    assert sorted(statuses) == [303] + [422] * 5
    assert sum("participant" in phone.session for phone in phones) == 1


def test_an_expired_or_revoked_link_says_so(bob, person):
    address = link(bob)
    SignInLink.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert "has expired" in person().get(address).content.decode()
    refused = person().post(address)
    assert (refused.status_code, "has expired" in refused.content.decode()) == (422, True)
    address = link(bob)
    page = bob.get("/account/").content.decode()
    bob.post(re.search(r"/account/links/\d+/revoke/", page)[0])
    refused = person().post(address)
    assert (refused.status_code, "was revoked" in refused.content.decode()) == (422, True)


@pytest.mark.parametrize("key", ["nobody-made-this", "x.", "é)"])
def test_an_unknown_link_says_what_to_do(db, person, key):
    page = person().get(f"/continue/{key}/")
    assert (page.status_code, "This sign-in link doesn’t exist. Part of it" in page.content.decode()) == (404, True)


def test_only_a_digest_is_kept_and_the_link_shown_once(bob):
    address = link(bob)
    key = address.split("/")[2]
    assert key not in str(SignInLink.objects.values().get())
    assert key not in bob.get("/account/").content.decode()


def test_a_signed_in_browser_is_warned_before_it_switches_the_person(bob, mallory):
    assert "be signed out as <bdi>Mallory</bdi>" in mallory.get(link(bob)).content.decode()


def test_the_browser_that_created_a_link_gets_no_button_to_use_it(bob):
    page = bob.get(link(bob)).content.decode()
    assert "You’re already signed in here" in page
    assert ("<form" in page, '<a href="/account/">' in page) == (False, True)


def test_nobody_can_revoke_the_links_of_others(bob, mallory, person):
    address = link(bob)
    mallory.post(f"/account/links/{SignInLink.objects.get().pk}/revoke/")
    assert person().post(address).status_code == 303


def test_the_key_of_the_session_changes_when_a_link_is_used(bob, person):
    phone = person("Elsewhere", "Dave")
    before = phone.session.session_key
    answer = phone.post(link(bob))
    assert answer.cookies["session"].value == phone.session.session_key != before


def test_signing_out_ends_the_session_and_deletes_the_cookie(bob, room):
    old = bob.cookies["session"].value
    answer = bob.post("/account/sign-out/")
    assert (answer.cookies["session"].value, answer.cookies["session"]["max-age"]) == ("", 0)
    bob.cookies["session"] = old
    assert not is_in(bob, room)


def test_an_old_form_does_not_sign_in_a_person_who_signed_out(person, room):
    dave, form = person(), {"nickname": "Dave", "key": "one-and-the-same-form"}
    dave.post(f"/rooms/{room.slug}/join/", form)
    dave.post("/account/sign-out/")
    assert dave.post(f"/rooms/{room.slug}/join/", form).status_code == 422, "the name is held for who signed out"


def test_signing_out_elsewhere_leaves_this_browser_as_it_is(bob, person, room):
    phone = person()
    phone.post(link(bob))
    bob.post("/account/sign-out/elsewhere/")
    assert (is_in(bob, room), is_in(phone, room)) == (True, False)


@pytest.mark.parametrize("accounts", ["on", "off"])
def test_a_person_who_was_signed_out_sees_why_and_what_to_do(bob, settings, accounts):
    settings.ACCOUNTS = accounts
    bob.post("/account/sign-out/")
    page = bob.get("/account/").content.decode()
    assert "you’ve signed out here or from another browser" in page
    assert "If you were a guest, create a sign-in link" in page
    assert ("If you have an account, sign in." in page) == (accounts == "on")


@pytest.mark.parametrize("path", ["/account/links/", "/account/"])
def test_a_browser_without_participant_cannot_create_links(person, path):
    assert person().post(path, {"hours": "1"}).status_code in (404, 405)
