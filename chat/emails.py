"""Emails, sent by threads of their own after the answer, so that response times don't reveal which accounts exist."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import BoundedSemaphore
from typing import TYPE_CHECKING

from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from chat import limits
from chat.exceptions import LimitExceeded

if TYPE_CHECKING:
    from chat.models import User

logger = logging.getLogger("chat")
PAUSE = 1  # seconds until the work begins, which would slow down the answer that is under way
MOST_WAITING = 1000

senders = ThreadPoolExecutor(2, thread_name_prefix="mail")
places = BoundedSemaphore(MOST_WAITING)


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
    except Exception:  # a future would keep it to itself
        logger.exception("An email could not be made.")
    finally:
        places.release()


def _send_reset(user: User, site: str, link: str) -> None:
    """Send a password reset link. The email names the account, because an address may have several."""
    subject = _("Your password at %(site)s") % {"site": site}
    context = {"site": site, "link": link, "name": user.get_username()}
    text = render_to_string("accounts/reset_email.txt", context)
    try:
        send_mail(subject, text, None, [user.email])
    except OSError as error:
        logger.error("could not send an email: %s: %s", type(error).__name__, error)
