"""The composer in a browser: typing ahead, failures, refusals, several lines; no message is lost or doubled."""

import re
import time

import pytest
from django.db import OperationalError
from playwright.sync_api import expect

from chat.models import Membership, Message, Room
from tests.support.browsing import EITHER_WAY, IN_TIME, lines

A_KEY = 30  # milliseconds from key to key, also after Enter: a fast typist
SEND = re.compile(r"/send/$")


@pytest.fixture
def alice(visitor):
    """Alice in her room, with the next composers prefetched."""
    alice = visitor().enter()
    alice.page.wait_for_load_state("networkidle")
    return alice


@pytest.fixture
def held(alice):
    """The send requests of Alice's page, held back until the test continues or aborts them."""
    held = []
    alice.page.route(SEND, lambda route: held.append(route))
    return held


def said():
    return list(Message.objects.filter(event="").order_by("first_version").values_list("text", flat=True))


def forms(visitor):
    """The composers that are shown. A form that was sent is hidden at once, and removed a second later."""
    return visitor.writing.locator("#composer form").filter(visible=True)


def left_behind(visitor):
    """The forms above the newest one, with text that is not sent yet."""
    return visitor.writing.locator("#composer form:not(:last-of-type)").filter(visible=True)


def text_field(form):
    """The text field of such a form."""
    return form.locator("[name=text]")


def try_again(form):
    form.get_by_role("button", name="try again").click()


def enter(visitor, text):
    """Type this text in the newest composer and send it; wait for the next composer."""
    visitor.field.fill(text)
    visitor.field.press("Enter")
    expect(visitor.field).to_have_value("")


def type_fast(visitor, text):
    visitor.page.keyboard.type(text, delay=A_KEY)
    visitor.page.keyboard.press("Enter", delay=A_KEY)


def quiet(visitor):
    """The console output without the browser's own lines about error responses."""
    return [line for line in visitor.console if "Failed to load resource" not in line]


# Typing ahead


def test_ten_messages_typed_without_a_pause_arrive_over_a_slow_line(alice, monkeypatch):
    slowly(monkeypatch)
    messages = [f"message {n} of ten" for n in range(1, 11)]
    expect(alice.field).to_be_focused()
    for message in messages:
        type_fast(alice, message)
    expect(left_behind(alice).first.get_by_text("sending…")).to_be_visible()
    expect(left_behind(alice).last.get_by_text("sending…")).to_be_visible()
    expect(left_behind(alice).get_by_text("try again").locator("visible=true")).to_have_count(0)
    expect(alice.field).to_have_value("")
    expect(alice.field).to_be_focused()
    alice.page.keyboard.type("and a draft", delay=A_KEY)
    expect(lines(alice)).to_have_text(messages)
    expect(forms(alice)).to_have_count(1)
    expect(alice.field).to_be_focused()
    expect(alice.field).to_have_value("and a draft")
    assert said() == messages
    assert alice.console == []


def slowly(monkeypatch, seconds=0.8):
    """A server that is slow for each message."""
    send = Membership.send

    def slow(self, *args, **kwargs):
        time.sleep(seconds)
        return send(self, *args, **kwargs)

    monkeypatch.setattr(Membership, "send", slow)


def enter_three_times(visitor):
    for _ in range(3):
        visitor.page.keyboard.press("Enter")


def enter_that_bounces(visitor):
    """Three submits of the same form, before the page can bring the next."""
    visitor.field.evaluate("field => [1, 2, 3].forEach(() => field.form.requestSubmit())")


@pytest.mark.parametrize("press", [enter_three_times, enter_that_bounces])
def test_pressing_enter_three_times_sends_once(alice, monkeypatch, press):
    slowly(monkeypatch)
    alice.page.keyboard.type("only once", delay=A_KEY)
    press(alice)
    expect(alice.field).to_have_value("")
    type_fast(alice, "and this")
    expect(lines(alice)).to_have_text(["only once", "and this"])
    expect(forms(alice)).to_have_count(1)
    assert said() == ["only once", "and this"]
    assert alice.console == []


