"""Who is typing: told from memory alone, soon but seldom, to everybody but those who type."""

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


def types(who, room):
    return who.post(f"/rooms/{room.slug}/typing/", headers={"HX-Request": "true"})


def line(answer):
    """The sentence for those who do not type, "" where nobody does, None where the answer does not speak of it."""
    found = LINE.search(answer.content.decode() if hasattr(answer, "client") else answer.text)
    return found and re.sub(r"<.*?>", "", next(iter(SENTENCE.findall(found[1])), ("", ""))[1])


def poll(who, room, ago=2):
    """As a page that was told so many seconds ago."""
    return who.get(f"/rooms/{room.slug}/changes/", {"since": 1, "from": 1, "at": int(time.time()) - ago})


# What is said


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        (["Ann"], "Ann is typing"),
        (["Ann", "Ben"], "Ann and Ben are typing"),
        (["Ann", "Ben", "Cy"], "Several people are typing"),
        (["Ann", "Ben", "Cy", "Dot"], "Several people are typing"),
    ],
)
def test_the_line_says_who_types(alice, person, room, names, sentence):
    for name in names:
        assert types(person(room.name, name), room).status_code == 204
    assert line(poll(alice, room)) == sentence


def test_whoever_types_reads_of_the_others(alice, bob, room):
    """All are sent the same sentences: the stylesheet of each chooses."""
    for who in (alice, bob):
        types(who, room)
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


def test_a_name_is_no_markup(alice, person, room):
    types(person(room.name, "<b>Ann & Co"), room)
    assert "<bdi>&lt;b&gt;Ann &amp; Co</bdi> is typing" in poll(alice, room).content.decode()


def test_nothing_of_it_is_in_the_log_or_in_the_database(alice, bob, room):
    bob.get(room.get_absolute_url())
    Membership.objects.update(seen_at="2020-01-01T00:00Z")
    with CaptureQueriesContext(
        connection,
    ) as asked:
        types(bob, room)
    assert [query["sql"] for query in asked if not query["sql"].startswith("SELECT")] == []
    assert "is typing" in poll(alice, room).content.decode()
    assert "is typing" not in alice.get(room.get_absolute_url()).content.decode()
    assert Message.objects.filter(event="").count() == 0


def test_two_who_type_in_the_same_moment_do_not_overwrite_each_other(alice, bob, carol, room, monkeypatch):
    """Both read who types before either has written: then each writes without knowing of the other."""
    types(alice, room)
    with monkeypatch.context() as stale:
        stale.setattr(typing_indicator, "_slots", lambda room: {})
        types(bob, room)
    assert line(poll(carol.join(room.name, "Carol") and carol, room)) == "Alice and Bob are typing"


def test_of_a_crowd_that_types_only_some_are_noted(alice, person, room):
    for n in range(typing_indicator.MAX_TYPISTS + 2):
        types(person(room.name, f"Guest {n}"), room)
    assert len(typing_indicator.current_typists(room.pk)) == typing_indicator.MAX_TYPISTS


# When it ends


def test_it_ends_with_the_message(alice, bob, room):
    types(bob, room)
    bob.send(room, "Here it is")
    assert line(poll(alice, room)) == ""


def test_it_ends_by_itself(alice, bob, room, monkeypatch):
    monkeypatch.setattr(typing_indicator, "TYPING_SECONDS", 0.2)
    types(bob, room)
    assert line(poll(alice, room)) == "Bob is typing"
    time.sleep(0.3)
    assert line(poll(alice, room)) == ""
    assert line(poll(alice, room, ago=-2)) is None, "told by now"


def test_where_nobody_types_nothing_is_said(alice, room):
    assert line(poll(alice, room)) is None


# Where it is not told


def test_nobody_types_in_a_locked_room(alice, bob, room):
    room.lock()
    assert types(bob, room).status_code == 204
    assert line(poll(alice, room)) is None


def test_nobody_types_who_cannot_write(alice, bob, room):
    bob.membership.set_muted(True)
    bob.post(f"/rooms/{room.slug}/typing/")
    assert typing_indicator.current_typists(room.pk) == ()


def test_it_can_be_switched_off(alice, bob, room, settings):
    types(bob, room)
    settings.TYPING = False
    assert types(bob, room).status_code == 204
    assert line(poll(alice, room)) is None
    assert "typing" not in alice.get(room.get_absolute_url()).content.decode()


def test_where_it_is_off_nothing_is_noted_and_nobody_woken(alice, bob, room, settings, monkeypatch):
    told = []
    monkeypatch.setattr(pubsub, "publish_typing", told.append)
    settings.TYPING = False
    types(alice, room)
    settings.TYPING = True
    assert (typing_indicator.current_typists(room.pk), told) == ((), [])
    types(bob, room)
    assert told == [room.pk]


def test_who_left_is_not_told_and_does_not_type(alice, carol, room):
    types(alice, room)
    assert line(poll(carol, room)) is None
    assert types(carol, room).status_code == 403


def test_who_is_shown_out_while_the_line_is_read_is_told_of_nobody(alice, bob, room, monkeypatch):
    def meanwhile(*arguments, read=typing_indicator.last_typing):
        monkeypatch.undo()
        bob.membership.remove()
        typing_indicator.record_typing(alice.membership)
        return read(*arguments)

    monkeypatch.setattr(typing_indicator, "last_typing", meanwhile)
    version = bob.membership.room.version  # without news, so that the room is not read again for that
    answer = bob.get(f"/rooms/{room.slug}/changes/", {"since": version, "from": version, "at": 0})
    assert answer.status_code == 286
    assert "is typing" not in answer.content.decode()


