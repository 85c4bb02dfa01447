"""What is new: in one's other rooms, and where it begins in the room that one comes back to."""

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
    """Bob looked at the room, and went; since then Alice said three things."""
    bob.get(f"/rooms/{room.slug}/")
    say(alice.membership, "one", "two", "three")
    return bob


def pill(page):
    found = re.search(r'<p class="unread js"><a href="([^"]*)">(.*?)\s*</a>', page.content.decode())
    return found and (found[1], found[2])


def new_at_home(who, **headers):
    return re.findall(r'<span class="count">(\d+)<', who.get("/", headers=headers).content.decode())


def test_rooms_say_how_much_is_new(away, alice):
    assert new_at_home(away) == ["3"]
    assert new_at_home(alice) == []


def test_who_comes_back_sees_how_much_is_new_and_where_it_begins(away, alice, room):
    first = room.messages.get(text="one")
    page = away.get(f"/rooms/{room.slug}/")
    assert pill(page) == (f"#m{first.pk}", "3 new since you were here")
    sheet = away.get(re.search(r'href="([^"]*reader.css[^"]*)"', page.content.decode())[1]).content.decode()
    assert f'[id="m{first.pk}"]::before{{content:"New since you were here"}}' in sheet
    assert pill(away.get(f"/rooms/{room.slug}/")) is None
    assert new_at_home(away) == []


def test_what_is_new_further_back_than_the_page_is_found_in_the_log(away, alice, room):
    say(alice.membership, *map(str, range(60)))
    first = room.messages.get(text="one")
    address, words = pill(away.get(f"/rooms/{room.slug}/"))
    assert (address, words) == (
        f"/rooms/{room.slug}/messages/?after={first.first_version}",
        "63 new since you were here",
    )
    assert "one" in away.get(address).content.decode()


def test_what_i_say_myself_is_not_new_to_me(alice, room):
    say(alice.membership, "hello")
    assert pill(alice.get(f"/rooms/{room.slug}/")) is None


def test_events_are_not_counted(alice, bob, room):
    bob.get(f"/rooms/{room.slug}/")
    room.set_topic("Emma")
    assert new_at_home(bob) == []


def test_what_was_on_the_screen_is_read_when_one_goes_on_by_a_link(away, room):
    assert new_at_home(away, Referer=f"http://testserver/rooms/{room.slug}/members/") == ["3"]
    page = f"http://testserver/rooms/{room.slug}/"
    assert new_at_home(away, Referer=page, **{"Cache-Control": "max-age=0"}) == ["3"], (
        "a reload names the same page again"
    )
    assert new_at_home(away, Referer=page) == []


@pytest.mark.parametrize("page", ["http://[", "//", "http://testserver/%00/", "http://testserver/rooms/%ff/", "\xe9"])
def test_a_page_that_makes_no_sense_is_no_page(away, page):
    assert new_at_home(away, Referer=page) == ["3"]


def test_an_open_page_has_read_what_came(away, room):
    Membership.objects.filter(pk=away.membership.pk).update(seen_at=timezone.now() - timedelta(minutes=1))
    away.poll(room, 1)
    assert new_at_home(away) == []


def test_the_gate_notes_for_those_whom_it_holds_what_they_have_read(away, room):
    gate_backend.record_presence.__wrapped__({away.membership.pk}, set())
    assert new_at_home(away) == ["3"], "they may have closed the page by now"
    gate_backend.record_presence.__wrapped__(set(), {away.membership.pk})
    assert new_at_home(away) == []


def reads_by_a_poll(reader, meanwhile):
    return meanwhile(reader.ask)


def reads_by_a_stream(reader, meanwhile):
    return Frame(reader, meanwhile)


@pytest.mark.parametrize("reads", [reads_by_a_poll, reads_by_a_stream])
def test_who_has_closed_the_page_before_the_gate_notes_it_has_not_read_what_came_then(
    ann, ben, gate, meanwhile, reads, beats
):
    Membership.objects.update(seen_at="2020-01-01T00:00Z")
    ben.poll()
    ann.send("while Ben is away")
    ann.poll()
    reads(ann, meanwhile)
    held(gate)
    until(lambda: gate.live.rooms.waiting_members() == {ann.member.pk})
    gate.live.site.record_presence(*gate.live.polls.were_here())
    new = {
        member.nickname: member.room.message_count - member.read_message_count for member in Membership.objects.all()
    }
    assert new == {"Ann": 0, "Ben": 1}
    assert Membership.objects.online().count() == 2, "both have been here"


def test_looking_at_another_page_of_the_room_reads_nothing(away, room):
    Membership.objects.filter(pk=away.membership.pk).update(seen_at=timezone.now() - timedelta(minutes=1))
    away.get(f"/rooms/{room.slug}/members/")
    assert new_at_home(away) == ["3"]


def test_who_left_and_comes_back_finds_nothing_new(away, alice, room):
    away.membership.leave()
    say(alice.membership, "four")
    away.join(room.name, "Bob")
    assert new_at_home(away) == []


def test_an_open_room_hears_of_the_others(away, person, room):
    away.join("Elsewhere", "Bob")
    page = away.get("/rooms/elsewhere/").content.decode()
    assert 'hx-get="/my-rooms/?room=elsewhere" hx-trigger="every 60s"' in page
    fragment = away.get("/my-rooms/?room=elsewhere", headers={"HX-Request": "true"}).content.decode()
    assert '<ul class="my-rooms" hx-swap-oob="outerHTML:.my-rooms">' in fragment
    assert '<span class="count">3<' in fragment
    assert 'href="/rooms/elsewhere/" aria-current="page"' in fragment
