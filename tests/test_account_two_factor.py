"""Two-factor authentication of accounts: a code at every sign-in, and the pages that set it up and remove it."""

import re
import time

import pytest
from django.core import mail
from django_otp.plugins.otp_static.models import StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice
from lxml import html

from chat import identity
from chat.models import Participant, SignInLink, User
from tests.support.phones import Phone, base32, phone_of
from tests.test_sign_in_limits import now  # noqa: F401 - a fixture

SECRET = "a long walk home"
PAGE, REMOVE, CODE = "/account/two-factor/", "/account/two-factor/remove/", "/account/sign-in/code/"


def sign_in(who, name="Bob", password=SECRET, **form):
    return who.post("/account/sign-in/", {"name": name, "password": password, **form})


def is_in(who, room):
    return who.get(f"/rooms/{room.slug}/live/").status_code == 200


def is_bob(who):
    return "Signed in as <bdi>Bob</bdi>" in who.get("/account/").content.decode()


def errors(answer):
    page = html.document_fromstring(answer.content.decode())
    return " ".join(part.text_content() for part in page.cssselect(".error"))


@pytest.fixture
def account_holder(bob):
    """Bob, a guest who created an account."""
    bob.post("/account/create/", {"name": "Bob", "password": SECRET, "email": "bob@example.org"})
    return bob


@pytest.fixture
def phone(account_holder, clock):
    """The phone of Bob, who uses two-factor authentication."""
    return phone_of(User.objects.get(username="Bob"), clock)


# Signing in


def test_the_password_alone_signs_no_one_in(phone, person, room):
    thief = person()
    answer = sign_in(thief, next="/rules/")
    assert answer.headers["Location"] == f"{CODE}?next=%2Frules%2F"
    page = thief.get(answer.headers["Location"]).content.decode()
    assert '<input type="hidden" name="next" value="/rules/">' in page
    assert not is_bob(thief)
    assert not is_in(thief, room)
    assert identity.SESSION_KEY not in thief.session


def test_the_code_signs_in_and_leads_on(phone, person, room):
    bob = person()
    sign_in(bob)
    key = bob.session.session_key
    answer = bob.post(CODE, {"code": phone.code(), "next": f"/rooms/{room.slug}/"})
    assert answer.headers["Location"] == f"/rooms/{room.slug}/"
    assert is_in(bob, room)
    assert bob.session.session_key != key
    assert identity.PENDING_KEY not in bob.session


def test_a_recovery_code_signs_in_once(phone, person):
    for expected in (303, 422):
        bob = person()
        sign_in(bob)
        assert bob.post(CODE, {"code": "1234 5678 9012"}).status_code == expected


@pytest.mark.parametrize("code", ["", "000000", "x" * 41, "\x00", "١٢٣٤٥٦", "abcdefgh"])
def test_a_wrong_code_is_refused_beside_its_field(phone, person, code):
    thief = person()
    sign_in(thief)
    answer = thief.post(CODE, {"code": code})
    assert answer.status_code == 422
    assert errors(answer)
    assert not is_bob(thief)


def test_a_code_is_never_accepted_twice(phone, person):
    code, first, second = phone.code(), person(), person()
    for who in (first, second):
        sign_in(who)
    assert first.post(CODE, {"code": code}).status_code == 303
    assert second.post(CODE, {"code": code}).status_code == 422


def test_without_the_password_there_is_no_page_for_a_code(phone, person):
    assert person().get(CODE).headers["Location"] == "/account/sign-in/"
    answer = person().post(CODE, {"code": phone.code(), "next": "/rules/"})
    assert answer.headers["Location"] == "/account/sign-in/"


def test_after_ten_minutes_the_password_is_needed_again(phone, person, monkeypatch):
    late = person()
    sign_in(late)
    at = time.time()
    monkeypatch.setattr(identity, "_now", lambda: int(at) + 601)
    answer = late.post(CODE, {"code": phone.code()})
    assert answer.headers["Location"] == "/account/sign-in/?again"
    assert "Sign in again." in late.get(answer.headers["Location"]).content.decode()
    assert not is_bob(late)


