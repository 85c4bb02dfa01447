"""Small promises that a slip of the pen would break unseen: forms that work, safe writes, acts that happen once."""

import re

import pytest
from django.db import connection

from chat.models import Message, Room


@pytest.fixture
def strict(person):
    """A member whose browser sends only what the pages give it, and is checked for it."""
    alice = person(enforce_csrf_checks=True)
    alice.post("/join/", fields(alice, "/") | {"room": "Reading club", "nickname": "Alice"})
    return alice


def fields(person, url, action=None):
    """The hidden fields of a page's form."""
    page = person.get(url).content.decode()
    form = re.search(rf'<form[^>]*action="{action}".*?</form>', page, re.S)[0] if action else page
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form))


def test_the_forms_of_a_member_work_as_the_pages_give_them(strict):
    room = Room.objects.get()
    url = room.get_absolute_url()
    strict.post("/preferences/", fields(strict, "/preferences/") | {"time_zone": "UTC", "refresh_seconds": "30"})
    assert strict.membership.participant.refresh_seconds == 30
    refresh = fields(strict, f"{url}live/", "/preferences/refresh/")
    assert (
        strict.post("/preferences/refresh/", refresh | {"refresh_seconds": "10"}).headers["Location"] == f"{url}live/"
    )
    assert strict.membership.participant.refresh_seconds == 10
    strict.post(f"{url}send/", fields(strict, f"{url}compose/", f"{url}send/\\#words-1") | {"text": "from the frame"})
    assert Message.objects.filter(text="from the frame").exists()
    strict.post(f"{url}leave/", fields(strict, url, f"{url}leave/"))
    assert not strict.membership.present


@pytest.mark.skipif(connection.vendor != "sqlite", reason="SQLite's own promise")
def test_what_was_acknowledged_survives_a_power_cut(transactional_db):
    with connection.cursor() as cursor:
        assert cursor.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
        assert cursor.execute("PRAGMA synchronous").fetchone()[0] == 2  # FULL


def test_what_has_happened_does_not_happen_again(alice, bob, room):
    membership = bob.membership
    membership.leave()
    membership.leave()
    room.lock()
    room.lock()
    assert list(room.messages.exclude(event="").values_list("event", flat=True).order_by("pk")) == [
        "opened",
        "joined",
        "left",
        "locked",
    ]


def test_a_message_bears_the_role_that_its_author_has_by_then(alice, room):
    membership = alice.membership
    type(membership).objects.filter(pk=membership.pk).update(role="member")
    assert membership.send("no longer the owner", "t:1").role == "member"


def test_sending_is_limited_by_address(alice, room, settings):
    settings.LIMIT_SEND_ADDRESS = "1/3600"
    url, form = f"/rooms/{room.slug}/send/", {"page": "page-of-tests", "text": "x"}
    answers = [alice.post(url, form | {"n": n}, REMOTE_ADDR="203.0.113.9").status_code for n in (1, 2)]
    assert answers == [303, 429]


def test_a_name_that_was_given_up_takes_the_right_to_read_along(alice, room):
    epoch = room.epoch
    alice.membership.give_up_name()
    assert Room.objects.get(pk=room.pk).epoch == epoch + 1


def test_an_origin_that_only_begins_like_ours_is_foreign(strict):
    answer = strict.post("/join/", {"room": "R", "nickname": "N"}, headers={"Origin": "http://testserver.evil.example"})
    assert answer.status_code == 403
