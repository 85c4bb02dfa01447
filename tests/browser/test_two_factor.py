"""Two-factor authentication of the admin in a browser."""

import pytest
from playwright.sync_api import expect

from tests.browser.test_accessibility import WIDER_THAN_THE_SCREEN, assert_none, complaints
from tests.support.browsing import EITHER_WAY
from tests.support.phones import Phone, base32
from tests.test_two_factor import PAGE, PASSWORD, required, root  # noqa: F401 - fixtures


@EITHER_WAY
def test_two_factor_authentication_is_set_up_and_required_in_a_browser(visitor, root, clock, javascript):
    browser_user = visitor(javascript=javascript)
    page = browser_user.page
    page.goto(f"{browser_user.server}/admin/")
    page.get_by_label("Username").fill("root")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name="Two-factor authentication").click()
    expect(page.get_by_alt_text("The key as a QR code")).to_be_visible()
    assert page.get_by_alt_text("The key as a QR code").evaluate("picture => picture.naturalWidth") > 100
    if javascript:
        ours = [line for line in complaints(page) if ">Home</a>" not in line]  # Django's breadcrumbs are not
        assert ours == []
        browser_user.console.clear()  # caused by axe itself, because the policy forbids what it tries
    phone = Phone(clock, base32(page.locator("code.key").inner_text()))
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_label("Code").fill(phone.code())
    page.get_by_role("button", name="Turn on").click()
    expect(page.locator(".recovery-codes li")).to_have_count(10)
    page.get_by_role("button", name="Log out").click()
    page.goto(f"{browser_user.server}/admin/")
    page.get_by_label("Username").fill("root")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("Code").fill(phone.code())
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Site administration")).to_be_visible()
    assert browser_user.console == []


def set_up_with(page, code):
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_label("Code").fill(code)
    page.get_by_role("button", name="Turn on").click()


@pytest.mark.parametrize("width", [320, 1280])
def test_the_pages_of_2fa_are_accessible(visitor, root, clock, required, width):
    browser_user = visitor(viewport={"width": width, "height": 800}, has_touch=width == 320, reduced_motion="reduce")
    page, found = browser_user.page, {}
    page.goto(f"{browser_user.server}{PAGE}")
    page.get_by_label("Username").fill("root")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    found["to be set up"] = flaws(page)
    phone = Phone(clock, base32(page.locator("code.key").inner_text()))
    set_up_with(page, "000000")
    found["refused"] = flaws(page)
    set_up_with(page, phone.code())
    expect(page.locator(".recovery-codes li")).to_have_count(10)
    found["codes"] = flaws(page)
    page.goto(f"{browser_user.server}{PAGE}")
    found["is set up"] = flaws(page)
    assert_none(found)


def flaws(page):
    """The problems that axe reports, except in Django's breadcrumbs, and elements wider than the screen."""
    ours = [line for line in complaints(page) if ">Home</a>" not in line]
    return ours + page.locator("html").evaluate(WIDER_THAN_THE_SCREEN)
