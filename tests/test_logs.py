"""The log: it says what went wrong, and never contains a key or a secret address."""

import io
import logging

import pytest
from django.db import OperationalError
from django.test import Client

from chat_app import logs
from chat_app.logs import OnceAMinute, WithoutKeys, about
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
    assert "keys" in settings.LOGGING["handlers"]["console"]["filters"]


def test_an_expired_invite_form_logs_no_key(private, invite, person, caplog):  # noqa: F811
    link, late = invite(), person(enforce_csrf_checks=True)
    late.get(link)
    late.post(link, {"nickname": "Bob"})
    (line,) = [record for record in caplog.records if record.name == "django.security.csrf"]
    assert line.getMessage().endswith("/invitations/…/"), "as it has gone through the log's own handler"


# One line a minute


@pytest.fixture
def log(monkeypatch):
    """A function that returns the lines that the server's log got since the test began, without their times."""
    (handler,) = [one for one in logging.getLogger().handlers if any(isinstance(f, OnceAMinute) for f in one.filters)]
    (filter_,) = [one for one in handler.filters if isinstance(one, OnceAMinute)]
    monkeypatch.setattr(handler, "stream", io.StringIO())
    monkeypatch.setattr(filter_, "subjects", {})
    return lambda: [line.split(" ", 2)[2] for line in handler.stream.getvalue().splitlines()]


def test_foreign_hosts_are_logged_in_one_line_a_minute(client, db, log):
    for number in range(5):
        assert client.get("/", headers={"Host": f"{number}.example"}).status_code == 400
    (line,) = log()
    assert "'0.example'" in line
    assert "ALLOWED_HOSTS" in line


def test_forms_of_other_sites_are_logged_in_one_line_a_minute(db, log):
    visitor = Client(enforce_csrf_checks=True)
    for number in range(10):
        answer = visitor.post("/join/", {"room": "R"}, headers={"Origin": f"https://{number}\x85\x9b.example"})
        assert answer.status_code == 403
    (line,) = log()
    assert line.startswith("WARNING django.security.csrf: Forbidden (Origin checking failed")
    assert r" https://0\x85\x9b.example " in line


def test_redis_being_down_is_logged_in_one_line_a_minute(alice, room, settings, log):
    cache = {"BACKEND": "chat_app.caches.ForgivingRedisCache", "LOCATION": "redis://127.0.0.1:1/0"}
    settings.CACHES = dict.fromkeys(("default", "logs", "limits"), cache)
    for number in range(1, 4):
        alice.send(room, f"message {number}", n=number)
        alice.get(room.get_absolute_url())
    (line,) = log()
    assert line.startswith("WARNING chat: Redis is down: ")


def test_an_unreachable_database_is_logged_in_two_lines_a_minute(client, db, log, monkeypatch):
    def broken(*arguments, **more):
        raise OperationalError("unable to open database file")

    monkeypatch.setattr("chat.views.site_files.get_language", broken)
    for _ in range(3):
        client.get("/manifest.webmanifest")
    assert log() == [
        "ERROR chat: OperationalError: unable to open database file",
        "ERROR django.request: Service Unavailable: /manifest.webmanifest",
    ]


def test_the_next_line_says_how_many_were_left_out(log, monkeypatch):
    logger, now = logging.getLogger("chat"), 1000.0
    monkeypatch.setattr(logs.time, "monotonic", lambda: now)
    for number in range(3):
        logger.warning("down: %s", number, extra=about("a test"))
    logger.warning("another subject", extra=about("another test"))
    now += logs.INTERVAL
    logger.warning("down: %s", 3, extra=about("a test"))
    for _ in range(2):
        logger.warning("no subject")
    assert [line.removeprefix("WARNING chat: ") for line in log()] == [
        "down: 0",
        "another subject",
        "down: 3 (and 2 more since the last line about this)",
        "no subject",
        "no subject",
    ]
