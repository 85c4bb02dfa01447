"""The poll: what it returns, how many queries it takes, and its answers to people who may not read."""

import re
from urllib.parse import urlencode

import pytest
from django.http import QueryDict

from chat.models import Membership, Message, Participant, Room
from chat.realtime import delta


def add_messages(room, membership, count):
    """Insert messages in bulk, bypassing the model methods: only their number matters here."""
    at = room.last_sent_at
    Message.objects.bulk_create(
        Message(
            room=room, membership=membership, text="x", html="x", first_version=n, version=n, sent_at=at, previous_at=at
        )
        for n in range(room.version + 1, room.version + 1 + count)
    )
    Room.objects.filter(pk=room.pk).update(version=room.version + count)
    room.refresh_from_db()


def add_members(room, count):
    people = Participant.objects.bulk_create(Participant() for _ in range(count))
    Membership.objects.bulk_create(
        Membership(room=room, participant=who, nickname=f"M{who.pk}", nickname_key=f"m{who.pk}") for who in people
    )


@pytest.mark.parametrize("history", [0, 2_000])
def test_an_idle_poll_takes_two_queries_regardless_of_history_and_members(
    alice, room, history, django_assert_num_queries
):
    add_messages(room, alice.membership, history)
    add_members(room, history // 100)
    alice.poll(room, room.version)
    with django_assert_num_queries(2):  # the session; the membership with room and participant
        answer = alice.poll(room, room.version)
    assert b"hx-swap-oob" not in answer.content


@pytest.mark.parametrize("history", [100, 2_000])
def test_a_poll_with_new_messages_takes_three_queries(alice, room, history, django_assert_num_queries):
    add_messages(room, alice.membership, history)
    alice.poll(room, room.version)
    with django_assert_num_queries(3):  # plus the changes, in one statement with the room's version
        answer = alice.poll(room, room.version - 10)
    assert answer.content.count(b"<li id=") == 10


def test_presence_is_written_at_most_every_thirty_seconds(alice, room, django_assert_num_queries):
    alice.poll(room, room.version)
    Membership.objects.update(seen_at="2020-01-01T00:00Z")
    with django_assert_num_queries(3):
        alice.poll(room, room.version)
    with django_assert_num_queries(2):
        alice.poll(room, room.version)


def test_the_version_catches_up_when_only_the_topic_changed(alice, room):
    since = room.version
    Room.objects.filter(pk=room.pk).update(version=since + 1)  # a change without a message
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


def test_the_delta_is_the_same_for_all_readers_in_one_time_zone(alice, bob, room):
    alice.send(room, "hello")
    deltas = {who.poll(room, 1).content.partition(b"<ol")[2] for who in (alice, bob)}
    assert len(deltas) == 1


def test_a_poll_sets_no_cookie_and_never_redirects(alice, carol, mallory, person, room):
    for who in (alice, carol, mallory, person()):
        answer = who.poll(room, 0)
        assert answer.status_code in (200, 286)
        assert not answer.cookies
        assert "HX-Redirect" not in answer.headers


def test_the_poll_of_a_former_member_says_so_and_stops(carol, room):
    answer = carol.poll(room, 1)
    assert answer.status_code == 286
    assert "no longer in this room" in answer.content.decode()
    assert 'name="since"' in answer.content.decode(), "htmx logs an error if its inputs are missing"


def test_without_a_session_all_rooms_answer_alike_and_polling_continues(room, person, mallory):
    def answer(who, slug):
        polled = who.get(f"/rooms/{slug}/changes/", {"since": 3, "from": 1}, headers={"HX-Request": "true"})
        assert polled.status_code == 200
        return re.sub(r'name="at" value="\d+"', "", polled.content.decode().replace(slug, "SLUG"))

    answers = {answer(who, slug) for who in (person(), mallory) for slug in ("reading-club", "nowhere-ever")}
    assert len(answers) == 1
    assert "Join again" in answers.pop()


def test_a_stopped_page_gets_a_new_poller_after_rejoining(alice, bob, room):
    bob.membership.remove()
    gone = bob.poll(room, 1)
    assert (gone.status_code, 'name="gone"' in gone.content.decode()) == (286, True)
    bob.membership.allow_rejoin()
    bob.join(room.name, "Bobby")
    query = {"since": 1, "from": 1, "gone": 1, "log": room.incarnation}
    answer = bob.get(f"/rooms/{room.slug}/changes/", query, headers={"HX-Request": "true"})
    assert answer.headers["HX-Reswap"] == "outerHTML settle:0ms"
    assert 'hx-trigger="every 2s, asked from:body"' in answer.content.decode()
    assert "You are <bdi>Bobby</bdi>" in answer.content.decode()
    assert "hx-trigger" not in bob.poll(room, 1).content.decode()


def test_polling_recovers_when_the_cookie_is_back(alice, room):
    cookie = alice.cookies.pop("session")
    assert b"Join again" in alice.poll(room, 1).content
    alice.cookies["session"] = cookie.value
    assert b"Join again" not in alice.poll(room, 1).content


def test_every_answer_includes_the_offline_banner(alice, room):
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
    room = Room(version=2000)
    assert delta.Cursor(since, origin, incarnation=room.incarnation).can_catch_up(room) is reached


def test_a_delta_does_not_reach_below_the_floor_version():
    room = Room(version=2000, floor_version=1900)
    assert delta.Cursor(1900, 1900, incarnation=room.incarnation).can_catch_up(room)
    assert not delta.Cursor(1899, 1899, incarnation=room.incarnation).can_catch_up(room)


def test_versions_of_another_incarnation_are_not_caught_up_from(alice, bob, room):
    stale = Room.objects.get(pk=room.pk)
    assert b'hx-swap-oob="innerHTML:#messages"' not in alice.poll(stale, room.version).content
    Room.objects.rotate_incarnations()
    answer = alice.poll(stale, room.version).content.decode()
    assert 'hx-swap-oob="innerHTML:#messages"' in answer
    room.refresh_from_db()
    assert room.incarnation != stale.incarnation
    assert f'name="log" value="{room.incarnation}"' in answer
    assert 'hx-swap-oob="innerHTML:#messages"' not in alice.poll(room, room.version).content.decode()


@pytest.mark.parametrize("log", ["", "x", "ABCDEFGHIJ", "abcdefghij\n", "abcdefghi٣", "abcdefghijk"])
def test_an_invalid_incarnation_is_none(log):
    assert delta.Cursor.read(QueryDict(urlencode({"since": 1, "from": 1, "log": log}))).incarnation is None


def test_a_page_of_an_earlier_release_gets_a_new_poller_and_the_whole_log(alice, room):
    query = {"since": room.version, "from": room.version, "at": 1}
    answer = alice.get(f"/rooms/{room.slug}/changes/", query, headers={"HX-Request": "true"})
    assert answer.headers["HX-Reswap"] == "outerHTML settle:0ms"
    assert 'hx-params="since,from,at,log,' in answer.content.decode()
    assert 'hx-swap-oob="innerHTML:#messages"' in answer.content.decode()


def test_a_log_cached_for_another_incarnation_is_not_shown(alice, room):
    alice.send(room, "before the restore")
    assert b"before the restore" in alice.get(room.get_absolute_url()).content
    Room.objects.rotate_incarnations()
    Message.objects.filter(text="before the restore").delete()
    assert b"before the restore" not in alice.get(room.get_absolute_url()).content


def test_changes_during_the_poll_count_towards_the_limit(alice, room):
    stale = Room.objects.get(pk=room.pk)
    add_messages(room, alice.membership, delta.MAX_CHANGES + 1)
    assert delta.since(stale, delta.Cursor(0, 0, incarnation=room.incarnation)).is_full


def test_the_header_is_sent_only_after_a_change(alice, room):
    room.set_topic("Tea")
    alice.send(room, "hello")
    assert b'id="about"' not in alice.poll(room, room.version).content
    assert b'id="about"' in alice.poll(room, room.version - 1).content


def test_a_member_removed_during_a_poll_gets_no_later_message(alice, bob, room, monkeypatch):
    def meanwhile(asked, cursor, read=delta.since):
        bob.membership.remove()
        alice.send(room, "now that he is gone")
        return read(asked, cursor)

    monkeypatch.setattr(delta, "since", meanwhile)
    answer = bob.poll(room, room.version - 1)
    assert answer.status_code == 286
    assert b"now that he is gone" not in answer.content


def test_a_query_that_cannot_match_reads_no_messages(alice, room):
    """Django raises EmptyResultSet for a query that cannot match, as with an empty list."""
    log_slice = delta._read(room, Message.objects.filter(room=room, pk__in=[]))
    assert (log_slice.messages, log_slice.room.version) == ([], room.version)


def test_two_messages_in_one_change_get_a_version_each(alice, room):
    page = alice.get(room.get_absolute_url())
    with room.change():
        room.append(event=Message.Event.LOCKED)
        room.append(event=Message.Event.UNLOCKED)
    lines = list(room.messages.order_by("first_version").values_list("event", "first_version"))
    assert lines[-2:] == [("locked", room.version - 1), ("unlocked", room.version)]
    assert page.status_code == 200
    assert "Room unlocked" in alice.poll(room, room.version - 1).content.decode()
