"""Mails: sent from a thread of their own, as a mail server takes its time, which is to tell nobody who is known."""

import logging
from threading import Thread

from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

logger = logging.getLogger("chat")


def send_reset(user, site, link):
    """The link by which somebody sets another password. It tells the name: an address may have several accounts."""
    subject = _("Your password at %(site)s") % {"site": site}
    context = {"site": site, "link": link, "name": user.get_username()}
    send(user.email, subject, render_to_string("accounts/reset_email.txt", context))


def send(address, subject, text):
    Thread(target=_send, args=[address, subject, text], name="mail").start()


def _send(address, subject, text):
    try:
        send_mail(subject, text, None, [address])
    except OSError as error:
        logger.error("a mail could not be sent: %s: %s", type(error).__name__, error)
