"""Emails, sent by threads of their own after the answer, so that response times don't reveal which accounts exist."""

from __future__ import annotations

import atexit
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from threading import BoundedSemaphore
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.urls import get_script_prefix
from django.utils.translation import gettext as _

from chat import limits
from chat.email_threads import EmailThreads
from chat.exceptions import LimitExceeded
from chat.text import one_line

if TYPE_CHECKING:
    from chat.models import User

logger = logging.getLogger("chat")
PAUSE = 1  # seconds until the work begins, which would slow down the answer that is under way
MOST_WAITING = 1000
LAST_SECONDS = 5  # for emails that wait when the process ends

senders = EmailThreads(2)
atexit.register(senders.finish, LAST_SECONDS)
places = BoundedSemaphore(MOST_WAITING)


def site_url() -> str:
    """The URL of this site for links in emails, without a slash at the end, or "" if it is not known.

    It is SITE_URL, or that of the only host name in ALLOWED_HOSTS. Never from the request, as visitors choose its Host
    header. Call it in the thread of a request, which knows the path that the site is below.
    """
    if settings.SITE_URL:
        return str(settings.SITE_URL)
    host, *others = settings.ALLOWED_HOSTS or [""]
    if others or not host or host.startswith((".", "*")):
        return ""
    return f"{'https' if settings.HTTPS else 'http'}://{host}{get_script_prefix().rstrip('/')}"


def absolute_url(site: str, path: str) -> str:
    """The URL of this path below `site`, which is the result of `site_url`."""
    return f"{site}/{path.removeprefix(get_script_prefix())}"


def send_resets(users: list[User], site: str, link_for: Callable[[User], str]) -> None:
    """Email a password reset link to each of these users, later. For no user, the same is done with an empty list.

    `site` is the site's name, `link_for` returns the absolute URL for a user.
    """
    if places.acquire(blocking=False):
        senders.submit(_send_resets, time.monotonic() + PAUSE, users, site, link_for)
    else:
        logger.error("more than %d requests for emails are waiting: this one is dropped", MOST_WAITING)


def _send_resets(due: float, users: list[User], site: str, link_for: Callable[[User], str]) -> None:
    try:
        time.sleep(max(0, due - time.monotonic()))
        for user in users:
            with suppress(LimitExceeded):
                limits.check_reset_emails(user)
                _send_reset(user, site, link_for(user))
    except Exception:  # it would end the thread
        logger.exception("An email could not be made.")
    finally:
        places.release()


def _send_reset(user: User, site: str, link: str) -> None:
    """Send a password reset link. The email names the account, because an address may have several."""
    subject = _("Reset your password at %(site)s") % {"site": site}
    context = {"site": site, "link": link, "name": user.get_username()}
    _send(user.email, subject, render_to_string("accounts/reset_email.txt", context))


def _send(address: str, subject: str, text: str) -> None:
    """Send it now. White space in the subject, such as a line end in the site's name, becomes single spaces."""
    try:
        send_mail(one_line(subject), text, None, [address])
    except (OSError, ValueError) as error:  # ValueError: an address or a subject that no email can have
        logger.error("could not send an email: %s: %s", type(error).__name__, error)
