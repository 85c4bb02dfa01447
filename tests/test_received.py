"""What a page has received is not new after a reload; what came while no page was open is."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from chat.models import Membership, Room
from chat.realtime import gate_backend
from tests.support.browsing import say
from tests.support.reading import Frame, until

HTMX = {"HX-Request": "true"}


def news(page):
    """The number on the link to the first new message, and its address; None without the link."""
    found = re.search(r'<p class="unread js".*?<a\s*href="([^"]*)"[^>]*>\s*(\d+) new', page, re.DOTALL)
    return found and (int(found[2]), found[1].partition("#")[2])


def reload(reader):
    return news(reader.http.get(reader.path).text)


def receive(reader):
    """Poll for the news, and poll again with them on the screen, as a page does at once."""
    reader.poll()
    reader.ask(reader.query(at=1))


def test_what_a_page_received_is_not_new_after_a_reload(ann, ben):
    receive(ann)
    say(ben.member, "one", "two", "three")
    receive(ann)
    assert reload(ann) is None


def test_what_came_while_no_page_was_open_is_new_after_a_reload(ann, ben):
    receive(ann)
    say(ben.member, "one", "two")
    receive(ann)
    three, _four = say(ben.member, "three", "four")
    assert reload(ann) == (2, f"m{three.pk}")
    assert reload(ann) is None, "they were on the second page"


def test_news_that_no_page_confirmed_is_new_after_a_reload(ann, ben):
    """The page may have been closed before the answer came."""
    receive(ann)
    (one,) = say(ben.member, "one")
    ann.poll()
    assert reload(ann) == (1, f"m{one.pk}")


def test_a_poll_of_a_member_marks_nothing_read_for_another(ann, ben, reader):
    cy = reader("Cy")
    receive(ann)
    (one,) = say(ben.member, "one")
    receive(ann)
    assert reload(cy) == (1, f"m{one.pk}")


def test_a_page_cannot_have_read_what_is_not_sent_yet(ann, ben):
    receive(ann)
    ann.ask(ann.query(since=10**9))
    (one,) = say(ben.member, "one")
    assert reload(ann) == (1, f"m{one.pk}")


def test_a_page_that_reads_along_without_javascript_has_received_its_log(ann, ben, gate, meanwhile, beats):
    frame = Frame(ann, meanwhile)
    say(ben.member, "one")
    frame.reads("one")
    until(lambda: gate.hub.polls.reading.version(ann.member.pk, ann.incarnation) == Room.objects.get().version)
    assert reload(ann) is None


def test_other_rooms_show_nothing_new_of_a_room_that_was_just_read(ann, ben, reader):
    elsewhere = Membership.objects.get(nickname="Ann").participant.enter("Ann", room="Elsewhere").room
    count = re.compile(r'class="count"')
    receive(ann)
    say(ben.member, "one")
    assert count.search(ann.http.get(elsewhere.get_absolute_url()).text)
    receive(ann)
    for path in (elsewhere.get_absolute_url(), "/my-rooms/?room=elsewhere", "/"):
        assert not count.search(ann.http.get(path, headers=HTMX if "my-rooms" in path else {}).text), path


# What the gate saves every half minute


def unread(nickname):
    member = Membership.objects.select_related("room").get(nickname=nickname)
    return member.room.message_count - member.read_message_count


def test_a_closed_page_has_read_what_it_received(ann, ben, gate):
    receive(ann)
    say(ben.member, "one", "two")
    receive(ann)
    say(ben.member, "three")
    assert unread("Ann") == 3
    gate.hub.backend.record_presence(*gate.hub.polls.take_presence())
    assert unread("Ann") == 1
    assert Membership.objects.get(nickname="Ann").read_version == Room.objects.get().version - 1
    say(ben.member, "four")
    assert reload(ann)[0] == 2
    assert unread("Ann") == 0


def test_a_reload_while_the_gate_saves_shows_nothing_as_new(ann, ben, gate):
    receive(ann)
    say(ben.member, "one")
    receive(ann)
    gate.hub.polls.take_presence()
    assert reload(ann) is None


def test_what_is_saved_late_unreads_nothing(alice, bob, room):
    say(alice.membership, "one", "two")
    bob.get(room.get_absolute_url())
    received = {bob.membership.pk: (room.incarnation, bob.membership.read_version - 1)}
    gate_backend.record_presence.__wrapped__(received, set())
    assert unread("Bob") == 0


def test_versions_of_another_history_are_not_saved(alice, bob, room):
    say(alice.membership, "one", "two")
    received = {bob.membership.pk: ("another", Room.objects.get().version)}
    gate_backend.record_presence.__wrapped__(received, set())
    assert unread("Bob") == 2


def test_saving_costs_no_statement_for_each_member(alice, bob, carol, person, room, django_assert_num_queries):
    members = [person(room.name, f"Guest {n}").membership.pk for n in range(10)]
    (one,) = say(alice.membership, "one")
    received = dict.fromkeys(members, (room.incarnation, one.version))
    with django_assert_num_queries(3):
        gate_backend.record_presence.__wrapped__(received, set())
    assert unread("Guest 9") == 0
    with django_assert_num_queries(2):
        gate_backend.record_presence.__wrapped__(received, set())


# Without the gate


def test_without_the_gate_what_a_page_received_is_not_new_after_a_reload(alice, bob, room):
    bob.get(room.get_absolute_url())
    say(alice.membership, "one", "two", "three")
    room.refresh_from_db()
    bob.poll(room, 1)
    bob.poll(room, room.version)
    (four,) = say(alice.membership, "four")
    assert news(bob.get(room.get_absolute_url()).content.decode()) == (1, f"m{four.pk}")


@pytest.mark.parametrize("version", [10**9, ""])
def test_without_the_gate_a_page_cannot_have_read_what_is_not_sent_yet(alice, bob, room, version):
    bob.get(room.get_absolute_url())
    bob.poll(room, version)
    (one,) = say(alice.membership, "one")
    assert news(bob.get(room.get_absolute_url()).content.decode()) == (1, f"m{one.pk}")


def test_noting_what_a_poll_received_takes_no_statement(alice, bob, room, django_assert_num_queries):
    bob.get(room.get_absolute_url())
    say(alice.membership, "one")
    room.refresh_from_db()
    bob.poll(room, 1)
    Membership.objects.filter(nickname="Bob").update(seen_at=timezone.now() - timedelta(seconds=5))
    with django_assert_num_queries(2):
        bob.poll(room, room.version)
