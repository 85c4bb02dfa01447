"""The log: it says what went wrong, and never contains a key or a secret address."""

import logging

import pytest

from chat_app.logs import WithoutKeys
from tests.test_invites import invite, private  # noqa: F401 - fixtures

KEY = "x" * 22
ADDRESSES = {
    f"/invitations/{KEY}/": "/invitations/…/",
    f"/continue/{KEY}/": "/continue/…/",
    "/account/reset/MQ/c9x-0123456789abcdef/": "/account/reset/…/",
    f"/rooms/{KEY}/send/": "/rooms/…/send/",
    "/rooms/reading-club/send/": "/rooms/reading-club/send/",
}


def written(message, *arguments):
    record = logging.LogRecord("chat", logging.ERROR, "", 0, message, arguments, None)
    assert WithoutKeys().filter(record)
    return logging.Formatter("{message}", style="{").format(record)


@pytest.mark.parametrize(("address", "shown"), ADDRESSES.items())
def test_no_key_in_an_address_is_logged(address, shown):
    assert written("Forbidden (%s): %s", "CSRF token missing.", address) == f"Forbidden (CSRF token missing.): {shown}"


def test_a_server_logs_no_keys(settings):
    assert settings.LOGGING["handlers"]["console"]["filters"] == ["keys"]


def test_an_expired_invite_form_logs_no_key(private, invite, person, caplog):  # noqa: F811
    link, late = invite(), person(enforce_csrf_checks=True)
    late.get(link)
    late.post(link, {"nickname": "Bob"})
    (line,) = [record for record in caplog.records if record.name == "django.security.csrf"]
    assert line.getMessage().endswith("/invitations/…/"), "as it has gone through the log's own handler"
