"""The typing indicator in a browser."""

import re
from contextlib import suppress

from playwright.sync_api import expect

from chat.gate import typing_indicator as gate_typing
from chat.models import Participant
from chat.realtime import typing_indicator
from tests.support.browsing import say

IN_TIME = 4_000  # milliseconds


def indicator_of(visitor):
    return visitor.page.locator("#typing")


def test_a_reader_sees_the_typist_until_the_message_is_sent(visitor):
    ann, ben = visitor().enter(nickname="Ann"), visitor().enter(nickname="Ben")
    ben.page.wait_for_timeout(300)
    ann.field.press_sequentially("Middle", delay=50)
    expect(indicator_of(ben)).to_have_text("Ann is typing", timeout=IN_TIME)
    expect(indicator_of(ann).locator("span")).to_be_hidden()
    ann.field.press_sequentially("march", delay=50)
    ann.field.press("Enter")
    ben.reads("Middlemarch")
    expect(indicator_of(ben)).to_be_empty()
    signs = [request for request in ann.requests if "/typing/" in request.url]
    assert len(signs) == 1, "one in five seconds"
    ann.reads("Middlemarch")
    assert ann.console == ben.console == []


def test_the_indicator_moves_nothing_and_disappears_if_not_renewed(visitor, monkeypatch):
    monkeypatch.setattr(gate_typing, "WAKE_INTERVAL", 30)  # as if no further update came
    bob = Participant.objects.create().enter("Bob", room="Reading club")
    ann = visitor().enter(nickname="Ann")
    say(bob, "hello")
    ann.reads("hello")
    place = ann.page.locator("#composer").bounding_box()
    typing_indicator.record_typing(bob)
    expect(indicator_of(ann).locator("span")).to_be_visible()
    assert ann.page.locator("#composer").bounding_box() == place
    ann.page.route(re.compile("/changes/"), lambda route: route.abort())
    expect(indicator_of(ann).locator("span")).to_be_hidden(timeout=30_000)


def test_two_typists_see_only_each_other(visitor):
    ann, ben = visitor().enter(nickname="Ann"), visitor().enter(nickname="Ben")
    cy = visitor().enter(nickname="Cy")
    both = indicator_of(cy).locator("[data-typing]").filter(has_text="Ann and Ben are typing")
    for _attempt in range(10):  # a busy machine may take longer than the indicator lasts
        for who in (ann, ben):
            who.field.press_sequentially("words ", delay=20)
        with suppress(AssertionError):
            expect(both).to_be_visible(timeout=3_000)
            break
    expect(both).to_be_visible()
    for who, other in ((ann, "Ben"), (ben, "Ann")):
        expect(indicator_of(who).get_by_text(f"{other} is typing")).to_be_visible()
        expect(indicator_of(who).locator("span").filter(visible=True)).to_have_count(1)


def test_an_unanswered_typing_request_does_not_delay_messages(visitor):
    ann = visitor().enter(nickname="Ann")
    ann.page.route(re.compile("/typing/"), lambda route: None)
    for text in ("first", "second"):
        ann.send(text)
        ann.reads(text)
    assert any("/typing/" in request.url for request in ann.requests)
    assert ann.console == []
