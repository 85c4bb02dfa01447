"""Drafts in a browser: what was typed comes back after a reload, Back and on another device, until it is sent."""

import re

import pytest
from playwright.sync_api import expect

from chat.models import Message, Participant
from tests.support.browsing import lines

TYPING = re.compile(r"/typing/$")
PAUSE = 2_000  # milliseconds after the last letter until a page reports the rest
A_KEY = 30  # milliseconds from key to key


@pytest.fixture
def alice(visitor):
    return visitor().enter()


def reports(visitor):
    """The text of each report so far."""
    return [request.post_data_json["text"] for request in visitor.requests if TYPING.search(request.url)]


def type_and_wait(visitor, text):
    """Type the text and wait until all of it is reported."""
    with visitor.page.expect_response(lambda answer: is_report(answer.request, text)):
        visitor.field.press_sequentially(text, delay=A_KEY)


def is_report(request, text):
    return TYPING.search(request.url) and request.post_data_json["text"] == text


def second_device(visitor, first):
    """The same person's other browser, in the room."""
    other = visitor()
    other.context.add_cookies(first.context.cookies())
    other.page.goto(first.page.url)
    return other


def test_the_browser_keeps_no_messages_in_its_history_of_forms(alice):
    assert alice.page.evaluate("typeof htmx") == "object"
    expect(alice.field).to_have_attribute("autocomplete", "off")
    alice.send("hello")
    alice.reads("hello")
    expect(alice.field).to_have_attribute("autocomplete", "off")
    alice.toggle()
    expect(alice.page.locator("#composer textarea")).to_have_attribute("autocomplete", "off")


def test_a_draft_comes_back_after_a_reload(alice):
    type_and_wait(alice, "half a sentence ")
    alice.page.reload()
    expect(alice.field).to_have_value("half a sentence ")
    expect(alice.field).to_be_focused()
    alice.page.keyboard.press("End")
    alice.page.keyboard.type("and the rest")
    alice.page.keyboard.press("Enter")
    alice.reads("half a sentence and the rest")
    alice.page.reload()
    expect(alice.field).to_have_value("")
    assert alice.console == []


def test_a_draft_comes_back_with_back(alice):
    alice.send("one")
    alice.reads("one")
    type_and_wait(alice, "typed in the second composer")
    alice.page.get_by_role("link", name="All members").first.evaluate("link => link.click()")
    alice.page.wait_for_url(re.compile("/members/"))
    alice.page.go_back()
    expect(alice.field).to_have_value("typed in the second composer")
    alice.field.press("Enter")
    alice.reads("typed in the second composer")
    assert lines(alice).all_inner_texts() == ["one", "typed in the second composer"]


def test_several_lines_come_back_on_another_device(alice, visitor):
    alice.toggle()
    expect(alice.page.locator("#composer textarea")).to_be_focused()
    alice.field.press_sequentially("one", delay=A_KEY)
    alice.field.press("Enter")
    with alice.page.expect_response(lambda answer: is_report(answer.request, "one\ntwo")):
        alice.field.press_sequentially("two", delay=A_KEY)
    phone = second_device(visitor, alice)
    expect(phone.field).to_have_value("one\ntwo")
    phone.page.locator("#composer .send").click()
    phone.reads("one")
    alice.page.reload()
    expect(alice.field).to_have_value("")


def test_without_javascript_a_draft_of_another_device_comes_back_until_it_is_sent(alice, visitor):
    type_and_wait(alice, "half a sentence")
    phone = visitor(javascript=False)
    phone.context.add_cookies(alice.context.cookies())
    phone.page.goto(alice.page.url)
    expect(phone.field).to_have_value("half a sentence")
    phone.field.press("End")
    phone.field.press_sequentially(", completed")
    phone.field.press("Enter")
    phone.reads("half a sentence, completed")
    expect(phone.field).to_have_value("")


def test_an_emptied_field_stays_empty(alice):
    type_and_wait(alice, "half a sentence")
    with alice.page.expect_response(lambda answer: is_report(answer.request, "")):
        alice.field.fill("")
    alice.page.reload()
    expect(alice.field).to_have_value("")


def test_discarded_letters_stay_away(alice):
    """They were typed into a form that was sent, while the next one was on its way."""
    held = []
    alice.page.route(re.compile("/composer/2/"), lambda route: held.append(route))
    alice.field.fill("one")
    alice.field.press("Enter")
    alice.field.press_sequentially("tw")
    held[0].continue_()
    letters = alice.page.locator("#carried-2")
    expect(letters).to_contain_text("tw")
    alice.page.wait_for_timeout(2 * PAUSE)  # They are saved.
    alice.page.get_by_role("button", name="Discard “tw”").click()
    expect(letters).to_be_empty()
    alice.page.wait_for_timeout(2 * PAUSE)
    alice.page.reload()
    expect(alice.field).to_have_value("")


