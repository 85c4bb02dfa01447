"""Known browsers: a cookie with the accounts that signed in here, so that these have tries of their own."""

from __future__ import annotations

import secrets
from typing import NamedTuple

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import salted_hmac

SALT = "chat.known_browsers"
SECONDS = 365 * 24 * 3600
MOST_ACCOUNTS = 5  # the latest ones


class KnownBrowser(NamedTuple):
    """What the cookie says: the browser's random id, and a keyed digest of each account that signed in."""

    id: str
    accounts: list[str]


def read(request: HttpRequest) -> KnownBrowser:
    """Read the cookie. Without a valid one, it is a new id without accounts."""
    value = request.get_signed_cookie(settings.BROWSER_COOKIE_NAME, default="", salt=SALT, max_age=SECONDS)
    browser_id, *accounts = (value or "").split(".")
    return KnownBrowser(browser_id or secrets.token_urlsafe(12), accounts)


def known_id(request: HttpRequest, account: str) -> str:
    """Return the id of this browser, or "" if `account` never signed in here."""
    browser = read(request)
    return browser.id if _digest(account) in browser.accounts else ""


def remember(request: HttpRequest, response: HttpResponse, account: str) -> None:
    """Set the cookie, with `account` as the latest one."""
    browser, mine = read(request), _digest(account)
    others = [other for other in browser.accounts if other != mine][1 - MOST_ACCOUNTS :]
    response.set_signed_cookie(
        settings.BROWSER_COOKIE_NAME,
        ".".join([browser.id, *others, mine]),
        salt=SALT,
        max_age=SECONDS,
        path=settings.SESSION_COOKIE_PATH,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite=settings.SESSION_COOKIE_SAMESITE,
    )


def _digest(account: str) -> str:
    return salted_hmac(SALT, account).hexdigest()[:20]