def test_a_changed_password_ends_a_sign_in_that_waits_for_its_code(phone, account_holder, person):
    thief = person()
    sign_in(thief)
    account_holder.post("/account/password/", {"old": SECRET, "new": "a longer walk home"})
    assert thief.post(CODE, {"code": phone.code()}).headers["Location"] == "/account/sign-in/?again"


def test_a_deactivated_account_cannot_give_a_code(phone, person):
    late = person()
    sign_in(late)
    User.objects.filter(username="Bob").update(is_active=False)
    assert late.post(CODE, {"code": phone.code()}).headers["Location"] == "/account/sign-in/?again"


def test_signing_in_to_another_account_ends_the_wait_for_a_code(phone, person):
    Participant().create_account("Ann", SECRET)
    who = person()
    sign_in(who)
    sign_in(who, "Ann")
    assert who.get(CODE).status_code == 303


def test_codes_are_limited_like_passwords(phone, person):
    thief = person()
    sign_in(thief)
    tried = [thief.post(CODE, {"code": "000000"}) for _try in range(12)]
    assert [answer.status_code for answer in tried] == [422] * 10 + [429] * 2
    assert "Your account isn’t locked. Try again in" in errors(tried[-1])
    assert tried[-1].headers["Retry-After"]


def codes_checked_in_an_hour(limits_clock, try_code):
    """How many codes are checked if ten minutes pass after each nine, which the limit of the name never stops."""
    checked = 0
    for _ten_minutes in range(6):
        checked += sum(try_code() for _try in range(9))
        limits_clock.seconds += 601
    return checked


def test_a_thief_with_the_password_can_try_few_codes(phone, person, now):  # noqa: F811
    thief = person()
    sign_in(thief)
    assert codes_checked_in_an_hour(now, lambda: thief.post(CODE, {"code": "000000"}).status_code == 422) <= 21


def test_a_thief_with_a_sign_in_link_can_try_few_codes(link, person, now):  # noqa: F811
    thief = person()
    assert codes_checked_in_an_hour(now, lambda: thief.post(link, {"code": "000000"}).status_code == 422) <= 21


def test_a_thief_at_the_admin_can_try_few_codes(db, person, clock, now):  # noqa: F811
    phone_of(User.objects.create_superuser("root", password=SECRET), clock)
    form = {"username": "root", "password": SECRET, "next": "/admin/", "code": "000000"}
    assert codes_checked_in_an_hour(now, lambda: person().post("/admin/login/", form).status_code == 200) <= 21


def test_right_codes_are_not_counted(phone, person, settings):
    settings.LIMIT_CODE_NAME = "2/86400"
    for _time in range(3):
        bob = person()
        sign_in(bob)
        assert bob.post(CODE, {"code": phone.code()}).status_code == 303


def test_wrong_codes_of_a_thief_do_not_slow_a_known_browser(phone, account_holder, person):
    account_holder.post("/account/sign-out/")
    thief = person()
    sign_in(thief)
    for _try in range(15):
        thief.post(CODE, {"code": "000000"})
    sign_in(account_holder)
    assert account_holder.post(CODE, {"code": phone.code()}).status_code == 303


def test_the_guests_rooms_are_brought_along_only_after_the_code(phone, person):
    guest = person("Elsewhere", "Dave")
    sign_in(guest, bring="on")
    assert guest.membership.participant.is_guest
    guest.post(CODE, {"code": phone.code()})
    assert Participant.objects.get(memberships__nickname="Dave").user.username == "Bob"


