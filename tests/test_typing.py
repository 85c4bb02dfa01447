"""The typing indicator: kept in memory only, sent soon but not often, and never about the reader."""

import re
import time
from itertools import pairwise

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from chat.gate import typing_indicator as gate_typing
from chat.models import Membership, Message
from chat.realtime import pubsub, typing_indicator
from tests.support.reading import held, until

LINE = re.compile(r'<div hx-swap-oob="innerHTML:#typing">(.*?)</div>', re.DOTALL)
SENTENCE = re.compile(r"<span( .*?)>(.*?)</span>")


def type_in(who, room):
    return who.post(f"/rooms/{room.slug}/typing/", headers={"HX-Request": "true"})


def indicator(answer):
    """The sentence about all typists; "" if nobody types; None if the answer has no typing indicator."""
    found = LINE.search(answer.content.decode() if hasattr(answer, "client") else answer.text)
    return found and re.sub(r"<.*?>", "", next(iter(SENTENCE.findall(found[1])), ("", ""))[1])


def poll(who, room, ago=2):
    """Poll as a page that received its last answer so many seconds ago."""
    query = {"since": 1, "from": 1, "at": int(time.time()) - ago, "log": room.incarnation}
    return who.get(f"/rooms/{room.slug}/changes/", query)


# What it says


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        (["Ann"], "Ann is typing"),
        (["Ann", "Ben"], "Ann and Ben are typing"),
        (["Ann", "Ben", "Cy"], "Several people are typing"),
        (["Ann", "Ben", "Cy", "Dot"], "Several people are typing"),
    ],
)
def test_the_indicator_says_who_types(alice, person, room, names, sentence):
    for name in names:
        assert type_in(person(room.name, name), room).status_code == 204
    assert indicator(poll(alice, room)) == sentence


def test_a_report_after_a_pause_shows_no_one_as_typing(alice, bob, room):
    bob.type(room, "half a sentence", paused="1")
    assert not indicator(poll(alice, room))
    bob.type(room, "half a sentence, and")
    assert indicator(poll(alice, room)) == "Bob is typing"


def test_typists_see_the_other_typists(alice, bob, room):
    """All readers get the same sentences; each reader's stylesheet shows one of them."""
    for who in (alice, bob):
        type_in(who, room)
    a, b = alice.membership.pk, bob.membership.pk
    sentences = SENTENCE.findall(LINE.search(poll(alice, room).content.decode())[1])
    assert [(attribute.strip(), re.sub("<.*?>", "", words)) for attribute, words in sentences] == [
        (f'data-typing="{a} {b}"', "Alice and Bob are typing"),
        (f'data-without="{a}"', "Bob is typing"),
        (f'data-without="{b}"', "Alice is typing"),
    ]
    sheet = alice.get(f"/rooms/{room.slug}/reader.css").content.decode()
    assert f'[data-typing~="{a}"]{{display:none}}' in sheet
    assert f'[data-without="{a}"]{{display:inline}}' in sheet
    assert f'"{b}"' not in sheet


def test_nicknames_are_escaped(alice, person, room):
    type_in(person(room.name, "<b>Ann & Co"), room)
    assert "<bdi>&lt;b&gt;Ann &amp; Co</bdi> is typing" in poll(alice, room).content.decode()


def test_typing_writes_nothing_to_the_log_or_the_database(alice, bob, room):
    bob.get(room.get_absolute_url())
    Membership.objects.update(seen_at="2020-01-01T00:00Z")
    with CaptureQueriesContext(
        connection,
    ) as asked:
        type_in(bob, room)
    assert [query["sql"] for query in asked if not query["sql"].startswith("SELECT")] == []
    assert "is typing" in poll(alice, room).content.decode()
    assert "is typing" not in alice.get(room.get_absolute_url()).content.decode()
    assert Message.objects.filter(event="").count() == 0


def test_two_people_who_type_at_once_do_not_overwrite_each_other(alice, bob, carol, room, monkeypatch):
    """Both read the typists before either has written, so neither knows of the other."""
    type_in(alice, room)
    with monkeypatch.context() as stale:
        stale.setattr(typing_indicator, "_slots", lambda room: {})
        type_in(bob, room)
    assert indicator(poll(carol.join(room.name, "Carol") and carol, room)) == "Alice and Bob are typing"


