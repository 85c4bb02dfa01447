"""Unread messages: how many there are in each of a member's rooms, and the first of them in the open room."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from chat.models import Membership
from chat.realtime import gate_backend
from tests.support.browsing import say
from tests.support.reading import Frame, held, until


@pytest.fixture
def away(alice, bob, room):
    """Bob read the room and left the page; since then, Alice has sent three messages."""
    bob.get(f"/rooms/{room.slug}/")
    say(alice.membership, "one", "two", "three")
    return bob


def unread_link(page):
    link = r'<p\s+class="unread js".*?<a\s*href="([^"]*)"[^>]*>(.*?)\s*</a>'
    found = re.search(link, page.content.decode(), re.DOTALL)
    return found and (found[1], found[2].strip())


def counts_at_home(who, **headers):
    return re.findall(r'<span aria-hidden="true">(\d+)<', who.get("/", headers=headers).content.decode())


def test_rooms_show_the_number_of_unread_messages(away, alice):
    assert counts_at_home(away) == ["3"]
    assert counts_at_home(alice) == []


def test_a_returning_member_sees_the_unread_count_and_the_first_unread_message(away, alice, room):
    first = room.messages.get(text="one")
    page = away.get(f"/rooms/{room.slug}/")
    assert unread_link(page) == (f"/rooms/{room.slug}/#m{first.pk}", "3 new messages")
    sheet = away.get(re.search(r'href="([^"]*reader.css[^"]*)"', page.content.decode())[1]).content.decode()
    assert f'[id="m{first.pk}"]::before{{content:"New messages"}}' in sheet
    assert unread_link(away.get(f"/rooms/{room.slug}/")) is None
    assert counts_at_home(away) == []


def test_a_first_unread_message_older_than_the_page_is_linked_in_the_history(away, alice, room):
    say(alice.membership, *map(str, range(60)))
    first = room.messages.get(text="one")
    address, words = unread_link(away.get(f"/rooms/{room.slug}/"))
    assert (address, words) == (
        f"/rooms/{room.slug}/messages/?after={first.first_version}",
        "63 new messages",
    )
    assert "one" in away.get(address).content.decode()


def test_own_messages_are_not_unread(alice, room):
    say(alice.membership, "hello")
    assert unread_link(alice.get(f"/rooms/{room.slug}/")) is None


def test_system_messages_are_not_counted(alice, bob, room):
    bob.get(f"/rooms/{room.slug}/")
    room.set_topic("Emma")
    assert counts_at_home(bob) == []


def test_following_a_link_from_the_room_marks_it_read(away, room):
    assert counts_at_home(away, Referer=f"http://testserver/rooms/{room.slug}/members/") == ["3"]
    page = f"http://testserver/rooms/{room.slug}/"
    assert counts_at_home(away, Referer=page, **{"Cache-Control": "max-age=0"}) == ["3"], (
        "a reload names the same page again"
    )
    assert counts_at_home(away, Referer=page) == []


@pytest.mark.parametrize("page", ["http://[", "//", "http://testserver/%00/", "http://testserver/rooms/%ff/", "\xe9"])
def test_a_malformed_referer_is_ignored(away, page):
    assert counts_at_home(away, Referer=page) == ["3"]


def test_a_poll_marks_the_room_read(away, room):
    Membership.objects.filter(pk=away.membership.pk).update(seen_at=timezone.now() - timedelta(minutes=1))
    away.poll(room, 1)
    assert counts_at_home(away) == []


def test_the_gate_marks_the_room_read_for_readers_with_a_held_poll(away, room):
    gate_backend.record_presence.__wrapped__({away.membership.pk: ("", 0)}, set())
    assert counts_at_home(away) == ["3"], "they may have closed the page by now"
    gate_backend.record_presence.__wrapped__({}, {away.membership.pk})
    assert counts_at_home(away) == []


def hold_a_poll(reader, meanwhile):
    return meanwhile(reader.ask)


def open_a_stream(reader, meanwhile):
    return Frame(reader, meanwhile)


@pytest.mark.parametrize("reads", [hold_a_poll, open_a_stream])
def test_a_page_closed_before_the_gate_records_presence_has_not_read_later_messages(
    ann, ben, gate, meanwhile, reads, beats
):
    Membership.objects.update(seen_at="2020-01-01T00:00Z")
    ben.ask(ben.query(at=1))  # without being held
    ann.send("while Ben is away")
    ann.poll()
    reads(ann, meanwhile)
    held(gate)
    until(lambda: gate.hub.rooms.waiting_members() == {ann.member.pk})
    gate.hub.backend.record_presence(*gate.hub.polls.take_presence())
    new = {
        member.nickname: member.room.message_count - member.read_message_count for member in Membership.objects.all()
    }
    assert new == {"Ann": 0, "Ben": 1}
    assert Membership.objects.online().count() == 2, "both were seen"


def test_another_page_of_the_room_marks_nothing_read(away, room):
    Membership.objects.filter(pk=away.membership.pk).update(seen_at=timezone.now() - timedelta(minutes=1))
    away.get(f"/rooms/{room.slug}/members/")
    assert counts_at_home(away) == ["3"]


def test_a_member_who_rejoins_has_no_unread_messages(away, alice, room):
    away.membership.leave()
    say(alice.membership, "four")
    away.join(room.name, "Bob")
    assert counts_at_home(away) == []


def test_an_open_room_updates_the_unread_counts_of_other_rooms(away, person, room):
    away.join("Elsewhere", "Bob")
    page = away.get("/rooms/elsewhere/").content.decode()
    assert 'hx-get="/my-rooms/?room=elsewhere" hx-trigger="every 60s"' in page
    fragment = away.get("/my-rooms/?room=elsewhere", headers={"HX-Request": "true"}).content.decode()
    for place in ("sidebar", "menu"):
        assert f'<ul class="my-rooms" hx-swap-oob="outerHTML:.{place} .my-rooms">' in fragment
    assert '<span aria-hidden="true">3<' in fragment
    assert 'href="/rooms/elsewhere/" aria-current="page"' in fragment
