"""Layout: the room's page at three widths, badges, dots, and system messages that can't be imitated."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from chat.models import Membership, Participant, Room
from chat.models.direct_message import open_direct_message
from tests.support.browsing import say

PHONE, TABLET, DESKTOP = ({"width": width, "height": 800} for width in (360, 768, 1280))
DOT = "button => getComputedStyle(button, '::after').content != 'none'"
LONG = "The garden society, its roses and its snails"


@pytest.fixture
def alice(visitor):
    """A function that opens Alice's browser with this size in a room; she is also in one with a long name."""

    def open_browser(viewport, **options):
        alice = visitor(viewport=viewport, **options).enter()
        alice.mine = Room.objects.get().memberships.get()
        alice.other = Participant.objects.create().enter("Mia", room=LONG)
        alice.other.room.join(alice.mine.participant, "Alice")
        return alice

    return open_browser


def test_a_dot_on_the_menu_button_shows_unread_messages_in_other_rooms(alice):
    alice = alice(PHONE)
    alice.page.reload()
    menu = alice.page.get_by_role("button", name="Menu")
    assert not menu.evaluate(DOT)
    expect(menu).to_have_accessible_name("Menu")
    say(alice.other, "hello")
    alice.page.reload()
    assert menu.evaluate(DOT)
    expect(menu).to_have_accessible_name("Menu (new messages)")


def test_a_dot_shows_a_chat_request(alice):
    alice = alice(PHONE)
    bob = alice.mine.room.join(Participant.objects.create(), "Bob")
    open_direct_message(bob, alice.mine)
    alice.page.reload()
    assert alice.page.get_by_role("button", name="Menu").evaluate(DOT)


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_a_count_next_to_a_long_name_stays_on_one_line(alice, viewport):
    alice = alice(viewport)
    say(alice.other, *map(str, range(16)))
    alice.page.reload()
    if viewport is PHONE:
        alice.page.get_by_role("button", name="Menu").click()
    count = alice.page.locator(".my-rooms .count").locator("visible=true")
    assert count.bounding_box()["height"] < 25


def test_from_700_pixels_the_rooms_are_next_to_the_log(alice):
    alice = alice(TABLET)
    alice.page.reload()
    expect(alice.page.get_by_role("link", name=LONG)).to_be_visible()
    expect(alice.page.get_by_role("button", name="Members")).to_be_visible()
    alice.page.get_by_role("button", name="Menu").click()
    expect(alice.page.get_by_role("link", name=LONG)).to_have_count(1)


def test_the_border_of_the_members_reaches_the_bottom(alice):
    alice = alice(DESKTOP)
    box = alice.page.locator("#people-here").bounding_box()
    assert box["y"] + box["height"] == DESKTOP["height"]


def test_names_in_system_messages_are_bold(alice):
    alice = alice(DESKTOP)
    line = alice.page.locator(".event").first
    weights = line.evaluate("line => [line, line.querySelector('bdi')].map(one => getComputedStyle(one).fontWeight)")
    assert int(weights[1]) >= int(weights[0]) + 200


def test_targets_are_large_enough_for_a_finger_even_with_small_text(alice):
    alice = alice(PHONE, has_touch=True)
    Participant.objects.filter(pk=alice.mine.participant_id).update(text_size="small")
    alice.page.reload()
    for button in alice.page.get_by_role("button").all():
        box = button.bounding_box()
        assert min(box["height"], box["width"]) > 43.5


def test_a_topic_fills_the_width_of_the_list_of_rooms(alice):
    alice = alice(PHONE)
    alice.other.room.set_topic("Everything about the second bed, its roses and its snails")
    alice.page.goto(alice.server)
    topic, room = alice.page.locator(".rooms .topic"), alice.page.locator(".rooms li").first
    facts = alice.page.locator(".rooms .facts").first
    assert facts.bounding_box()["x"] - 20 < topic.bounding_box()["x"] + topic.bounding_box()["width"]
    Membership.objects.update(seen_at=timezone.now() - timedelta(days=1))
    alice.page.reload()
    assert topic.bounding_box()["width"] > room.bounding_box()["width"] - 40