def test_a_wrong_password_does_not_reveal_two_factor_authentication(phone, person, django_assert_num_queries):
    Participant().create_account("Ann", SECRET)
    token = re.compile(r'value="[^"]{64}"')
    shown = set()
    for name in ("Bob", "Ann"):
        answer = sign_in(person(), name, "wrong")
        shown.add((answer.status_code, token.sub("", answer.content.decode()).replace("Ann", "Bob")))
    assert len(shown) == 1


# After a password reset, and by a sign-in link


def test_a_reset_password_does_not_replace_the_code(phone, person, room):
    thief = person()
    thief.post("/account/reset/", {"who": "Bob"})
    for _wait in range(100):
        if mail.outbox:
            break
        time.sleep(0.02)
    link = re.search(r"http://testserver(/account/reset/\S+)", mail.outbox[0].body)[1]
    thief.post(link, {"password": "a longer walk home"})
    assert not is_bob(thief)
    assert sign_in(thief, password="a longer walk home").headers["Location"].startswith(CODE)
    assert not is_in(thief, room)


@pytest.fixture
def link(phone, account_holder):
    _link, key = SignInLink.objects.issue(account_holder.membership.participant, hours=1)
    return f"/continue/{key}/"


@pytest.mark.parametrize("form", [{}, {"code": "000000"}])
def test_a_sign_in_link_alone_signs_no_one_in(link, person, room, form):
    thief = person()
    assert 'autocomplete="one-time-code"' in thief.get(link).content.decode()
    answer = thief.post(link, form)
    assert (answer.status_code, bool(errors(answer))) == (422, True)
    assert not is_in(thief, room)
    assert SignInLink.objects.get().used_at is None


def test_a_sign_in_link_signs_in_with_a_code(link, phone, person, room):
    bob = person()
    assert bob.post(link, {"code": phone.code()}).status_code == 303
    assert is_in(bob, room)


def test_a_used_link_uses_up_no_code(link, phone, person):
    person().post(link, {"code": phone.code()})
    code = phone.code()
    assert person().post(link, {"code": code}).status_code == 422
    bob = person()
    sign_in(bob)
    assert bob.post(CODE, {"code": code}).status_code == 303


def test_codes_at_a_sign_in_link_are_limited(link, person):
    thief = person()
    assert [thief.post(link, {"code": "000000"}).status_code for _try in range(12)] == [422] * 10 + [429] * 2


def test_site_admins_sign_in_with_a_code_too(db, person, clock):
    phone = phone_of(User.objects.create_superuser("root", password=SECRET), clock)
    root = person()
    assert sign_in(root, "root").headers["Location"].startswith(CODE)
    assert root.post(CODE, {"code": phone.code()}).status_code == 303


def test_if_it_is_required_site_admins_need_it_here_too(db, person, settings):
    settings.TWO_FACTOR = "required"
    root = Participant.objects.for_user(User.objects.create_superuser("root", password=SECRET))
    answer = sign_in(person(), "root")
    assert answer.status_code == 422
    assert "Sign in to the admin first" in errors(answer)
    _link, key = SignInLink.objects.issue(root, hours=1)
    assert person().post(f"/continue/{key}/").status_code == 422
    Participant().create_account("Ann", SECRET)
    assert sign_in(person(), "Ann").status_code == 303


# Setting it up and removing it


def set_up(who, clock):
    """Set it up on its page. Returns the phone and the recovery codes."""
    page = html.document_fromstring(who.get(PAGE).content.decode())
    phone = Phone(clock, base32(page.cssselect("code.key")[0].text))
    answer = who.post(PAGE, {"password": SECRET, "code": phone.code()})
    shown = html.document_fromstring(answer.content.decode()).cssselect(".recovery-codes code")
    return phone, [code.text for code in shown]


