"""Two-factor authentication of the admin: setting it up, signing in with a code, and requiring it by a setting."""

import re

import pytest
from django.contrib.admin.models import LogEntry
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import URLPattern, get_resolver
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice
from lxml import html

from chat.exceptions import Refused
from chat.models import User, two_factor
from chat_app.environment import Env
from tests.support.phones import Phone, base32

PASSWORD = "a long sentence nobody knows"
DOOR, PAGE, REMOVE = "/admin/login/", "/admin/two-factor/", "/admin/two-factor/remove/"
GENERIC = "Please enter the correct username and password"


@pytest.fixture
def root(db):
    return User.objects.create_superuser("root", password=PASSWORD)


@pytest.fixture
def browser(root):
    """A browser that is signed in with the password only."""
    browser = Client()
    assert sign_in(browser).status_code == 302
    return browser


@pytest.fixture
def protected(browser, clock):
    """A function that sets up two-factor authentication. Returns the phone and the recovery codes."""
    phone = Phone(clock, key_on(browser.get(PAGE)))
    answer = browser.post(PAGE, {"password": PASSWORD, "code": phone.code()})
    return phone, [code.text for code in parsed(answer).cssselect(".recovery-codes code")]


@pytest.fixture
def phone(protected):
    return protected[0]


def sign_in(browser, code=None, name="root", password=PASSWORD, to="/admin/"):
    form = {"username": name, "password": password, "next": to}
    return browser.post(DOOR, form if code is None else form | {"code": code})


def parsed(answer):
    return html.document_fromstring(answer.content.decode())


def key_on(answer):
    return base32(parsed(answer).cssselect("code.key")[0].text)


def said(answer):
    """The errors next to the field or at the top of the form."""
    return " ".join(part.text_content().strip() for part in parsed(answer).cssselect(".errorlist, .errornote"))


def is_in(browser):
    return browser.get("/admin/").status_code == 200


# Setting it up


def test_the_page_shows_a_picture_and_a_key_for_the_app(browser):
    page = parsed(browser.get(PAGE))
    (picture,) = page.cssselect("img.qr")
    assert picture.get("src").startswith("data:image/svg+xml")
    link = page.cssselect("a[href^=otpauth]")[0].get("href")
    assert re.fullmatch(
        r"otpauth://totp/root\?secret=[A-Z2-7]{32}&algorithm=SHA1&digits=6&period=30&issuer=Parlour", link
    )
    assert "style=" not in html.tostring(page.cssselect("#content-main")[0], encoding="unicode")


def test_every_admin_page_links_to_the_setup(browser):
    for url in ("/admin/", "/admin/chat/room/", "/admin/chat/user/"):
        assert parsed(browser.get(url)).cssselect(f"#user-tools a[href='{PAGE}']"), url


def test_opening_the_page_or_a_wrong_code_sets_nothing_up(browser, clock):
    key = key_on(browser.get(PAGE))
    answer = browser.post(PAGE, {"password": PASSWORD, "code": "000000"})
    assert answer.status_code == 422
    assert "wrong" in said(answer)
    assert key_on(answer) == key, "the app has read this one already"
    assert not TOTPDevice.objects.exists()
    assert sign_in(Client()).status_code == 302


def test_another_session_is_shown_another_key(browser):
    """Otherwise a person with brief access to one session could generate the codes of a setup made later."""
    other = Client()
    sign_in(other)
    assert key_on(other.get(PAGE)) != key_on(browser.get(PAGE))
    assert key_on(browser.get(PAGE)) == key_on(browser.get(PAGE))


def test_ten_recovery_codes_are_shown_once(browser, protected):
    _phone, codes = protected
    assert len(set(codes)) == 10
    again = browser.get(PAGE).content.decode()
    assert "10 recovery codes left" in again
    assert not any(code in again for code in codes)
    assert "second_factor_key" not in browser.session


def test_two_factor_authentication_cannot_be_set_up_twice(browser, phone):
    key = TOTPDevice.objects.get().key
    assert browser.post(PAGE, {"password": PASSWORD, "code": phone.code()}).status_code == 200
    assert TOTPDevice.objects.get().key == key


def test_two_open_setup_pages_set_up_one_device(root, browser, clock):
    other = Client()
    sign_in(other)
    phones = [Phone(clock, key_on(each.get(PAGE))) for each in (browser, other)]
    assert browser.post(PAGE, {"password": PASSWORD, "code": phones[0].code()}).status_code == 200
    late = other.post(PAGE, {"password": PASSWORD, "code": phones[1].code()})
    assert late.headers["Location"] == f"{DOOR}?next={PAGE}"
    assert TOTPDevice.objects.get().bin_key == phones[0].key


def test_the_later_of_two_simultaneous_setups_is_refused(root, phone):
    other = Phone(phone.clock, b"x" * 20)
    with pytest.raises(Refused, match="already"):
        two_factor.set_up(root, other.key.hex(), other.code())
    assert TOTPDevice.objects.get().bin_key == phone.key


