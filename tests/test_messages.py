"""Messages: sent once, rendered safely, grouped by author and day, with a history in pages."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from chat.composer import LAST_NUMBER, Composer
from chat.models import Message, Participant, Room
from chat.realtime import delta
from tests.support.pages import OpenPage


@pytest.fixture
def clock(monkeypatch):
    """A clock that starts at noon UTC on a Wednesday and is moved forward by the test."""

    class Clock:
        now = timezone.now().replace(year=2026, month=3, day=4, hour=12, minute=0, second=0, microsecond=0)

        def forward(self, **by):
            self.now += timedelta(**by)

    clock = Clock()
    monkeypatch.setattr(timezone, "now", lambda: clock.now)
    return clock


def said(room):
    return list(room.messages.filter(event="").order_by("first_version").values_list("text", flat=True))


def test_a_message_reaches_other_members(alice, bob, room):
    page = OpenPage(bob, room)
    assert alice.send(room, "hello there").status_code == 303
    page.poll()
    assert page.words == ["hello there"]


def test_htmx_marks_the_form_as_sent_and_polls_at_once(alice, room):
    answer = alice.send(room, "hello", headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert answer.headers["HX-Trigger"] == "asked"
    html = answer.content.decode().strip()
    assert html.startswith('<i class="done" hidden>')
    assert html.endswith('<div id="notice" class="notice" role="status" hx-swap-oob="true"></div>')
    assert "hello" not in html


def test_without_htmx_the_sender_is_redirected_to_the_composer(alice, room):
    assert alice.send(room, "hello").headers["Location"] == f"{room.get_absolute_url()}#end"
    answer = alice.send(room, "hello", n=2, frame="1")
    assert answer.headers["Location"] == f"{room.get_absolute_url()}compose/#text-1"


def test_without_htmx_several_lines_stay_several_lines(alice, room):
    for frame, place in (("", ""), ("1", "compose/")):
        answer = alice.send(room, "hello", n=3, lines="many", frame=frame)
        url, _hash, _fragment = answer.headers["Location"].partition("#")
        assert url == f"{room.get_absolute_url()}{place}?lines=many"
        assert b"<textarea" in alice.get(url).content


@pytest.mark.parametrize("text", ["one\r\ntwo", "one\rtwo", "one\ntwo"])
def test_line_breaks_are_kept(alice, room, text):
    alice.send(room, text)
    assert said(room) == ["one\ntwo"]
    assert "one<br>two" in alice.get(room.get_absolute_url()).content.decode()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "Write something"),
        (" \n\u200b ", "Write something"),
        ("bell\x07", "can’t be shown"),
        ("nul\x00", "can’t be shown"),
        ("esc\x1b[31m", "can’t be shown"),
        ("https://example.org/\u202egro.live", "can’t be shown"),
        ("x" * 4001, "1 character too long"),
        ("é" * 4005, "5 characters too long"),
        ("👍" * 4000 + "x", "too long"),
    ],
)
@pytest.mark.parametrize("htmx", [True, False])
def test_a_refused_text_is_kept_and_shown_with_the_reason(alice, room, text, reason, htmx):
    answer = alice.send(room, text, headers={"HX-Request": "true"} if htmx else {})
    assert answer.status_code == 422
    assert reason in answer.content.decode()
    if htmx:  # Only the reason arrives; the page keeps the field with its text.
        assert answer.headers["HX-Retarget"] == "#answer-1"
        assert "<form" not in answer.content.decode()
    else:
        assert answer.context["composer"].text == text
    assert said(room) == []


def test_a_refused_text_of_many_pages_is_kept(alice, room):
    answer = alice.send(room, "Ж" * 30_000)
    assert answer.status_code == 422
    assert "26000 characters too long" in answer.content.decode()
    assert answer.context["composer"].text == "Ж" * 30_000


def test_tabs_and_the_longest_text_are_accepted(alice, room):
    alice.send(room, "a\tb" + "x" * 3997)
    assert len(said(room)[0]) == 4000


def test_the_same_form_sent_again_is_the_same_message(alice, room):
    assert alice.send(room, "once").status_code == 303
    assert alice.send(room, "once").status_code == 303
    assert said(room) == ["once"]


def test_the_same_form_is_the_same_message_after_an_edit(alice, room):
    alice.send(room, "once")
    room.messages.get(text="once").edit("mended")
    assert alice.send(room, "once").status_code == 303
    assert said(room) == ["mended"]


def test_the_same_form_sent_again_is_accepted_though_the_room_was_locked_meanwhile(alice, room):
    """The first answer was lost on the way: the message is there, so the page must not say that it was refused."""
    alice.send(room, "once")
    room.lock()
    assert alice.send(room, "once").status_code == 303
    assert said(room) == ["once"]


def test_a_used_form_with_another_text_is_refused_and_then_sent_with_a_new_number(alice, room):
    alice.send(room, "first words")
    answer = alice.send(room, "other words", headers={"HX-Request": "true"})
    assert answer.status_code == 422
    assert alice.send(room, "other words", page=answer.context["token"].page).status_code == 303
    assert said(room) == ["first words", "other words"]


def test_two_people_may_use_the_same_token(alice, bob, room):
    alice.send(room, "from alice")
    bob.send(room, "from bob")
    assert said(room) == ["from alice", "from bob"]


@pytest.mark.parametrize(
    "broken", [{"n": ""}, {"n": "x"}, {"page": ""}, {"page": "<script>"}, {"n": "１"}, {"n": "x1"}, {"page": "y" * 99}]
)
def test_an_incomplete_form_is_refused_and_the_text_kept(alice, room, broken):
    answer = alice.send(room, "hello", **broken)
    assert answer.status_code == 422
    assert answer.context["composer"].text == "hello"


def test_nobody_can_post_as_someone_else(alice, mallory, room):
    answer = mallory.send(room, "I am Alice", nickname="Alice", membership=alice.membership.pk)
    assert answer.status_code == 403
    assert "I am Alice" in answer.content.decode(), "the words are kept"
    assert said(room) == []


def test_a_member_cannot_post_in_another_room(mallory, room):
    mallory.send(room, "hello")
    assert said(room) == []


def test_a_locked_room_refuses_a_message_and_keeps_the_text(alice, room):
    room.lock()
    answer = alice.send(room, "too late")
    assert answer.status_code == 422
    assert "locked" in answer.content.decode()
    assert answer.context["composer"].text == "too late"
    room.unlock()
    assert alice.send(room, "in time").status_code == 303


def test_a_message_keeps_the_nickname_under_which_it_was_sent(alice, room):
    alice.send(room, "as Alice")
    alice.membership.leave()
    alice.join(room.name, "Alison")
    assert Message.objects.get(text="as Alice").nickname == "Alice"


def test_messages_of_one_author_are_grouped_within_five_minutes(clock, alice, bob, room):
    alice.send(room, "a", n=1)
    clock.forward(minutes=5)
    alice.send(room, "b", n=2)
    clock.forward(minutes=5, seconds=1)
    alice.send(room, "c", n=3)
    bob.send(room, "d")
    alice.send(room, "e", n=4)
    assert list(Message.objects.filter(event="").values_list("text", "continues")) == [
        ("a", False),
        ("b", True),
        ("c", False),
        ("d", False),
        ("e", False),
    ]


def test_a_message_is_never_older_than_the_one_before_though_the_clock_went_back(clock, alice, bob, room):
    alice.send(room, "before", n=1)
    clock.forward(minutes=-10)
    bob.send(room, "after")
    before, after = Message.objects.filter(event="").order_by("first_version")
    assert after.sent_at == after.previous_at == before.sent_at


def test_a_system_message_ends_a_group(alice, room, person):
    alice.send(room, "a", n=1)
    person(room.name, "Bob")
    alice.send(room, "b", n=2)
    assert not Message.objects.get(text="b").continues


def test_days_are_separated_in_the_readers_time_zone(clock, alice, room, person):
    tokyo, london = person(), person()
    tokyo.join(room.name, "Aiko", time_zone="Asia/Tokyo")
    london.join(room.name, "Lee", time_zone="Europe/London")
    clock.forward(hours=4)  # 16:00 UTC, one in the morning in Tokyo
    alice.send(room, "late")

    def days(visitor):
        page = visitor.get(room.get_absolute_url()).content.decode()
        return re.findall(r'<h2 class="day"><time datetime="([^"]+)"', page)

    assert days(tokyo)[-2:] == ["2026-03-04", "2026-03-05"]
    assert days(london)[-1] == "2026-03-04"


def test_the_first_message_of_a_day_shows_its_author_even_if_it_continues_a_group(clock, alice, room):
    clock.forward(hours=11, minutes=58)
    alice.send(room, "before midnight", n=1)
    clock.forward(minutes=3)
    alice.send(room, "after midnight", n=2)
    assert Message.objects.get(text="after midnight").continues
    assert "message continued" not in alice.get(room.get_absolute_url()).content.decode()


def test_the_readers_stylesheet_highlights_their_own_messages(alice, bob, room):
    sheet = alice.get(f"{room.get_absolute_url()}reader.css")
    assert sheet.headers["Content-Type"] == "text/css; charset=utf-8"
    assert f'[data-author="{alice.membership.pk}"]' in sheet.content.decode()
    assert f'[data-author="{bob.membership.pk}"]' not in sheet.content.decode()
    assert not sheet.cookies


def test_removed_and_restored_and_edited(alice, bob, room):
    alice.send(room, "hello")
    page = OpenPage(bob, room)
    message = Message.objects.get(text="hello")
    message.remove()
    page.poll()
    assert page.words == ["Message removed by a site admin."]
    message.restore()
    page.poll()
    assert page.words == ["hello"]
    message.edit("hello <b>")
    page.poll()
    assert page.words == ["hello <b>"]
    assert "Edited by a site admin" in page.lines[-1][1]


def fill(room, membership, count):
    for n in range(count):
        membership.send(f"message {n}", f"fill:{n}")


def test_a_room_opens_with_the_newest_fifty_messages_in_order(alice, room):
    fill(room, alice.membership, 60)
    page = OpenPage(alice, room)
    assert page.words == [f"message {n}" for n in range(10, 60)]


def test_links_to_older_messages_reach_every_message_once(alice, room):
    fill(room, alice.membership, 130)
    seen, url = [], f"{room.get_absolute_url()}messages/"
    while url:
        page = alice.get(url).content.decode()
        seen = re.findall(r"data-message-body hx-disable>([^<]+)<", page) + seen
        older = re.search(r'<li class="older">\s*<a [^>]*href="([^"]+)"', page)
        url = older and older[1]
    assert seen == [f"message {n}" for n in range(130)]


def test_links_to_newer_messages_lead_back_to_the_newest(alice, room):
    fill(room, alice.membership, 70)
    url, seen = f"{room.get_absolute_url()}messages/?after=1", []
    while url:
        page = alice.get(url)
        seen += re.findall(r"data-message-body hx-disable>([^<]+)<", page.content.decode())
        newer = page.context["log_slice"].newer_from
        url = newer and f"{room.get_absolute_url()}messages/?after={newer}"
    assert seen == [f"message {n}" for n in range(70)]


def test_htmx_gets_older_messages_as_list_items(alice, room):
    fill(room, alice.membership, 60)
    answer = alice.get(f"{room.get_absolute_url()}messages/?before=12", headers={"HX-Request": "true"})
    assert b"<html" not in answer.content
    assert b"message 9<" in answer.content
    assert b"message 10<" not in answer.content


def test_older_messages_carry_a_version_no_newer_than_they_are(alice, room, monkeypatch):
    fill(room, alice.membership, 60)
    version = Room.objects.get(pk=room.pk).version

    def meanwhile(asked, above, read=delta.before):
        lines = read(asked, above)
        Message.objects.get(text="message 5").remove()
        return lines

    monkeypatch.setattr(delta, "before", meanwhile)
    answer = alice.get(f"{room.get_absolute_url()}messages/?before=12", headers={"HX-Request": "true"})
    assert f'name="older" value="{version}"' in answer.content.decode()


def test_a_permalink_shows_the_message_in_its_context(alice, room):
    fill(room, alice.membership, 100)
    meant = Message.objects.get(text="message 50")
    page = alice.get(meant.get_absolute_url()).content.decode()
    assert f'<li id="m{meant.pk}" class="highlighted" aria-current="true">' in page
    assert "message 26<" in page
    assert "message 74<" in page
    assert page.count("<li id=") == 50


@pytest.mark.parametrize("address", ["/messages/{}/", "/rooms/reading-club/messages/"])
def test_a_stranger_is_redirected_to_the_join_form(alice, room, mallory, address):
    alice.send(room, "secret plan")
    answer = mallory.get(address.format(Message.objects.get(text="secret plan").pk))
    assert answer.status_code == 303
    assert answer.headers["Location"].partition("?")[0] == room.get_absolute_url()


@pytest.mark.parametrize("access", ["unlisted", "private"])
def test_a_message_id_does_not_reveal_an_unlisted_room(alice, room, mallory, access):
    alice.send(room, "hello")
    room.set_access(access)
    message = Message.objects.get(text="hello")
    answers = [mallory.get(f"/messages/{pk}/") for pk in (message.pk, 10**9)]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].content == answers[1].content
    assert alice.get(f"/messages/{message.pk}/").status_code == 200


@pytest.mark.parametrize("what", ["", "?before=99", "?after=1", "message"])
def test_a_member_removed_while_loading_older_messages_gets_none(alice, bob, room, what, monkeypatch):
    alice.send(room, "a secret")
    url = (
        f"/messages/{Message.objects.latest('pk').pk}/" if what == "message" else f"/rooms/{room.slug}/messages/{what}"
    )
    read, member = delta._read, bob.membership

    def shown_out_meanwhile(*arguments):
        if member.is_inside:
            member.remove()
        return read(*arguments)

    monkeypatch.setattr(delta, "_read", shown_out_meanwhile)
    answer = bob.get(url)
    assert (answer.status_code, "a secret" in answer.content.decode()) == (303, False)


def test_the_toggle_carries_the_draft_both_ways(alice, room):
    url = f"{room.get_absolute_url()}composer/"
    several = alice.post(url, {"n": "3", "text": "half a thought"}, headers={"HX-Request": "true"})
    assert "<textarea" in several.content.decode()
    assert "half a thought" in several.content.decode()
    assert 'id="next" for="text-3" hx-swap-oob="true"' in several.content.decode()
    one = alice.post(url, {"n": "3", "lines": "many", "text": "one\r\ntwo"})
    assert one.status_code == 200
    assert 'value="one two"' in one.content.decode()


def test_a_leading_line_break_of_a_draft_survives_the_textarea(alice, room):
    page = alice.post(f"{room.get_absolute_url()}composer/", {"n": "1", "text": "\nx"}).content.decode()
    assert re.search(r"<textarea[^>]*>\n\nx</textarea>", page)


def test_numbered_composers_are_the_same_for_everyone_and_may_be_cached(alice, person, room):
    url = f"{room.get_absolute_url()}composer/7/"
    mine, anybodys = alice.get(url), person().get(url)
    assert mine.content == anybodys.content
    assert mine.headers["Cache-Control"] == "private, max-age=86400"
    assert not mine.cookies
    assert "Cookie" not in mine.headers["Vary"]
    assert "HX-Request" not in mine.headers["Vary"]
    assert b"csrf" not in mine.content


@pytest.mark.parametrize("number", [0, 10000, 10**30])
def test_composer_numbers_have_a_limit(alice, room, number):
    assert alice.get(f"{room.get_absolute_url()}composer/{number}/").status_code == 404


def test_a_composer_reveals_nothing_about_rooms(person):
    assert person().get("/rooms/nowhere/composer/2/").status_code == 200


def test_time_zones_with_the_same_offset_today_can_separate_days_differently(alice, bob, room):
    """In the night when Vienna's summer time ends; Algiers has no summer time."""
    alice.send(room, "after the night")
    times = {"previous_at": "2026-10-24T22:30Z", "sent_at": "2026-10-25T02:00Z"}
    Message.objects.filter(text="after the night").update(**times)
    days = {}
    for who, zone in ((alice, "Europe/Vienna"), (bob, "Africa/Algiers")):
        Participant.objects.filter(pk=who.membership.participant_id).update(time_zone=zone)
        page = who.get(room.get_absolute_url()).content.decode()
        days[zone] = bool(re.search(r"25 October 2026</time>\s*</h2><article", page))
    assert days == {"Europe/Vienna": False, "Africa/Algiers": True}


def test_names_and_topics_cannot_change_the_direction_of_text_around_them(alice, room):
    room.set_topic("Tea")
    alice.send(room, "hello")
    page = alice.get(room.get_absolute_url()).content.decode()
    assert "<bdi>Alice</bdi> created the room" in page
    assert "Topic changed: <bdi>Tea</bdi>" in page
    assert '<bdi class="author">Alice</bdi>' in page
    assert "You are <bdi>Alice</bdi>" in page


def test_prefetching_stops_at_the_last_composer():
    assert [ahead.number for ahead in Composer("x", LAST_NUMBER - 5).prefetch] == [LAST_NUMBER - 1]
    assert not Composer("x", LAST_NUMBER).prefetch


def test_an_ended_session_does_not_learn_the_address_of_an_unlisted_room(alice, bob, room):
    message = alice.membership.send("hello", "unlisted:1")
    room.set_access("unlisted")
    Participant.objects.get(pk=bob.session["participant"]).sign_out_everywhere()
    assert bob.get(f"/messages/{message.pk}/").status_code == 404
