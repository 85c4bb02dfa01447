"""Preferences: colours, size of text, what Enter does, less noise."""

import pytest
from playwright.sync_api import expect

from chat.models import Participant
from tests.browsing import EITHER_WAY, lines

BEFORE = {"color_scheme": "", "text_size": "", "enter_sends": "on", "time_zone": "", "refresh_seconds": "5"}


def prefer(who, **preferences):
    form = {name: value for name, value in (BEFORE | preferences).items() if value is not None}
    assert who.post("/preferences/", form).status_code == 303


def test_what_was_chosen_shows_on_the_page_and_stays(alice):
    prefer(alice, color_scheme="dark", text_size="largest", enter_sends=None, less_noise="on")
    page = alice.get("/preferences/").content.decode()
    for chosen in ('value="dark"', 'value="largest"', 'name="less_noise"'):
        assert f"{chosen} " in page
    kept = Participant.objects.values("color_scheme", "text_size", "enter_sends", "less_noise").get()
    assert list(kept.values()) == ["dark", "largest", False, True]


@pytest.mark.parametrize("path", ["/", "/preferences/", "/account/", "/nowhere/", "room", "live", "compose", "members"])
def test_every_page_has_the_colours_and_the_size(alice, room, path):
    prefer(alice, color_scheme="dark", text_size="large")
    places = {"room": "", "live": "live/", "compose": "compose/", "members": "members/"}
    page = alice.get(f"/rooms/{room.slug}/{places[path]}" if path in places else path).content.decode()
    assert 'class="dark text-large"' in page
    assert '<meta name="color-scheme" content="dark">' in page


def test_nobodys_preferences_are_asked_for_on_a_page_for_a_stranger(person, django_assert_num_queries):
    visitor = person()
    visitor.get("/account/sign-in/")
    with django_assert_num_queries(1):  # the site's name
        visitor.get("/account/sign-in/")


def test_without_enter_the_field_has_several_lines(alice, room):
    prefer(alice, enter_sends=None)
    for place in ("", "compose/"):
        assert "<textarea" in alice.get(f"/rooms/{room.slug}/{place}").content.decode()
        assert "<textarea" not in alice.get(f"/rooms/{room.slug}/{place}?lines=one").content.decode()


def test_less_noise_leaves_out_who_came_and_went_and_nothing_else(alice, bob, room):
    prefer(alice, less_noise="on")
    sheet = alice.get(f"/rooms/{room.slug}/reader.css").content.decode()
    assert ":is([data-event=joined],[data-event=left],[data-event=renamed]){display:none}" in sheet
    assert "data-event" not in bob.get(f"/rooms/{room.slug}/reader.css").content.decode()


def set_in_browser(who, **preferences):
    who.page.goto(who.server + "/preferences/")
    for label, value in preferences.items():
        who.page.get_by_label(label, exact=True).set_checked(value)
    who.page.get_by_role("button", name="Save").click()
    expect(who.page.get_by_text("Saved.")).to_be_visible()


@pytest.mark.browser
@EITHER_WAY
def test_dark_and_large_are_seen_in_the_room(visitor, javascript):
    alice = visitor(javascript, color_scheme="light").join()
    url = alice.page.url
    set_in_browser(alice, dark=True, largest=True)
    alice.page.goto(url)
    looks = "e => [getComputedStyle(e).fontSize, getComputedStyle(e).colorScheme]"
    assert alice.page.locator("html").evaluate(looks) == ["24px", "dark"]
    light = alice.page.locator("body").evaluate("e => getComputedStyle(e).backgroundColor")
    assert light == "oklch(0.205 0.008 70)"
    set_in_browser(alice, light=True, normal=True)
    alice.page.emulate_media(color_scheme="dark")
    alice.page.goto(url)
    assert alice.page.locator("body").evaluate("e => getComputedStyle(e).backgroundColor") == "oklch(0.985 0.006 85)"


@pytest.mark.browser
@EITHER_WAY
def test_enter_makes_a_line_and_the_button_sends(visitor, javascript):
    alice = visitor(javascript).join()
    url = alice.page.url
    set_in_browser(alice, **{"Enter sends": False})
    alice.page.goto(url)
    for words in ("first", "second"):
        alice.field.press_sequentially(words)
        alice.field.press("Enter")
        alice.field.press_sequentially("line")
        alice.writing.get_by_role("button", name="Send").last.click()
        expect(lines(alice).last).to_have_text(f"{words}\nline", use_inner_text=True)


@pytest.mark.browser
@EITHER_WAY
def test_less_noise_in_the_room(visitor, javascript):
    alice = visitor(javascript).join()
    url = alice.page.url
    set_in_browser(alice, **{"Less noise": True})
    alice.page.goto(url)
    bob = visitor(javascript).join(nickname="Bob")
    bob.send("hello")
    alice.reads("hello")
    came = alice.log.locator("[data-event=joined]")
    expect(came).to_have_count(1)
    expect(came).to_be_hidden()
    expect(alice.log.locator("[data-event=opened]")).to_be_visible()