def test_setting_up_and_removing_are_logged(browser, phone):
    browser.post(REMOVE, {"password": PASSWORD, "code": phone.code()})
    said = [entry.get_change_message() for entry in LogEntry.objects.order_by("pk")]
    assert said == ["Set up two-factor authentication.", "Removed two-factor authentication."]


# Signing in


def test_without_2fa_the_password_is_enough(root):
    assert sign_in(Client()).status_code == 302
    assert sign_in(Client(), code="123456").status_code == 302


def test_with_2fa_a_code_is_needed_too(phone):
    browser = Client()
    missing = sign_in(browser)
    assert missing.status_code == 200
    assert "Enter the current code" in said(missing)
    assert not is_in(browser)
    assert sign_in(browser, code=phone.code()).headers["Location"] == "/admin/"
    assert is_in(browser)


def test_a_code_may_be_typed_in_groups(phone):
    code = phone.code()
    assert sign_in(Client(), code=f" {code[:3]} {code[3:]}").status_code == 302


def test_a_code_is_never_accepted_twice(phone):
    code = phone.code()
    assert sign_in(Client(), code=code).status_code == 302
    again = sign_in(Client(), code=code)
    assert again.status_code == 200
    assert "already used" in said(again)


def test_a_recovery_code_works_once(protected):
    _phone, codes = protected
    browser, other = Client(), Client()
    assert sign_in(browser, code=f"{codes[0][:4]}-{codes[0][4:]}".upper()).status_code == 302
    assert is_in(browser)
    assert "9 recovery codes left" in browser.get(PAGE).content.decode()
    assert "already used" in said(sign_in(other, code=codes[0]))
    assert not is_in(other)


def test_the_code_of_another_user_is_refused(phone):
    User.objects.create_superuser("eve", password=PASSWORD)
    eve = Client()
    sign_in(eve, name="eve")
    hers = Phone(phone.clock, key_on(eve.get(PAGE)))
    eve.post(PAGE, {"password": PASSWORD, "code": hers.code()})
    assert "wrong" in said(sign_in(Client(), code=hers.code()))


def test_setting_it_up_needs_the_password(browser, clock):
    phone = Phone(clock, key_on(browser.get(PAGE)))
    answer = browser.post(PAGE, {"password": "wrong", "code": phone.code()})
    assert answer.status_code == 422
    assert "Wrong password." in said(answer)
    assert not TOTPDevice.objects.exists()


def test_a_verified_session_is_valid_for_its_own_user_only(root, browser, phone):
    eve = Client()
    eve.force_login(User.objects.create_superuser("eve", password=PASSWORD))
    hers = Phone(phone.clock, key_on(eve.get(PAGE)))
    eve.post(PAGE, {"password": PASSWORD, "code": hers.code()})
    session, mine = browser.session, eve.session
    session["otp_device_id"] = mine["otp_device_id"]
    session.save()
    assert not is_in(browser)


def test_wrong_codes_do_not_lock_the_account(phone):
    """django-otp would make even the right code wait, for days after 20 wrong ones."""
    for _try in range(5):
        assert sign_in(Client(), code="000000").status_code == 200
    assert sign_in(Client(), code=phone.code()).status_code == 302


def test_codes_are_limited_like_passwords(browser, phone, settings):
    settings.LIMIT_CONFIRM_PERSON = "3/600"  # setting it up was the first
    tried = [browser.post(REMOVE, {"password": PASSWORD, "code": "000000"}) for _try in range(3)]
    assert [answer.status_code for answer in tried] == [422, 422, 429]
    assert "Try again in 4 minutes." in said(tried[-1])
    settings.LIMIT_SIGN_IN_NAME = "2/600"
    assert [sign_in(Client(), code="000000").status_code for _try in range(3)] == [200, 200, 429]


# What the sign-in page reveals


def test_without_the_right_password_the_sign_in_page_does_not_reveal_2fa(phone, settings, django_assert_num_queries):
    settings.LIMITS = False
    User.objects.create_superuser("plain", password=PASSWORD)
    told = {}
    for name in ("root", "plain", "nobody"):
        for code in (None, "", "000000", phone.code(), "abcdefgh"):
            with django_assert_num_queries(1):  # the user: no device is queried
                answer = sign_in(Client(), code=code, name=name, password="wrong")
            body = re.sub(r' value="(?!/)[^"]*"', "", answer.content.decode())  # the typed values and the form's token
            told.setdefault((answer.status_code, body), []).append((name, code))
    assert len(told) == 1
    assert GENERIC in said(answer)


def test_users_who_are_not_staff_learn_nothing_about_2fa(root):
    User.objects.create_user("guest", password=PASSWORD)
    assert GENERIC in said(sign_in(Client(), name="guest", code="000000"))


def test_the_keys_are_not_shown_in_the_admin(browser, protected):
    _phone, codes = protected
    device = TOTPDevice.objects.get()
    for app in ("otp_totp/totpdevice", "otp_static/staticdevice"):
        assert browser.get(f"/admin/{app}/").status_code == 404
        assert browser.get(f"/admin/{app}/1/change/").status_code == 404
    root = User.objects.get()
    pages = ["", "chat/user/", f"chat/user/{root.pk}/change/", f"chat/user/{root.pk}/delete/", "two-factor/"]
    for page in pages:
        shown = browser.get(f"/admin/{page}").content.decode()
        assert device.key not in shown
        assert not any(code in shown for code in codes)


