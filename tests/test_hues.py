"""Colours of people: one for each nickname in all rooms, and one for all nicknames only if the person so chooses."""

import re

import pytest

from chat.models import Membership, Message, Participant, Room
from chat.models.direct_message import open_direct_message
from chat.models.hue import HUES, random_hue
from chat_app.settings import BASE_DIR
from tests.support.browsing import say
from tests.support.colours import contrast, hexadecimal
from tests.test_preferences import prefer


def enter(participant, nickname, room):
    return participant.enter(nickname, room=room)


def hue(membership):
    return Membership.objects.get(pk=membership.pk).hue


@pytest.fixture
def zoe(db):
    return Participant.objects.create()


def test_a_nickname_has_the_same_colour_in_all_rooms(zoe):
    first, second, third = (enter(zoe, name, f"Room {name}") for name in ("Zoe", "zoe", "ZOE"))
    assert hue(first) == hue(second) == hue(third) == zoe.hue


def test_another_nickname_has_another_colour_so_that_it_does_not_show_whose_it_is(zoe):
    names = [f"Name {n}" for n in range(HUES)]
    members = [enter(zoe, name, f"Room {name}") for name in names]
    assert {hue(member) for member in members} == {*range(HUES)}
    again = [enter(zoe, name, f"Other room {name}") for name in names]
    assert [hue(member) for member in again] == [hue(member) for member in members]
    assert 0 <= hue(enter(zoe, "One more than there are hues", "Room")) < HUES


def test_people_get_colours_by_chance(db):
    assert {random_hue() for _ in range(500)} == {*range(HUES)}
    people = [Participant.objects.create() for _ in range(60)]
    assert len({person.hue for person in people}) > 5


def test_a_colour_stays_when_its_person_comes_back_under_another_nickname(zoe):
    member = enter(zoe, "Zoe", "Club")
    before = hue(member)
    enter(Participant.objects.create(), "Bob", "Club")
    member.change_nickname("Yan")
    member.leave()
    assert hue(enter(zoe, "Xenia", "Club")) == before


def test_a_direct_message_has_the_colours_of_the_room(zoe):
    bob = enter(Participant.objects.create(), "Bob", "Club")
    member = enter(zoe, "Zoe", "Club")
    mine = open_direct_message(member, bob)
    assert (hue(mine), hue(mine.other_member)) == (hue(member), hue(bob))


def test_guests_who_become_one_account_keep_their_colours(zoe):
    guest = Participant.objects.create()
    mine, theirs = enter(zoe, "Zoe", "Club"), enter(guest, "Yan", "Choir")
    before = hue(mine), hue(theirs)
    zoe.merge_guest(guest)
    assert (hue(mine), hue(theirs)) == before


# Pages


def test_the_log_and_the_panel_show_the_same_colour(alice, room):
    Membership.objects.update(hue=7)
    alice.send(room, "hello")
    page = alice.get(room.get_absolute_url()).content.decode()
    assert re.findall(r'class="avatar hue-(\d+)"', page) == ["7", "7"]
    assert 'class="avatar hue-7"' in alice.get(f"{room.get_absolute_url()}members/").content.decode()


def test_a_message_of_before_hues_were_stored_has_the_colour_it_had(alice, room):
    (message,) = say(alice.membership, "hello")
    Message.objects.update(hue=None)
    assert Message.objects.get(pk=message.pk).shown_hue == alice.membership.pk % HUES


# The preference


@pytest.fixture
def rooms(alice, room):
    """Alice is in the room, and in two others under another nickname."""
    participant = alice.membership.participant
    return room, *(enter(participant, "Alexandra", name).room for name in ("Choir", "Chess"))


def hues_in(rooms):
    return [room.memberships.get().hue for room in rooms]


def test_one_colour_in_all_rooms_is_a_choice(alice, rooms):
    here, choir, chess = hues_in(rooms)
    assert (here == choir, choir == chess) == (False, True)
    page = alice.get("/preferences/").content.decode()
    assert "Others could tell that your nicknames belong to one person." in page
    prefer(alice, same_hue="on")
    assert hues_in(rooms) == [here] * 3
    later = enter(Participant.objects.get(), "Sasha", "Garden")
    assert hue(later) == here


def test_who_no_longer_wants_that_gets_one_colour_for_each_nickname_again(alice, rooms):
    prefer(alice, same_hue="on")
    prefer(alice)
    here, choir, chess = hues_in(rooms)
    assert (here == choir, choir == chess) == (False, True)


def test_other_preferences_change_no_colour(alice, rooms):
    before = hues_in(rooms)
    prefer(alice, color_scheme="dark")
    assert hues_in(rooms) == before


def test_messages_keep_the_colour_they_were_sent_with(alice, rooms):
    choir = Room.objects.get(name="Choir")
    say(choir.memberships.get(), "before")
    before, _chess = hues_in(rooms[1:])
    prefer(alice, same_hue="on")
    say(choir.memberships.get(), "after")
    sent = Message.objects.filter(event="").order_by("pk").values_list("text", "hue")
    assert list(sent) == [("before", before), ("after", choir.memberships.get().hue)]
    assert before != choir.memberships.get().hue


def test_a_guests_nicknames_take_the_one_colour_of_their_account(zoe):
    enter(zoe, "Zoe", "Club")
    zoe.same_hue = True
    guest = Participant.objects.create(hue=(zoe.hue + 1) % HUES)
    theirs = enter(guest, "Yan", "Choir")
    zoe.merge_guest(guest)
    assert hue(theirs) == zoe.hue


# The stylesheet


def source(name):
    return (BASE_DIR / "theme/static_src/src" / name).read_text()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_initials_are_legible_in_every_hue(theme):
    hues = re.findall(r"\.hue-(\d+) \{\s*--hue: (\d+);", source("messages.css"))
    assert [int(number) for number, _degrees in hues] == [*range(HUES)]
    chromas = dict(re.findall(r"var\(--avatar-(ink|paper)\) ([\d.]+) var\(--hue\)", source("messages.css")))
    lightness = {
        part: re.findall(rf"--avatar-{part}: ([\d.]+)", source("tokens.css"))[theme == "dark"] for part in chromas
    }
    for _number, degrees in hues:
        ink, paper = (
            hexadecimal(float(lightness[part]), float(chromas[part]), float(degrees)) for part in ("ink", "paper")
        )
        assert contrast(ink, paper) >= 4.5, degrees