def test_only_the_first_of_many_typists_are_recorded(alice, person, room):
    for n in range(typing_indicator.MAX_TYPISTS + 2):
        type_in(person(room.name, f"Guest {n}"), room)
    assert len(typing_indicator.current_typists(room.pk, room.incarnation)) == typing_indicator.MAX_TYPISTS


# When it ends


def test_typing_ends_with_the_message(alice, bob, room):
    type_in(bob, room)
    bob.send(room, "Here it is")
    assert indicator(poll(alice, room)) == ""


def test_typing_ends_by_itself(alice, bob, room, monkeypatch):
    monkeypatch.setattr(typing_indicator, "TYPING_SECONDS", 0.2)
    type_in(bob, room)
    assert indicator(poll(alice, room)) == "Bob is typing"
    time.sleep(0.3)
    assert indicator(poll(alice, room)) == ""
    assert indicator(poll(alice, room, ago=-2)) is None, "the end was sent by now"


def test_without_typists_no_indicator_is_sent(alice, room):
    assert indicator(poll(alice, room)) is None


# When it is not sent


def test_typing_in_a_locked_room_is_ignored(alice, bob, room):
    room.lock()
    assert type_in(bob, room).status_code == 204
    assert indicator(poll(alice, room)) is None


def test_typing_of_a_muted_member_is_ignored(alice, bob, room):
    bob.membership.set_muted(True)
    bob.post(f"/rooms/{room.slug}/typing/")
    assert typing_indicator.current_typists(room.pk, room.incarnation) == ()


def test_the_indicator_can_be_switched_off(alice, bob, room, settings):
    type_in(bob, room)
    settings.TYPING = False
    assert type_in(bob, room).status_code == 204
    assert indicator(poll(alice, room)) is None
    assert 'id="typing"' not in alice.get(room.get_absolute_url()).content.decode()


def test_switched_off_typing_is_not_recorded_and_wakes_no_poll(alice, bob, room, settings, monkeypatch):
    told = []
    monkeypatch.setattr(pubsub, "publish_typing", told.append)
    settings.TYPING = False
    type_in(alice, room)
    settings.TYPING = True
    assert (typing_indicator.current_typists(room.pk, room.incarnation), told) == ((), [])
    type_in(bob, room)
    assert told == [room.pk]


def test_former_members_neither_see_typists_nor_type(alice, carol, room):
    type_in(alice, room)
    assert indicator(poll(carol, room)) is None
    assert type_in(carol, room).status_code == 403


def test_a_member_removed_while_the_typists_are_read_does_not_get_them(alice, bob, room, monkeypatch):
    def meanwhile(*arguments, read=typing_indicator.last_typing):
        monkeypatch.undo()
        bob.membership.remove()
        typing_indicator.record_typing(alice.membership)
        return read(*arguments)

    monkeypatch.setattr(typing_indicator, "last_typing", meanwhile)
    version = bob.membership.room.version  # no new messages, so that the room is not read again for them
    query = {"since": version, "from": version, "at": 0, "log": room.incarnation}
    answer = bob.get(f"/rooms/{room.slug}/changes/", query)
    assert answer.status_code == 286
    assert "is typing" not in answer.content.decode()


def test_typing_is_rate_limited_per_person(alice, room, settings):
    settings.LIMIT_TYPING_PERSON = "1/3600"
    assert [type_in(alice, room).status_code for _ in range(2)] == [204, 429]


def test_a_page_with_an_old_csrf_token_gets_a_new_one_without_a_notice(person):
    alice = person(enforce_csrf_checks=True)
    alice.get("/")
    csrf = {"csrfmiddlewaretoken": alice.cookies["csrf"].value}
    alice.join("Reading club", "Alice", **csrf)
    answer = alice.post("/rooms/reading-club/typing/", headers={"HX-Request": "true", "Origin": "http://testserver"})
    assert answer.status_code == 422
    assert 'id="csrf"' in answer.content.decode()
    assert "notice" not in answer.content.decode()


# With the gate


@pytest.fixture
def up_to_date(ann, ben):
    """Ann's page has all messages, so only a typist ends her poll."""
    ann.since = Membership.objects.get(nickname="Ann").room.version
    return ann