def test_everyone_with_an_account_can_set_it_up(account_holder, clock, person, room):
    assert f'href="{PAGE}"' in account_holder.get("/account/").content.decode()
    _phone, codes = set_up(account_holder, clock)
    assert len(set(codes)) == 10
    assert is_in(account_holder, room), "this browser stays signed in"
    page = account_holder.get(PAGE).content.decode()
    assert "You have 10 recovery codes left." in page
    assert not any(code in page for code in codes)
    bob = person()
    sign_in(bob)
    assert bob.post(CODE, {"code": codes[0]}).status_code == 303
    assert "You have 9 recovery codes left." in account_holder.get(PAGE).content.decode()


def test_setting_it_up_signs_out_other_browsers(account_holder, clock, person, room):
    before = person()
    sign_in(before)
    assert is_in(before, room)
    set_up(account_holder, clock)
    assert not is_in(before, room)


def test_setting_it_up_in_the_admin_ends_public_sessions_that_began_without_a_code(db, clock, person):
    User.objects.create_superuser("root", password=SECRET)
    before, root = person(), person()
    for who in (before, root):
        sign_in(who, "root")
    root.post("/admin/login/", {"username": "root", "password": SECRET, "next": "/admin/"})
    page = html.document_fromstring(root.get("/admin/two-factor/").content.decode())
    phone = Phone(clock, base32(page.cssselect("code.key")[0].text))
    assert root.post("/admin/two-factor/", {"password": SECRET, "code": phone.code()}).status_code == 200
    known = ["Signed in as" in who.get("/account/").content.decode() for who in (before, root)]
    assert known == [False, True]
    assert root.get("/admin/").status_code == 200


@pytest.mark.parametrize("code", ["", "000000"])
def test_a_wrong_code_sets_nothing_up(account_holder, clock, person, code):
    account_holder.get(PAGE)
    answer = account_holder.post(PAGE, {"password": SECRET, "code": code})
    assert (answer.status_code, bool(errors(answer))) == (422, True)
    assert not TOTPDevice.objects.exists()
    assert sign_in(person()).headers["Location"] == "/"


@pytest.mark.parametrize("password", ["", "wrong"])
def test_setting_it_up_needs_the_password(account_holder, clock, person, password):
    """Otherwise a person at an open browser could lock out its owner for good."""
    page = html.document_fromstring(account_holder.get(PAGE).content.decode())
    phone = Phone(clock, base32(page.cssselect("code.key")[0].text))
    answer = account_holder.post(PAGE, {"password": password, "code": phone.code()})
    assert (answer.status_code, bool(errors(answer))) == (422, True)
    assert not TOTPDevice.objects.exists()
    answer = account_holder.post(PAGE, {"password": SECRET, "code": phone.code()})
    assert answer.status_code == 200, "the code was not used up"


def test_only_pages_that_accept_recovery_codes_mention_them(account_holder, clock):
    assert "or a recovery code" not in account_holder.get(PAGE).content.decode()
    set_up(account_holder, clock)
    assert "or a recovery code" in account_holder.get(REMOVE).content.decode()


def test_guests_have_no_such_page(bob, person):
    for who in (bob, person()):
        assert who.get(PAGE).status_code == 404
        assert PAGE not in who.get("/account/").content.decode()


def test_removing_it_needs_password_and_code(phone, account_holder, person):
    for form in ({"password": "wrong", "code": phone.code()}, {"password": SECRET, "code": "000000"}, {}):
        answer = account_holder.post(REMOVE, form)
        assert (answer.status_code, bool(errors(answer))) == (422, True)
    assert TOTPDevice.objects.exists()
    assert account_holder.post(REMOVE, {"password": SECRET, "code": phone.code()}).status_code == 303
    assert not TOTPDevice.objects.exists()
    assert not StaticToken.objects.exists()
    assert sign_in(person()).headers["Location"] == "/"


def test_a_wrong_password_uses_up_no_code_when_removing(phone, account_holder):
    code = phone.code()
    account_holder.post(REMOVE, {"password": "wrong", "code": code})
    assert account_holder.post(REMOVE, {"password": SECRET, "code": code}).status_code == 303