def test_enter_in_a_sent_field_posts_what_was_added_however_long_the_next_composer_takes(alice):
    on_its_way = []
    alice.page.route(re.compile(r"/composer/2/"), lambda route: on_its_way.append(route))
    alice.page.keyboard.type("one", delay=A_KEY)
    alice.page.keyboard.press("Enter")
    expect(lines(alice)).to_have_text(["one"])
    alice.page.wait_for_timeout(700)  # a person's pause
    alice.page.keyboard.type("two", delay=A_KEY)
    alice.page.keyboard.press("Enter")
    expect(lines(alice)).to_have_text(["one", "two"])
    alice.page.wait_for_timeout(300)  # in which an answer to the form would have come
    expect(alice.page.get_by_text("already used")).to_have_count(0)
    on_its_way.pop().continue_()
    expect(forms(alice)).to_have_count(1)
    expect(alice.field).to_have_value("")
    assert said() == ["one", "two"]


# Network failures


def test_text_written_offline_is_kept_and_sent_once_on_request(alice):
    alice.context.set_offline(True)
    enter(alice, "written in a tunnel")
    form = left_behind(alice)
    expect(form.get_by_text("not sent")).to_be_visible()
    expect(text_field(form)).to_have_value("written in a tunnel")
    alice.context.set_offline(False)
    try_again(form)
    expect(lines(alice)).to_have_text(["written in a tunnel"])
    expect(forms(alice)).to_have_count(1)
    # The form with the focus is gone; the next Tab focuses the message field.
    alice.page.keyboard.press("Tab")
    expect(alice.field).to_be_focused()
    assert said() == ["written in a tunnel"]


def test_retrying_does_not_double_a_message_that_had_arrived(alice):
    alice.page.route(SEND, lambda route: (route.fetch(), route.abort()))
    enter(alice, "arrived, but the answer was lost")
    form = left_behind(alice)
    expect(form.get_by_text("not sent")).to_be_visible()
    assert said() == ["arrived, but the answer was lost"]
    alice.page.unroute(SEND)
    try_again(form)
    expect(forms(alice)).to_have_count(1)
    expect(lines(alice)).to_have_text(["arrived, but the answer was lost"])
    assert said() == ["arrived, but the answer was lost"]


def test_one_failed_message_does_not_delay_the_others(alice):
    alice.page.route(SEND, lambda route: fail_if(route, "two"))
    for text in ("one", "two", "three", "four"):
        enter(alice, text)
    expect(lines(alice)).to_have_text(["one", "three", "four"])
    form = left_behind(alice)
    expect(text_field(form)).to_have_value("two")
    expect(form.get_by_text("not sent")).to_be_visible()
    alice.page.unroute(SEND)
    try_again(form)
    # Sent again within seconds, it takes its place; later, it would come last.
    expect(lines(alice)).to_have_text(["one", "two", "three", "four"])
    expect(forms(alice)).to_have_count(1)


def fail_if(route, text):
    if f"text={text}" in route.request.post_data:
        route.fulfill(status=503, body="the proxy speaks")
    else:
        route.continue_()


def test_a_database_that_cannot_write_is_explained_until_it_can(alice, monkeypatch):
    with monkeypatch.context() as broken:
        broken.setattr(Membership, "send", busy)
        enter(alice, "to a busy database")
        expect(alice.page.get_by_role("alert").get_by_text("couldn’t save this")).to_be_visible()
        expect(left_behind(alice).get_by_text("not sent")).to_be_visible()
    try_again(left_behind(alice))
    expect(lines(alice)).to_have_text(["to a busy database"])
    expect(alice.page.locator("#notice")).to_be_empty()
    expect(alice.page).to_have_title("Reading club · Parlour")


def busy(*args, **kwargs):
    raise OperationalError("database is locked")


def test_if_the_next_composer_fails_to_load_writing_is_still_possible(alice):
    alice.page.route(re.compile(r"/composer/\d+/"), lambda route: route.abort())
    alice.field.fill("the last one today")
    alice.field.press("Enter")
    alice.reads("the last one today")
    alice.page.get_by_role("link", name="Write a message").click()
    expect(alice.field).to_be_focused()


