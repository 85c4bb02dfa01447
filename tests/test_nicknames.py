"""Going by another name, names that nobody may take, and telling a later holder of a name from an earlier one."""

import pytest

from chat.models import Membership, Message


def rename(who, room, nickname):
    return who.post(f"/rooms/{room.slug}/name/", {"nickname": nickname})


def test_what_was_said_keeps_its_name_and_the_room_is_told(alice, bob, room):
    bob.send(room, "before", n=1)
    assert rename(bob, room, "Robert").headers["Location"] == f"/rooms/{room.slug}/"
    bob.send(room, "after", n=2)
    said = Message.objects.filter(event="").order_by("pk").values_list("nickname", "text", "continues")
    assert list(said) == [("Bob", "before", False), ("Robert", "after", False)]
    page = alice.get(f"/rooms/{room.slug}/").content.decode()
    assert "“<bdi>Bob</bdi>” is called “<bdi>Robert</bdi>” now" in page


def test_a_name_of_somebody_else_is_refused_with_another_and_kept(alice, bob, room):
    answer = rename(bob, room, "АLICE")
    assert answer.status_code == 422
    assert 'value="АLICE"' in answer.content.decode()
    assert "Be “АLICE 2”" in answer.content.decode()
    assert bob.membership.nickname == "Bob"


def test_one_may_write_ones_own_name_otherwise(bob, room):
    assert rename(bob, room, "BOB").status_code == 303
    assert bob.membership.nickname == "BOB"
    rename(bob, room, "BOB")
    assert Message.objects.filter(event="renamed").count() == 1


def test_a_name_that_was_given_up_is_free_for_others(alice, bob, room, person):
    rename(bob, room, "Robert")
    assert person().join(room.name, "Bob").status_code == 303


def test_a_later_holder_of_a_name_is_told_from_the_earlier_one(alice, bob, room, person):
    bob.send(room, "I am the first")
    rename(bob, room, "Robert")
    other = person(room.name, "Bob")
    other.send(room, "I am the second")
    assert (bob.membership.namesake_number, other.membership.namesake_number) == (1, 2)
    page = alice.get(f"/rooms/{room.slug}/").content.decode()
    first, second = page.index("I am the first"), page.index("I am the second")
    assert "no. 2 of this name" not in page[:first]
    assert "no. 2 of this name" in page[first:second]
    assert "no. 2 of this name" in alice.get(f"/rooms/{room.slug}/members/").content.decode()
    rename(other, room, "Bobby")
    rename(bob, room, "bob")
    assert bob.membership.namesake_number == 1


RESERVED = ["admin", "ADMIN", "Аdmin", "Admin 2", "mod\u200berator", "SYSTEM", "0wner", "staff1", "@admin", "[Admin]"]


def test_a_line_that_tells_of_another_name_marks_that_one(alice, bob, room, person):
    dave = person(room.name, "Dave")
    rename(bob, room, "Robert")
    rename(dave, room, "Bob")
    rename(dave, room, "Zed")
    page = alice.get(f"/rooms/{room.slug}/").content.decode()
    lines = {
        new: page[page.index(f"is called “<bdi>{new}</bdi>” now") :].partition("</li>")[0] for new in ("Bob", "Zed")
    }
    assert ["no. 2 of this name" in line for line in lines.values()] == [True, False]


@pytest.mark.parametrize("name", [*RESERVED, "Admin.", "_admin_", "Admin \u0662", "System ⚙️"])
def test_nobody_takes_a_name_of_those_who_run_the_site(bob, room, person, name):
    answer = person().join(room.name, name)
    assert answer.status_code == 422
    assert "kept for those who run this site" in answer.content.decode()
    assert rename(bob, room, name).status_code == 422


@pytest.mark.parametrize("name", ["Adminette", "Modern", "Sys", "Ownership"])
def test_names_that_only_begin_alike_are_welcome(room, person, name):
    assert person().join(room.name, name).status_code == 303


def test_an_operator_may_reserve_none(room, person, settings):
    settings.RESERVED_NAMES = []
    assert person().join(room.name, "Admin").status_code == 303


@pytest.mark.parametrize(("role", "status"), [("moderator", 422), ("owner", 422), ("member", 303)])
def test_the_names_of_those_who_keep_a_room_are_theirs_for_good(bob, room, person, role, status):
    bob.membership.set_role(role)
    Membership.objects.filter(nickname="Bob").update(seen_at="2020-01-01T00:00Z")
    assert person().join(room.name, "Bob").status_code == status


def test_names_change_only_so_often(bob, room, settings):
    settings.LIMIT_RENAME_PERSON = "2/3600"
    assert [rename(bob, room, name).status_code for name in ("Ben", "Bill", "Bert")] == [303, 303, 429]


def test_who_was_shown_out_does_not_change_the_name(bob, room):
    bob.membership.remove()
    assert rename(bob, room, "Robert").status_code == 403


IMITATIONS = ["“", '"', "''", "״", "‟", "＂", "〞", "’’", "»", "„"]


@pytest.mark.parametrize("mark", IMITATIONS)
def test_no_name_goes_on_as_one_of_the_rooms_own_lines(bob, room, person, mark):
    name = f"Bob{mark} was shown out for good by {mark}Alice"
    for answer in (person().join(room.name, name), rename(bob, room, name)):
        assert answer.status_code == 422
        assert "leave out the quotation marks" in answer.content.decode()
    keep = {"name": name, "password": "a long walk home"}
    assert "leave out the quotation marks" in person().post("/account/keep/", keep).content.decode()


@pytest.mark.parametrize("name", ["O'Brien", "D’Arcy", "רמטכ״ל", "‘Abd al-Karim", "Hawaiʻi"])
def test_apostrophes_and_signs_inside_words_are_welcome(room, person, name):
    assert person().join(room.name, name).status_code == 303
