"""Emails, sent from a thread, so that response times don't reveal which accounts exist."""

from __future__ import annotations

import logging
from threading import Thread
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.urls import get_script_prefix
from django.utils.translation import gettext as _

from chat.text import one_line

if TYPE_CHECKING:
    from chat.models import User

logger = logging.getLogger("chat")


def can_send_links() -> bool:
    """Whether this site knows its own address, for links in emails."""
    return bool(_site_url())


def absolute_url(path: str) -> str:
    """The URL of this path for a link in an email. Never from the request, as visitors choose its Host header."""
    return f"{_site_url()}/{path.removeprefix(get_script_prefix())}"


def _site_url() -> str:
    """SITE_URL, or the URL of the only host name in ALLOWED_HOSTS, or "" if there are several or patterns."""
    if settings.SITE_URL:
        return str(settings.SITE_URL)
    host, *others = settings.ALLOWED_HOSTS or [""]
    if others or not host or host.startswith((".", "*")):
        return ""
    return f"{'https' if settings.HTTPS else 'http'}://{host}{get_script_prefix().rstrip('/')}"


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
    """Send it now. White space in the subject, such as a line end in the site's name, becomes single spaces."""
    try:
        send_mail(one_line(subject), text, None, [address])
    except (OSError, ValueError) as error:  # ValueError: an address or a subject that no email can have
        logger.error("could not send an email: %s: %s", type(error).__name__, error)
