"""Preferences: theme, text size, what Enter does, fewer system messages, poll interval, and pausing."""

import re

import pytest

from chat.forms.preferences import PreferencesForm, RefreshForm
from chat.gate.grants import ENVIRON_KEY, Offer
from chat.models import Participant
from tests.support.browsing import say

BEFORE = {
    "color_scheme": "",
    "text_size": "",
    "enter_sends": "on",
    "time_zone": "",
    "poll_seconds": "2",
    "refresh_seconds": "5",
}


def prefer(who, **preferences):
    form = {name: value for name, value in (BEFORE | preferences).items() if value is not None}
    assert who.post("/preferences/", form).status_code == 303


def test_preferences_are_saved_and_shown(alice):
    prefer(alice, color_scheme="dark", text_size="largest", enter_sends=None, less_noise="on")
    page = alice.get("/preferences/").content.decode()
    for chosen in ('value="dark"', 'value="largest"', 'name="less_noise"'):
        assert f"{chosen} " in page
    kept = Participant.objects.values("color_scheme", "text_size", "enter_sends", "less_noise").get()
    assert list(kept.values()) == ["dark", "largest", False, True]


def zones(page):
    return re.findall(
        r'<option value="([^"]*)"', page.content.decode().partition('name="time_zone"')[2].partition("</select>")[0]
    )


def test_each_time_zone_is_offered_once_by_its_current_name(alice):
    offered = zones(alice.get("/preferences/"))
    assert {"Europe/Vienna", "Asia/Kolkata", "Africa/Asmara", "Europe/Oslo", "UTC", ""} <= set(offered)
    assert not {"Asia/Calcutta", "Africa/Asmera", "America/Knox_IN", "America/Argentina/ComodRivadavia"} & set(offered)
    assert len(offered) == len(set(offered)) < 450


def test_an_older_zone_name_that_was_chosen_stays_valid(alice):
    Participant.objects.update(time_zone="Asia/Calcutta")
    page = alice.get("/preferences/")
    assert '<option value="Asia/Calcutta" selected>Asia/Calcutta</option>' in page.content.decode()
    prefer(alice, time_zone="Asia/Calcutta", color_scheme="dark")
    assert Participant.objects.get().time_zone == "Asia/Calcutta"
    refused = alice.post("/preferences/", BEFORE | {"time_zone": "Mars/Base"})
    assert refused.status_code == 422


@pytest.mark.parametrize("path", ["/", "/preferences/", "/account/", "/nowhere/", "room", "live", "compose", "members"])
def test_every_page_has_the_colours_and_the_size(alice, room, path):
    prefer(alice, color_scheme="dark", text_size="large")
    places = {"room": "", "live": "live/", "compose": "compose/", "members": "members/"}
    page = alice.get(f"/rooms/{room.slug}/{places[path]}" if path in places else path).content.decode()
    assert 'class="dark text-large"' in page
    assert '<meta name="color-scheme" content="dark">' in page


def test_a_page_for_a_stranger_queries_no_preferences(person, django_assert_num_queries):
    visitor = person()
    visitor.get("/account/sign-in/")
    with django_assert_num_queries(1):  # the site's name
        visitor.get("/account/sign-in/")


def test_without_enter_the_field_has_several_lines(alice, room):
    prefer(alice, enter_sends=None)
    for place in ("", "compose/"):
        assert "<textarea" in alice.get(f"/rooms/{room.slug}/{place}").content.decode()
        assert "<textarea" not in alice.get(f"/rooms/{room.slug}/{place}?lines=one").content.decode()


def test_less_noise_hides_only_joins_and_leaves(alice, bob, room):
    prefer(alice, less_noise="on")
    sheet = alice.get(f"/rooms/{room.slug}/reader.css").content.decode()
    assert ":is([data-event=joined],[data-event=left],[data-event=renamed]){display:none}" in sheet
    assert "data-event" not in bob.get(f"/rooms/{room.slug}/reader.css").content.decode()


# Poll interval and pausing


def poller(page):
    return re.search(r'<div id="poll"[^>]*>', page.content.decode())[0]