# Users who are signed in already


def test_a_session_from_before_the_setup_needs_a_code(root, browser, clock):
    before = Client()
    sign_in(before)
    assert is_in(before)
    phone = Phone(clock, key_on(browser.get(PAGE)))
    browser.post(PAGE, {"password": PASSWORD, "code": phone.code()})
    assert is_in(browser), "it has just shown one"
    assert before.get("/admin/chat/room/").headers["Location"] == f"{DOOR}?next=/admin/chat/room/"
    assert before.get(PAGE).headers["Location"] == f"{DOOR}?next={PAGE}"
    assert before.post(REMOVE, {"password": PASSWORD, "code": phone.code()}).headers["Location"].startswith(DOOR)
    assert TOTPDevice.objects.exists()
    assert sign_in(before, code=phone.code()).status_code == 302
    assert is_in(before)


def test_a_sign_in_elsewhere_on_the_site_does_not_open_the_admin(root, phone):
    browser = Client()
    browser.force_login(root)
    assert not is_in(browser)


def test_removing_2fa_needs_a_code(browser, phone):
    assert browser.get(REMOVE).status_code == 303
    refused = browser.post(REMOVE, {"password": PASSWORD, "code": "000000"})
    assert refused.status_code == 422
    assert "wrong" in said(refused)
    assert browser.post(REMOVE, {"password": PASSWORD, "code": phone.code()}).headers["Location"] == PAGE
    assert not TOTPDevice.objects.exists()
    assert not StaticToken.objects.exists()
    assert is_in(browser)
    assert sign_in(Client()).status_code == 302


def test_a_recovery_code_can_remove_2fa(browser, protected):
    _phone, codes = protected
    assert browser.post(REMOVE, {"password": PASSWORD, "code": codes[3]}).headers["Location"] == PAGE


def test_an_operator_can_remove_2fa(browser, phone, capsys):
    call_command("two_factor_off", "root")
    assert "Two-factor authentication is off for root." in capsys.readouterr().out
    assert not TOTPDevice.objects.exists()
    assert not StaticDevice.objects.exists()
    assert sign_in(Client()).status_code == 302
    for name in ("root", "nobody"):
        with pytest.raises(CommandError):
            call_command("two_factor_off", name)


# Required for all site admins


@pytest.fixture
def required(settings):
    settings.TWO_FACTOR = "required"


def admin_pages(patterns=None, prefix="/"):
    """A URL for each page of the admin."""
    for pattern in patterns or [p for p in get_resolver().url_patterns if getattr(p, "app_name", "") == "admin"]:
        part = re.sub(r"<(?:\w+:)?(\w+)>", "1", str(pattern.pattern))
        if isinstance(pattern, URLPattern):
            yield prefix + re.sub(r"\(\?P<\w+>[^)]*\)|[\^$]", "x", part).replace("xx", "x")
        else:
            yield from admin_pages(pattern.url_patterns, prefix + re.sub(r"[\^$]", "", part))


def test_every_page_redirects_to_the_setup_if_required(required, browser):
    pages = set(admin_pages()) - {DOOR, PAGE, REMOVE, "/admin/logout/"}
    assert len(pages) > 40
    for page in pages:
        for method in (browser.get, browser.post):
            assert (page, method(page).headers.get("Location")) == (page, PAGE)


def test_the_setup_page_allows_setting_it_up_and_signing_out(required, root, browser, clock):
    page = browser.get(PAGE)
    assert "need two-factor authentication" in said(page)
    links = {link.get("href") for link in parsed(page).cssselect("#container a[href]")}
    assert {link for link in links if link.startswith("/")} == {"/admin/"}
    assert "Rooms" not in page.content.decode()
    phone = Phone(clock, key_on(page))
    assert browser.post(PAGE, {"password": PASSWORD, "code": phone.code()}).status_code == 200
    assert is_in(browser)
    assert browser.post(REMOVE, {"password": PASSWORD, "code": phone.code()}).status_code == 303
    assert browser.get("/admin/").headers["Location"] == PAGE
    browser.post("/admin/logout/")
    assert browser.get("/admin/").headers["Location"].startswith(DOOR)


def test_an_old_session_needs_a_code_if_2fa_is_required(required, phone, root):
    before = Client()
    before.force_login(root)
    assert before.get("/admin/").headers["Location"] == f"{DOOR}?next=/admin/"


def test_strangers_are_redirected_to_the_sign_in_page(required, alice):
    for page in ("/admin/", PAGE, "/admin/chat/room/"):
        assert alice.get(page).headers["Location"] == f"{DOOR}?next={page}"
    assert alice.post(REMOVE).headers["Location"].startswith(DOOR)


def test_an_invalid_value_of_the_setting_is_refused():
    env = Env()
    env.ENVIRON = {"TWO_FACTOR": "always"}
    with pytest.raises(ImproperlyConfigured, match="TWO_FACTOR is not one of: optional, required"):
        env.choice("TWO_FACTOR", default="optional", choices=["optional", "required"])