def test_a_held_poll_is_answered_at_once_and_followed_by_the_next(up_to_date, ben, gate, meanwhile, asked_django):
    asked = meanwhile(up_to_date.ask)
    held(gate)
    assert ben.write(f"{ben.path}typing/").status_code == 204
    answer = asked.result(3)
    assert indicator(answer) == "Ben is typing"
    assert answer.headers["HX-Trigger"] == "asked"
    assert asked_django == []


def test_a_reader_between_two_polls_gets_the_indicator_with_the_next(up_to_date, ben, gate, meanwhile):
    ben.write(f"{ben.path}typing/")
    room = gate.hub.rooms.by_id[ben.member.room_id]
    until(lambda: room.sidebar.shows("typing"))
    began, at = time.time(), int(time.time()) - 2
    asked = up_to_date.ask(up_to_date.query(at=at))
    assert indicator(asked) == "Ben is typing"
    assert time.time() - began < 1


def test_a_reader_is_woken_at_most_once_in_an_interval(up_to_date, ben, reader, gate, meanwhile, monkeypatch):
    assert gate_typing.WAKE_INTERVAL == 3
    monkeypatch.setattr(gate_typing, "WAKE_INTERVAL", 1.5)
    others = [reader(name).member for name in ("Cy", "Dot", "Eve", "Fay")]
    up_to_date.since = Membership.objects.get(nickname="Fay").room.version
    told = []

    def follow():
        at = int(time.time())
        while time.monotonic() < end:
            answer = up_to_date.ask(up_to_date.query(at=at))
            at = re.search(r'name="at" value="(\d+)"', answer.text)[1]
            if LINE.search(answer.text):
                told.append((time.monotonic(), indicator(answer)))

    end = time.monotonic() + 4
    following = meanwhile(follow)
    held(gate)
    for member in others:
        typing_indicator.record_typing(member)
        time.sleep(0.4)
    time.sleep(max(0, end - time.monotonic()))
    ben.send("which ends the last hold")
    following.result(20)
    moments = [moment for moment, _ in told]
    gaps = [after - before for before, after in pairwise(moments)]
    assert [sentence for _, sentence in told][:2] == ["Cy is typing", "Several people are typing"]
    assert min(gaps) > 1.5 - 0.3, gaps


def test_the_message_and_the_end_of_typing_come_in_one_answer(up_to_date, ben, gate, meanwhile):
    ben.write(f"{ben.path}typing/")
    room = gate.hub.rooms.by_id[ben.member.room_id]
    until(lambda: room.sidebar.shows("typing"))
    time.sleep(1.1)
    asked = meanwhile(up_to_date.ask)
    held(gate)
    ben.send("Here it is")
    answer = asked.result(3)
    assert "Here it is" in answer.text
    assert indicator(answer) == ""


def test_the_indicator_is_cleared_when_nobody_types(up_to_date, ben, gate, meanwhile, monkeypatch):
    monkeypatch.setattr(gate_typing, "WAKE_INTERVAL", 0.5)
    monkeypatch.setattr(typing_indicator, "TYPING_SECONDS", 1)
    ben.write(f"{ben.path}typing/")
    told, end = [], time.monotonic() + 10
    while "" not in told and time.monotonic() < end:
        told.append(indicator(up_to_date.ask()))
    assert {"Ben is typing", ""} <= set(told)
    until(lambda: not gate.hub.typing.following)


def test_a_former_member_does_not_get_the_indicator(up_to_date, ben, gate, meanwhile):
    asked = meanwhile(up_to_date.ask)
    held(gate)
    up_to_date.member.leave()
    ben.write(f"{ben.path}typing/")
    assert indicator(asked.result(3)) is None
    assert indicator(up_to_date.ask()) is None


def test_messages_arrive_while_the_typists_cannot_be_read(up_to_date, ben, gate, meanwhile, monkeypatch):
    def away(*arguments):
        raise OSError("away")

    monkeypatch.setattr(gate.hub.typing, "typing_part", away)
    ben.write(f"{ben.path}typing/")
    until(lambda: not gate.hub.typing.following)
    asked = meanwhile(up_to_date.ask)
    held(gate)
    ben.send("never mind")
    assert "never mind" in asked.result(3).text


# In a browser