@pytest.mark.parametrize("cookie", [None, "x" * 32], ids=["gone", "replaced"])
def test_a_page_with_an_expired_token_recovers(alice, cookie):
    enter(alice, "first")
    alice.reads("first")
    alice.context.clear_cookies(name="csrf")
    if cookie:
        alice.context.add_cookies([{"name": "csrf", "value": cookie, "url": alice.server}])
    enter(alice, "after a long night")
    form = left_behind(alice)
    expect(text_field(form)).to_have_value("after a long night")
    expect(text_field(form)).to_have_accessible_description(re.compile("open for a long time"))
    assert said() == ["first"]
    enter(alice, "typed after that")
    expect(lines(alice)).to_have_text(["first", "typed after that"])
    try_again(form)
    # Sent again within seconds, it takes its place.
    expect(lines(alice)).to_have_text(["first", "after a long night", "typed after that"])
    expect(forms(alice)).to_have_count(1)
    assert quiet(alice) == []


# Refusals


@pytest.mark.parametrize(
    ("text", "reason"),
    [("   ", "Write something first"), ("zero\x00zero", "can’t be shown"), ("x" * 4001, "1 character too long")],
    ids=["blank", "nul", "too-long"],
)
def test_a_refusal_is_shown_with_the_text_and_changes_no_draft(alice, held, text, reason):
    enter(alice, text)
    alice.page.keyboard.type("typed ahead")
    held.pop().continue_()
    field = text_field(left_behind(alice))
    expect(field).to_have_accessible_description(re.compile(reason))
    expect(field).to_have_value(text)
    expect(alice.field).to_have_value("typed ahead")
    expect(alice.field).to_be_focused()
    assert said() == []
    field.fill("mended")
    field.press("Enter")
    held_one(alice, held).continue_()
    expect(lines(alice)).to_have_text(["mended"])
    expect(forms(alice)).to_have_count(1)
    expect(alice.field).to_have_value("typed ahead")
    assert quiet(alice) == []


def held_one(visitor, held):
    """The next send request that is held back."""
    deadline = time.monotonic() + IN_TIME / 1000
    while not held and time.monotonic() < deadline:
        visitor.page.wait_for_timeout(20)
    return held.pop()


@EITHER_WAY
def test_without_javascript_a_refusal_keeps_the_text(visitor, javascript):
    bob = visitor(javascript).enter(nickname="Bob")
    bob.field.fill("   ")
    bob.field.press("Enter")
    expect(bob.writing.get_by_text("Write something first")).to_be_visible()
    expect(text_field(forms(bob).first)).to_have_value("   ")
    expect(bob.field).to_be_focused()
    if not javascript:
        expect(bob.field).to_have_attribute("aria-invalid", "true")
        expect(bob.field).to_have_accessible_description(re.compile("Write something first"))
    assert said() == []
    bob.send("now with words")
    bob.reads("now with words")
    assert quiet(bob) == []


def test_a_message_to_a_locked_room_is_refused_and_sent_after_unlocking(alice):
    room = Room.objects.get()
    alice.field.fill("a draft from before")
    room.lock()
    expect(alice.page.locator("#state").get_by_text("This room is locked")).to_be_visible()
    expect(alice.field).to_have_value("a draft from before")
    alice.field.press("Enter")
    field = text_field(left_behind(alice))
    expect(field).to_have_accessible_description(re.compile("locked"))
    expect(field).to_have_value("a draft from before")
    # With nothing typed, the sentence replaces the field.
    expect(alice.page.locator("#composer form").last).to_be_hidden()
    room.unlock()
    expect(alice.field).to_be_visible()
    expect(alice.page.locator("#state")).to_be_empty()
    try_again(left_behind(alice))
    expect(lines(alice)).to_have_text(["a draft from before"])
    assert quiet(alice) == []