@pytest.mark.parametrize("seconds", ["5", "10", "30"])
def test_a_longer_poll_interval_is_respected_and_such_polls_are_not_held(alice, room, seconds):
    prefer(alice, poll_seconds=seconds)
    opened = poller(alice.get(f"/rooms/{room.slug}/"))
    assert f'hx-trigger="every {seconds}s, asked from:body"' in opened
    assert f'class="poll every-{seconds}"' in opened
    offered = Offer()
    answer = alice.poll(room, room.version, **{ENVIRON_KEY: offered})
    assert (offered.grants, "held" in answer.content.decode()) == ([], False)


def test_a_paused_page_gets_the_number_of_new_messages_but_no_messages(alice, bob, room):
    alice.post("/preferences/pause/", {"paused": "1"})
    opened = poller(alice.get(f"/rooms/{room.slug}/"))
    assert 'hx-trigger="every 30s, asked from:body"' in opened
    room.refresh_from_db()
    seen = room.version
    say(bob.membership, "one", "two", "three")
    room.set_topic("Emma")
    answer = alice.get(f"/rooms/{room.slug}/changes/", {"since": seen, "from": 1, "at": 1, "paused": 1})
    said = answer.content.decode()
    assert "Updates paused" in said
    assert "3 new" in said
    assert "one" not in said.replace("done", "")
    since = re.search(r'name="since" value="(\d+)"', said)[1]
    assert int(since) == seen, "what is missed is told when one resumes"
    assert '<span aria-hidden="true">3<' in alice.get("/").content.decode()
    alice.post("/preferences/pause/")
    assert "every 2s" in poller(alice.get(f"/rooms/{room.slug}/"))


@pytest.mark.parametrize("form", ["preferences", "refresh"])
def test_saving_preferences_does_not_undo_signing_out_everywhere(alice, form, monkeypatch):
    """A person with a stolen session saves preferences while its owner signs out everywhere."""
    kind = {"preferences": PreferencesForm, "refresh": RefreshForm}[form]

    def overtaken(form, save=kind.save):
        Participant.objects.get().sign_out_everywhere()
        return save(form)

    monkeypatch.setattr(kind, "save", overtaken)
    sent = BEFORE | {"refresh_seconds": "10"}
    alice.post("/preferences/" if form == "preferences" else "/preferences/refresh/", sent)
    participant = Participant.objects.get()
    assert (participant.generation, participant.refresh_seconds) == (1, 10)


def test_a_paused_member_has_not_read_new_messages(alice, bob, room):
    alice.post("/preferences/pause/", {"paused": "1"})
    alice.get(f"/rooms/{room.slug}/")
    say(bob.membership, "one")
    say(alice.membership, "mine")
    page = {"Referer": f"http://testserver/rooms/{room.slug}/"}
    assert '<span aria-hidden="true">2<' in alice.get("/", headers=page).content.decode()
    alice.post("/preferences/pause/")
    assert "new messages" in alice.get(f"/rooms/{room.slug}/").content.decode()


def test_the_one_line_mode_stays_for_a_member_who_prefers_several_lines(alice, room):
    prefer(alice, enter_sends=None)
    assert alice.send(room, "hello").headers["Location"].endswith("?lines=one#end")
    assert alice.send(room, "hello\nagain", n=2, lines="many").headers["Location"].endswith(f"{room.slug}/#end")


def test_the_number_of_new_messages_is_capped(alice, bob, room):
    say(bob.membership, *map(str, range(101)))
    answer = alice.get(f"/rooms/{room.slug}/changes/", {"since": 1, "from": 1, "at": 1, "paused": 1})
    assert "more than 99 new" in answer.content.decode()


def test_a_request_does_not_use_the_time_zone_of_an_earlier_one(alice, person):
    Participant.objects.update(time_zone="Asia/Tokyo")
    assert "+09:00" in alice.get("/").content.decode()
    assert "+09:00" not in person().get("/").content.decode()


def test_an_unknown_time_zone_falls_back_to_the_sites_own(alice, room):
    Participant.objects.update(time_zone="Mars/Base")
    assert "+0000" in alice.get(room.get_absolute_url()).content.decode()
