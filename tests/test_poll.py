"""The poll: what it brings, what it costs, and what it says to whom it has nothing to say."""

import re

import pytest

from chat.models import Membership, Message, Participant, Room
from chat.realtime import delta


def many_lines(room, membership, count):
    """History in bulk, without the verbs: only its size matters here."""
    at = room.last_sent_at
    Message.objects.bulk_create(
        Message(
            room=room, membership=membership, text="x", html="x", first_version=n, version=n, sent_at=at, previous_at=at
        )
        for n in range(room.version + 1, room.version + 1 + count)
    )
    Room.objects.filter(pk=room.pk).update(version=room.version + count)
    room.refresh_from_db()


def many_members(room, count):
    people = Participant.objects.bulk_create(Participant() for _ in range(count))
    Membership.objects.bulk_create(
        Membership(room=room, participant=who, nickname=f"M{who.pk}", nickname_key=f"m{who.pk}") for who in people
    )


@pytest.mark.parametrize("history", [0, 2_000])
def test_an_idle_poll_costs_three_queries_whatever_the_history_and_the_members(
    alice, room, history, django_assert_num_queries
):
    many_lines(room, alice.membership, history)
    many_members(room, history // 100)
    alice.poll(room, room.version)
    with django_assert_num_queries(3):  # the session; rooms that left this address; my membership with the room and me
        answer = alice.poll(room, room.version)
    assert b"hx-swap-oob" not in answer.content


@pytest.mark.parametrize("history", [100, 2_000])
def test_a_poll_with_news_costs_four_queries(alice, room, history, django_assert_num_queries):
    many_lines(room, alice.membership, history)
    alice.poll(room, room.version)
    with django_assert_num_queries(4):  # and the news, in one statement with the room's version
        answer = alice.poll(room, room.version - 10)
    assert answer.content.count(b"<li id=") == 10


def test_presence_is_written_at_most_every_half_minute(alice, room, django_assert_num_queries):
    alice.poll(room, room.version)
    Membership.objects.update(seen_at="2020-01-01T00:00Z")
    with django_assert_num_queries(4):
        alice.poll(room, room.version)
    with django_assert_num_queries(3):
        alice.poll(room, room.version)


def test_the_version_catches_up_when_only_the_topic_changed(alice, room):
    since = room.version
    Room.objects.filter(pk=room.pk).update(version=since + 1)  # a change that left no line
    answer = alice.poll(room, since).content.decode()
    assert f'name="since" value="{since + 1}"' in answer


def test_topic_and_lock_reach_an_open_page(alice, room):
    since = room.version
    room.set_topic("Chapter <two>")
    room.lock()
    answer = alice.poll(room, since).content.decode()
    assert 'id="about" class="about" hx-swap-oob="true"' in answer
    assert "Chapter &lt;two&gt;" in answer
    assert "This room is locked" in answer


def test_the_painting_is_the_same_for_all_who_read_in_the_same_zone(alice, bob, room):
    alice.send(room, "hello")
    paintings = {who.poll(room, 1).content.partition(b"<ol")[2] for who in (alice, bob)}
    assert len(paintings) == 1


def test_a_poll_sets_no_cookie_and_never_redirects(alice, carol, mallory, person, room):
    for who in (alice, carol, mallory, person()):
        answer = who.poll(room, 0)
        assert answer.status_code in (200, 286)
        assert not answer.cookies
        assert "HX-Redirect" not in answer.headers


def test_who_left_hears_last_words_and_the_polling_ends(carol, room):
    answer = carol.poll(room, 1)
    assert answer.status_code == 286
    assert "no longer in this room" in answer.content.decode()
    assert 'name="since"' in answer.content.decode(), "htmx complains when its inputs are gone"


def test_without_a_session_every_room_answers_alike_and_the_poller_stays(room, person, mallory):
    def answer(who, slug):
        polled = who.get(f"/rooms/{slug}/changes/", {"since": 3, "from": 1}, headers={"HX-Request": "true"})
        assert polled.status_code == 200
        return re.sub(r'name="at" value="\d+"', "", polled.content.decode().replace(slug, "SLUG"))

    answers = {answer(who, slug) for who in (person(), mallory) for slug in ("reading-club", "nowhere-ever")}
    assert len(answers) == 1
    assert "Join again" in answers.pop()


def test_a_page_that_was_told_to_ask_no_more_gets_a_new_poller_once_it_may_ask(alice, bob, room):
    bob.membership.remove()
    gone = bob.poll(room, 1)
    assert (gone.status_code, 'name="gone"' in gone.content.decode()) == (286, True)
    bob.join(room.name, "Bobby")
    answer = bob.get(f"/rooms/{room.slug}/changes/", {"since": 1, "from": 1, "gone": 1}, headers={"HX-Request": "true"})
    assert answer.headers["HX-Reswap"] == "outerHTML settle:0ms"
    assert 'hx-trigger="every 2s, asked from:body"' in answer.content.decode()
    assert "You are <bdi>Bobby</bdi>" in answer.content.decode()
    assert "hx-trigger" not in bob.poll(room, 1).content.decode()


def test_it_heals_when_the_cookie_is_back(alice, room):
    cookie = alice.cookies.pop("session")
    assert b"Join again" in alice.poll(room, 1).content
    alice.cookies["session"] = cookie.value
    assert b"Join again" not in alice.poll(room, 1).content


def test_the_banner_comes_with_every_answer(alice, room):
    assert b"Not connected" in alice.poll(room, room.version).content


@pytest.mark.parametrize(
    ("since", "origin", "reached"),
    [
        (2000, 2000, True),
        (1800, 1800, True),
        (1799, 1799, False),
        (2001, 2000, False),
        (1900, 500, True),
        (1900, 499, False),
        (1900, 1901, False),
        (1850, 1850, True),
        (None, 1900, False),
        (1900, None, False),
    ],
)
def test_how_far_back_a_delta_reaches(since, origin, reached):
    assert delta.Cursor(since, origin).can_catch_up(Room(version=2000)) is reached


def test_a_delta_ends_at_the_floor():
    room = Room(version=2000, floor_version=1900)
    assert delta.Cursor(1900, 1900).can_catch_up(room)
    assert not delta.Cursor(1899, 1899).can_catch_up(room)


def test_what_was_written_while_the_poll_was_looked_up_counts_too(alice, room):
    stale = Room.objects.get(pk=room.pk)
    many_lines(room, alice.membership, delta.MAX_CHANGES + 1)
    assert delta.since(stale, delta.Cursor(0, 0)).whole


def test_the_header_comes_only_when_it_changed(alice, room):
    room.set_topic("Tea")
    alice.send(room, "hello")
    assert b'id="about"' not in alice.poll(room, room.version).content
    assert b'id="about"' in alice.poll(room, room.version - 1).content


def test_who_is_shown_out_while_the_poll_is_answered_reads_nothing_that_came_after(alice, bob, room, monkeypatch):
    def meanwhile(asked, cursor, read=delta.since):
        bob.membership.remove()
        alice.send(room, "now that he is gone")
        return read(asked, cursor)

    monkeypatch.setattr(delta, "since", meanwhile)
    answer = bob.poll(room, room.version - 1)
    assert answer.status_code == 286
    assert b"now that he is gone" not in answer.content


def test_lines_that_nothing_can_match_are_read_as_none(alice, room):
    """Django raises EmptyResultSet where it knows that a query finds nothing, as with an empty list."""
    reading = delta._read(room, Message.objects.filter(room=room, pk__in=[]))
    assert (reading.messages, reading.room.version) == ([], room.version)


def test_two_lines_in_one_change_take_a_version_each(alice, room):
    page = alice.get(room.get_absolute_url())
    with room.change():
        room.append(event=Message.Event.LOCKED)
        room.append(event=Message.Event.UNLOCKED)
    lines = list(room.messages.order_by("first_version").values_list("event", "first_version"))
    assert lines[-2:] == [("locked", room.version - 1), ("unlocked", room.version)]
    assert page.status_code == 200
    assert "open for writing again" in alice.poll(room, room.version - 1).content.decode()