def test_it_is_limited_by_person(alice, room, settings):
    settings.LIMIT_TYPE_PERSON = "1/3600"
    assert [types(alice, room).status_code for _ in range(2)] == [204, 429]


def test_no_room_remembers_more_than_a_few(alice, person, room):
    for n in range(typing_indicator.MAX_TYPISTS + 3):
        types(person(room.name, f"Guest {n}"), room)
    assert len(typing_indicator.current_typists(room.pk)) == typing_indicator.MAX_TYPISTS


def test_a_page_with_an_old_token_gets_a_new_one_without_a_word(person):
    alice = person(enforce_csrf_checks=True)
    alice.get("/")
    csrf = {"csrfmiddlewaretoken": alice.cookies["csrf"].value}
    alice.join("Reading club", "Alice", **csrf)
    answer = alice.post("/rooms/reading-club/typing/", headers={"HX-Request": "true", "Origin": "http://testserver"})
    assert answer.status_code == 422
    assert 'id="csrf"' in answer.content.decode()
    assert "notice" not in answer.content.decode()


# Behind the gate


@pytest.fixture
def up_to_date(ann, ben):
    """Ann's page knows all that was said: nothing but somebody who types ends her wait."""
    ann.since = Membership.objects.get(nickname="Ann").room.version
    return ann


def test_a_reader_who_waits_is_told_at_once_and_asks_on(up_to_date, ben, gate, meanwhile, asked_django):
    asked = meanwhile(up_to_date.ask)
    held(gate)
    assert ben.write(f"{ben.path}typing/").status_code == 204
    answer = asked.result(3)
    assert line(answer) == "Ben is typing"
    assert answer.headers["HX-Trigger"] == "asked"
    assert asked_django == []


def test_a_reader_who_was_not_waiting_just_then_is_told_too(up_to_date, ben, gate, meanwhile):
    ben.write(f"{ben.path}typing/")
    room = gate.live.rooms.by_id[ben.member.room_id]
    until(lambda: room.beside.shows("typing"))
    began, at = time.time(), int(time.time()) - 2
    asked = up_to_date.ask(f"since={up_to_date.since}&from={up_to_date.origin}&at={at}")
    assert line(asked) == "Ben is typing"
    assert time.time() - began < 1


def test_nobody_is_woken_more_than_once_in_three_seconds(up_to_date, ben, reader, gate, meanwhile):
    others = [reader(name).member for name in ("Cy", "Dot", "Eve", "Fay")]
    up_to_date.since = Membership.objects.get(nickname="Fay").room.version
    told = []

    def follow():
        at = int(time.time())
        while time.monotonic() < end:
            answer = up_to_date.ask(f"since={up_to_date.since}&from={up_to_date.origin}&at={at}")
            at = re.search(r'name="at" value="(\d+)"', answer.text)[1]
            if LINE.search(answer.text):
                told.append((time.monotonic(), line(answer)))

    end = time.monotonic() + 7
    following = meanwhile(follow)
    held(gate)
    for member in others:
        typing_indicator.record_typing(member)
        time.sleep(0.4)
    following.result(20)
    moments = [moment for moment, _ in told]
    gaps = [after - before for before, after in pairwise(moments)]
    assert [sentence for _, sentence in told][:2] == ["Cy is typing", "Several people are typing"]
    assert min(gaps) > 3 - 0.3, gaps


def test_the_message_and_the_end_of_the_line_come_together(up_to_date, ben, gate, meanwhile):
    ben.write(f"{ben.path}typing/")
    room = gate.live.rooms.by_id[ben.member.room_id]
    until(lambda: room.beside.shows("typing"))
    time.sleep(1.1)
    asked = meanwhile(up_to_date.ask)
    held(gate)
    ben.send("Here it is")
    answer = asked.result(3)
    assert "Here it is" in answer.text
    assert line(answer) == ""


def test_it_is_taken_away_when_nobody_types_any_more(up_to_date, ben, gate, meanwhile, monkeypatch):
    monkeypatch.setattr(gate_typing, "WAKES_EVERY", 0.5)
    monkeypatch.setattr(typing_indicator, "TYPING_SECONDS", 1)
    ben.write(f"{ben.path}typing/")
    told, end = [], time.monotonic() + 10
    while "" not in told and time.monotonic() < end:
        told.append(line(up_to_date.ask()))
    assert {"Ben is typing", ""} <= set(told)
    until(lambda: not gate.live.typists.following)


def test_who_lost_the_right_is_not_told(up_to_date, ben, gate, meanwhile):
    asked = meanwhile(up_to_date.ask)
    held(gate)
    up_to_date.member.leave()
    ben.write(f"{ben.path}typing/")
    assert line(asked.result(3)) is None
    assert line(up_to_date.ask()) is None


def test_while_it_cannot_be_found_out_the_room_goes_on(up_to_date, ben, gate, meanwhile, monkeypatch):
    def away(*arguments):
        raise OSError("away")

    monkeypatch.setattr(gate.live.typists, "typing", away)
    ben.write(f"{ben.path}typing/")
    until(lambda: not gate.live.typists.following)
    asked = meanwhile(up_to_date.ask)
    held(gate)
    ben.send("never mind")
    assert "never mind" in asked.result(3).text


# In a browser