def test_the_join_page_has_no_gap_between_rules_and_form(alice, visitor):
    room = alice(PHONE).other.room
    room.set_rules("Be kind.")
    room.set_approval(True)
    dave = visitor(viewport=PHONE)
    dave.page.goto(dave.server + room.get_absolute_url())
    hint, field = dave.page.get_by_text("New members need approval"), dave.page.get_by_label("Your name")
    assert field.bounding_box()["y"] - hint.bounding_box()["y"] < 120


def test_an_address_keeps_its_order_within_a_sentence_from_right_to_left(alice):
    alice = alice(DESKTOP)
    say(alice.mine, "العنوان: https://example.com/عربي وشكرا")
    alice.page.reload()
    left_edges = alice.page.locator(".body a").evaluate("""link => [0, "https://example.com/".length].map(index => {
        const range = document.createRange();
        range.setStart(link.firstChild, index);
        range.setEnd(link.firstChild, index + 1);
        return range.getBoundingClientRect().left;
    })""")
    assert left_edges == sorted(left_edges), "the host is left of the path"


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_a_message_that_was_not_sent_is_aligned_with_its_buttons(alice, viewport):
    alice = alice(viewport)
    alice.send("   ")
    form = alice.page.locator("#composer form").first
    again = form.get_by_role("button", name="try again")
    expect(again).to_be_visible()
    field, status = form.locator("[name=text]").bounding_box(), form.locator(".send-status").bounding_box()
    assert field["x"] == status["x"]
    assert again.bounding_box()["y"] - (field["y"] + field["height"]) >= 4
    assert form.evaluate("form => getComputedStyle(form).opacity") == "1", "a pale button looks disabled"


def test_a_pointer_on_an_icon_shows_what_the_button_does(alice):
    alice = alice(TABLET)
    for button in alice.page.locator(".icon-button").all():
        name = button.evaluate("button => button.innerText.trim()")
        assert button.get_attribute("title") in name
    expect(alice.page.locator(".toggle-place label")).to_have_attribute("title", "Multi-line")


def test_the_time_is_next_to_the_name_and_a_continuation_is_as_wide_as_the_message_above(alice):
    alice = alice(PHONE)
    first, second = say(alice.mine, *["What a long afternoon in the garden it was. " * 3] * 2)
    alice.reads("What a long afternoon")
    byline, time, body = (
        alice.log.locator(f"#m{first.pk} {part}").bounding_box() for part in (".byline", "time", ".body")
    )
    assert 0 < time["x"] - (byline["x"] + byline["width"]) < 20
    continued = alice.log.locator(f"#m{second.pk}")
    assert continued.locator(".body").bounding_box()["width"] == body["width"]
    continued.hover()
    expect(continued.locator(".message > a")).to_have_css("opacity", "1")
    margin = continued.locator("time").bounding_box()
    assert margin["x"] + margin["width"] < body["x"], "the time is in the margin"


@pytest.mark.parametrize("javascript", [True, False], ids=["script", "no-script"])
def test_little_more_than_a_line_is_between_the_log_and_the_composer(alice, javascript):
    alice = alice(PHONE, javascript=javascript)
    say(alice.mine, *map(str, range(30)))
    alice.page.reload()
    alice.reads("29")
    last, above = alice.log.locator(".body").last, alice.writing.locator(".refresh, #composer").first
    expect(last).to_be_in_viewport()
    box = last.bounding_box()
    assert 10 < above.bounding_box()["y"] - (box["y"] + box["height"]) < 45


def test_the_menu_scrolls_on_a_small_screen(alice):
    alice = alice({"width": 360, "height": 500})
    for n in range(20):
        Participant.objects.create().enter("Mia", room=f"Room {n}").room.join(alice.mine.participant, "Alice")
    alice.page.reload()
    alice.page.get_by_role("button", name="Menu").click()
    leave = alice.page.get_by_role("link", name="Leave room…")
    expect(leave).not_to_be_in_viewport()
    alice.page.get_by_text("Your account").hover()
    alice.page.mouse.wheel(0, 2000)
    expect(leave).to_be_in_viewport(ratio=1)
