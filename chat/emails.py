"""Emails, sent from a thread, so that response times don't reveal which accounts exist."""

from __future__ import annotations

import logging
from threading import Thread
from typing import TYPE_CHECKING

from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

if TYPE_CHECKING:
    from chat.models import User

logger = logging.getLogger("chat")


def send_reset(user: User, site: str, link: str) -> None:
    """Send a password reset link. The email names the account, because an address may have several.

    `site` is the site's name, `link` the absolute URL.
    """
    subject = _("Your password at %(site)s") % {"site": site}
    context = {"site": site, "link": link, "name": user.get_username()}
    send(user.email, subject, render_to_string("accounts/reset_email.txt", context))


def send(address: str, subject: str, text: str) -> None:
    Thread(target=_send, args=[address, subject, text], name="mail").start()


def _send(address: str, subject: str, text: str) -> None:
    try:
        send_mail(subject, text, None, [address])
    except OSError as error:
        logger.error("could not send an email: %s: %s", type(error).__name__, error)