def test_without_javascript_a_locked_room_says_so_instead_of_the_composer(visitor):
    alice = visitor(javascript=False).enter()
    room = Room.objects.get()
    alice.field.fill("a draft from before")
    room.lock()
    alice.field.press("Enter")
    expect(alice.field).to_have_accessible_description(re.compile("locked"))
    expect(alice.field).to_have_value("a draft from before")
    room.unlock()
    alice.field.press("Enter")
    alice.reads("a draft from before")
    assert said() == ["a draft from before"]


# One line, several lines


@EITHER_WAY
def test_the_draft_is_kept_when_switching_to_several_lines_and_back(visitor, javascript):
    alice = visitor(javascript).enter()
    alice.field.fill("A list:")
    alice.toggle()
    expect(alice.writing.locator("textarea")).to_be_focused()
    expect(alice.field).to_have_value("A list:")
    alice.field.press("End")
    alice.field.press("Enter")
    alice.field.press_sequentially("milk")
    expect(alice.field).to_have_value("A list:\nmilk")
    assert said() == []
    alice.toggle()
    expect(alice.writing.locator("input[name=text]")).to_have_value("A list: milk")
    expect(alice.field).to_be_focused()
    assert alice.console == []


def test_the_cursor_position_is_kept_when_switching(alice):
    alice.page.keyboard.type("one three")
    for _ in "three":
        alice.page.keyboard.press("ArrowLeft")
    alice.toggle()
    expect(alice.writing.locator("textarea")).to_be_focused()
    alice.page.keyboard.type("two ")
    expect(alice.field).to_have_value("one two three")
    alice.toggle()
    expect(alice.writing.locator("input[name=text]")).to_be_focused()
    alice.page.keyboard.type("and ")
    expect(alice.field).to_have_value("one two and three")


def test_the_text_stays_if_the_server_goes_while_it_answers_a_switch(alice):
    """Over http, browsers take an answer that ends within its headers for an empty one."""
    alice.page.route(re.compile(r"/composer/$"), lambda route: route.fulfill(status=200, body=""))
    alice.field.fill("A list:")
    with alice.page.expect_response(re.compile(r"/composer/$")):
        alice.toggle()
    alice.page.unroute(re.compile(r"/composer/$"))
    expect(alice.field).to_have_value("A list:")
    alice.toggle()
    expect(alice.writing.locator("textarea")).to_have_value("A list:")


@EITHER_WAY
def test_several_lines_are_sent_by_the_button_and_the_mode_stays(visitor, javascript):
    alice = visitor(javascript).enter()
    alice.toggle()
    expect(alice.writing.locator("textarea")).to_be_visible()
    for text in ("roses are red\nviolets are blue", "sugar is sweet\n\nand so are you"):
        alice.field.fill(text)
        alice.writing.get_by_role("button", name="Send", exact=True).click()
        alice.reads(text.splitlines()[-1])
        expect(alice.field).to_have_value("")
        expect(alice.writing.locator("textarea")).to_have_count(1)
    assert said() == ["roses are red\nviolets are blue", "sugar is sweet\n\nand so are you"]
    assert lines(alice).first.inner_text() == "roses are red\nviolets are blue"
    assert alice.console == []


# Without JavaScript


def test_without_javascript_the_draft_and_the_focus_stay_while_others_write(visitor):
    alice, bob = visitor(javascript=False).enter(), visitor().enter(nickname="Bob")
    alice.field.click()
    alice.page.keyboard.type("half a sent")
    for text in ("Are you there?", "Hello?"):
        bob.send(text)
        alice.reads(text)
    expect(alice.field).to_be_focused()
    alice.page.keyboard.type("ence, and the rest")
    expect(alice.field).to_have_value("half a sentence, and the rest")
    alice.page.keyboard.press("Enter")
    bob.reads("half a sentence, and the rest")


def test_without_javascript_several_messages_are_typed_without_a_click(visitor):
    alice = visitor(javascript=False).enter()
    alice.field.click()
    for text in ("one", "two", "three"):
        alice.page.keyboard.type(text)
        expect(alice.field).to_have_value(text)
        alice.page.keyboard.press("Enter")
        expect(alice.field).to_have_value("")
        expect(alice.field).to_be_focused()
    expect(lines(alice)).to_have_text(["one", "two", "three"])
    assert alice.console == []