def test_only_the_newest_form_is_reported(alice):
    alice.page.route(re.compile(r"/send/$"), lambda route: None)
    alice.field.fill("on its way")
    alice.field.press("Enter")
    expect(alice.field).to_have_value("")
    type_and_wait(alice, "the next")
    last = [request.post_data for request in alice.requests if TYPING.search(request.url)][-1]
    assert (last.count("text="), "on+its+way" in last, "on%20its%20way" in last) == (1, False, False)
    left = alice.page.locator("#composer form:not(:last-of-type) [name=text]")
    expect(left).to_have_value("on its way")
    alice.page.reload()
    expect(alice.field).to_have_value("the next")
    expect(left).to_have_count(0)


# Requests


def test_typing_without_a_pause_takes_one_report_and_a_pause_one_more(alice):
    type_and_wait(alice, "h")
    alice.page.wait_for_timeout(2 * PAUSE)
    assert reports(alice) == ["h"], "a single letter is not reported twice"
    alice.field.press_sequentially("alf", delay=A_KEY)
    alice.page.wait_for_timeout(2 * PAUSE)
    assert reports(alice) == ["h", "half"]
    alice.page.wait_for_timeout(2 * PAUSE)
    alice.field.press_sequentially(" a sentence", delay=A_KEY)
    alice.page.wait_for_timeout(2 * PAUSE)
    assert reports(alice)[2:] == ["half ", "half a sentence"]


def test_a_message_typed_and_sent_takes_one_report(alice):
    alice.field.press_sequentially("a whole sentence", delay=A_KEY)
    alice.field.press("Enter")
    alice.reads("a whole sentence")
    alice.page.wait_for_timeout(2 * PAUSE)
    assert reports(alice) == ["a"]


def test_the_next_message_is_reported_after_the_first_was_sent(alice):
    alice.send("the first")
    expect(alice.field).to_have_value("")  # the next field
    type_and_wait(alice, "the next")
    assert reports(alice) == ["the first", "the next"]


def test_a_report_after_a_pause_says_so(alice):
    type_and_wait(alice, "half a sentence")
    first, second = (request.post_data_json for request in alice.requests if TYPING.search(request.url))
    assert "paused" not in first
    assert second["paused"] == "1"


def test_a_report_that_was_refused_is_silent_and_later_ones_arrive(alice, settings):
    settings.LIMIT_TYPING_PERSON = "1/3600"
    alice.field.press_sequentially("half", delay=A_KEY)
    alice.page.wait_for_event("response", lambda answer: TYPING.search(answer.url) and answer.status == 429)
    expect(alice.page.locator("#notice")).to_be_empty()
    settings.LIMIT_TYPING_PERSON = "60/60"
    with alice.page.expect_response(lambda answer: is_report(answer.request, "half a sentence")):
        alice.field.press_sequentially(" a sentence", delay=A_KEY)
    alice.page.reload()
    expect(alice.field).to_have_value("half a sentence")


@pytest.mark.parametrize("stop", ["no connection", "the proxy says that the server is down"])
def test_what_was_typed_without_a_server_becomes_a_draft_once_it_is_back(alice, stop):
    alice.page.clock.install()
    alice.page.route(TYPING, lambda route: route.abort() if stop == "no connection" else route.fulfill(status=502))
    with alice.page.expect_event("requestfinished" if "proxy" in stop else "requestfailed", paused_report):
        alice.field.press_sequentially("in a tunnel", delay=A_KEY)
        alice.page.clock.run_for(2 * PAUSE)
    alice.page.unroute(TYPING)
    with alice.page.expect_response(lambda answer: is_report(answer.request, "in a tunnel")):
        alice.page.clock.run_for(30_000)
    alice.page.reload()
    expect(alice.field).to_have_value("in a tunnel")


def paused_report(request):
    return TYPING.search(request.url) and "paused" in request.post_data_json


def test_reports_arrive_in_order_although_the_first_is_slow(alice):
    held = []
    alice.page.route(TYPING, lambda route: route.continue_() if held else held.append(route))
    alice.field.press_sequentially("half a sentence", delay=A_KEY)
    alice.page.wait_for_timeout(2 * PAUSE)
    assert len(reports(alice)) == 1, "the second waits for the first"
    with alice.page.expect_response(lambda answer: is_report(answer.request, "half a sentence")):
        held[0].continue_()


def test_an_old_csrf_token_loses_only_one_report(alice):
    alice.page.locator("#csrf").evaluate("field => field.value = 'x'.repeat(64)")
    alice.page.locator("#composer form [name=csrfmiddlewaretoken]").evaluate("field => field.remove()")
    type_and_wait(alice, "half a sentence")
    alice.page.reload()
    expect(alice.field).to_have_value("half a sentence")


def test_drafts_of_two_rooms_do_not_meet(alice, visitor):
    type_and_wait(alice, "in the first room")
    participant = Participant.objects.get()
    other = participant.enter("Alice", room="Elsewhere").room
    first = alice.page.url
    alice.page.goto(alice.server + other.get_absolute_url())
    expect(alice.field).to_have_value("")
    alice.send("in the second")
    alice.reads("in the second")
    alice.page.goto(first)
    expect(alice.field).to_have_value("in the first room")
    assert Message.objects.filter(event="").count() == 1
