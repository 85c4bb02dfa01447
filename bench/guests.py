"""Guests that join and leave a room, one of each per second."""

import re
import secrets
import time
from dataclasses import replace

from bench import requests
from bench.connection import connected
from bench.people import Person
from bench.server import Broken

SESSION = re.compile(rb"\r\nset-cookie: *session=([a-z0-9]+)")
STAYS = 3  # seconds


def come_and_go(address, slug, over):
    """One join per second, and a leave STAYS seconds later, until `over` is set."""
    host, inside = "{}:{}".format(*address), []
    with connected(address) as connection:
        while not over.wait(1):
            inside.append((time.monotonic(), join(connection, host, slug)))
            if time.monotonic() - inside[0][0] >= STAYS:
                leave(connection, host, inside.pop(0)[1])


def join(connection, host, slug):
    """Join as a new guest, with the form on the room's page."""
    secret = secrets.token_hex(16)
    guest = Person(slug, 0, f"Guest {secret[:8]}", "", secret, secret, "", "")
    form = {"nickname": guest.nickname, "key": secrets.token_urlsafe(16)}
    answer = connection.ask(requests.post(guest, host, f"/rooms/{slug}/join/", **form))
    if answer.status != 200:
        raise Broken(f"Joining failed: {answer.status} {answer.body[:500]}")
    return replace(guest, session=SESSION.search(answer.head)[1].decode())


def leave(connection, host, guest):
    answer = connection.ask(requests.post(guest, host, f"/rooms/{guest.slug}/leave/"))
    if answer.status != 303:
        raise Broken(f"Leaving failed: {answer.status}")
