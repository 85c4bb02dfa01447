"""Small promises that a slip of the pen would break unseen: forms that work, safe writes, acts that happen once."""

import re

import pytest
from django.db import connection

from chat import markup
from chat.composer import LAST_NUMBER, Composer
from chat.models import Message, Participant, Room


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
    strict.post(
        "/preferences/",
        fields(strict, "/preferences/") | {"time_zone": "UTC", "poll_seconds": "2", "refresh_seconds": "30"},
    )
    assert strict.membership.participant.refresh_seconds == 30
    refresh = fields(strict, f"{url}compose/", "/preferences/refresh/")
    assert (
        strict.post("/preferences/refresh/", refresh | {"refresh_seconds": "10"}).headers["Location"] == f"{url}live/"
    )
    assert strict.membership.participant.refresh_seconds == 10
    strict.post(f"{url}send/", fields(strict, f"{url}compose/", f"{url}send/\\#text-1") | {"text": "from the frame"})
    assert Message.objects.filter(text="from the frame").exists()
    strict.post(f"{url}leave/", fields(strict, url, f"{url}leave/"))
    assert not strict.membership.is_inside


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


def test_an_origin_that_only_begins_like_ours_is_foreign(strict):
    answer = strict.post("/join/", {"room": "R", "nickname": "N"}, headers={"Origin": "http://testserver.evil.example"})
    assert answer.status_code == 403


def test_a_readers_time_zone_is_not_that_of_whoever_was_served_before(alice, person):
    Participant.objects.update(time_zone="Asia/Tokyo")
    assert "+0900" in alice.get("/").content.decode()
    assert "+0900" not in person().get("/").content.decode()


def test_a_time_zone_that_is_not_known_any_more_is_the_sites_own(alice, room):
    Participant.objects.update(time_zone="Mars/Base")
    assert "+0000" in alice.get(room.get_absolute_url()).content.decode()


def test_zones_that_agree_now_but_not_on_the_line_before_see_different_days(alice, bob, room):
    """In the night when Vienna's summer time ends; Algiers has none."""
    alice.send(room, "after the night")
    times = {"previous_at": "2026-10-24T22:30Z", "sent_at": "2026-10-25T02:00Z"}
    Message.objects.filter(text="after the night").update(**times)
    days = {}
    for who, zone in ((alice, "Europe/Vienna"), (bob, "Africa/Algiers")):
        Participant.objects.filter(pk=who.membership.participant_id).update(time_zone=zone)
        page = who.get(room.get_absolute_url()).content.decode()
        days[zone] = bool(re.search(r"25 October 2026</time>\s*</h2><article", page))
    assert days == {"Europe/Vienna": False, "Africa/Algiers": True}


def test_names_and_topics_cannot_turn_around_the_text_beside_them(alice, room):
    room.set_topic("Tea")
    alice.send(room, "hello")
    page = alice.get(room.get_absolute_url()).content.decode()
    assert "“<bdi>Alice</bdi>” opened this room" in page
    assert "The topic is now “<bdi>Tea</bdi>”" in page
    assert '<bdi class="author">Alice</bdi>' in page
    assert "You are <bdi>Alice</bdi>" in page


def test_the_cookies_are_out_of_reach_of_scripts_and_of_other_sites(person):
    visitor = person()
    visitor.get("/")
    visitor.join("Reading club", "Alice")
    for name in ("csrf", "session"):
        assert (visitor.cookies[name]["httponly"], visitor.cookies[name]["samesite"]) == (True, "Lax"), name


def test_what_makes_links_is_not_trusted_with_more_than_links(monkeypatch):
    evil = (
        '<a href="https://a.example" id="m1" name="x" hx-get="/" data-author="1" style="x" class="y" target="z">a</a>'
    )
    monkeypatch.setattr(markup, "urlize", lambda text, autoescape: evil + "<b>b</b><img src=x><form><input>")
    assert markup.render("x") == f'<a href="https://a.example" rel="{markup.LINK_REL}">a</a>b'


def test_a_form_in_the_frame_is_limited_like_any_other(alice, room, settings):
    settings.LIMIT_SEND_PERSON = "1/3600"
    assert [alice.send(room, "x", n=n, frame="1").status_code for n in (1, 2)] == [303, 429]


def test_no_composer_is_fetched_ahead_that_is_not_there():
    assert [ahead.number for ahead in Composer("x", LAST_NUMBER - 5).prefetch] == [LAST_NUMBER - 1]
    assert not Composer("x", LAST_NUMBER).prefetch
