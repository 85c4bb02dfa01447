"""Changing a nickname, reserved names, and the number that tells a name's second holder from the first."""

import pytest

from chat.models import Membership, Message


def rename(who, room, nickname):
    return who.post(f"/rooms/{room.slug}/name/", {"nickname": nickname})


def test_old_messages_keep_the_nickname_and_the_change_is_announced(alice, bob, room):
    bob.send(room, "before", n=1)
    assert rename(bob, room, "Robert").headers["Location"] == f"/rooms/{room.slug}/"
    bob.send(room, "after", n=2)
    said = Message.objects.filter(event="").order_by("pk").values_list("nickname", "text", "continues")
    assert list(said) == [("Bob", "before", False), ("Robert", "after", False)]
    page = alice.get(f"/rooms/{room.slug}/").content.decode()
    assert "<bdi>Bob</bdi> is now <bdi>Robert</bdi>" in page


def test_a_taken_nickname_is_refused_with_a_suggestion(alice, bob, room):
    answer = rename(bob, room, "АLICE")
    assert answer.status_code == 422
    assert 'value="АLICE"' in answer.content.decode()
    assert "Use “АLICE 2”" in answer.content.decode()
    assert bob.membership.nickname == "Bob"


def test_a_member_may_change_the_case_of_their_nickname(bob, room):
    assert rename(bob, room, "BOB").status_code == 303
    assert bob.membership.nickname == "BOB"
    rename(bob, room, "BOB")
    assert Message.objects.filter(event="renamed").count() == 1


def test_a_former_nickname_is_free_for_others(alice, bob, room, person):
    rename(bob, room, "Robert")
    assert person().join(room.name, "Bob").status_code == 303


def test_a_second_holder_of_a_nickname_is_numbered(alice, bob, room, person):
    bob.send(room, "I am the first")
    rename(bob, room, "Robert")
    other = person(room.name, "Bob")
    other.send(room, "I am the second")
    assert (bob.membership.namesake_number, other.membership.namesake_number) == (1, 2)
    page = alice.get(f"/rooms/{room.slug}/").content.decode()
    first, second = page.index("I am the first"), page.index("I am the second")
    assert "no. 2 with this name" not in page[:first]
    assert "no. 2 with this name" in page[first:second]
    assert "no. 2 with this name" in alice.get(f"/rooms/{room.slug}/members/").content.decode()
    rename(other, room, "Bobby")
    rename(bob, room, "bob")
    assert bob.membership.namesake_number == 1


RESERVED = ["admin", "ADMIN", "Аdmin", "Admin 2", "mod\u200berator", "SYSTEM", "0wner", "staff1", "@admin", "[Admin]"]


def test_a_system_message_numbers_only_the_new_nickname(alice, bob, room, person):
    dave = person(room.name, "Dave")
    rename(bob, room, "Robert")
    rename(dave, room, "Bob")
    rename(dave, room, "Zed")
    page = alice.get(f"/rooms/{room.slug}/").content.decode()
    lines = {new: page[page.index(f"is now <bdi>{new}</bdi>") :].partition("</li>")[0] for new in ("Bob", "Zed")}
    assert ["no. 2 with this name" in line for line in lines.values()] == [True, False]


@pytest.mark.parametrize("name", [*RESERVED, "Admin.", "_admin_", "Admin \u0662", "System ⚙️"])
def test_a_reserved_name_is_refused(bob, room, person, name):
    answer = person().join(room.name, name)
    assert answer.status_code == 422
    assert "reserved for this site’s admins" in answer.content.decode()
    assert rename(bob, room, name).status_code == 422


@pytest.mark.parametrize("name", ["Adminette", "Modern", "Sys", "Ownership"])
def test_a_name_that_only_begins_like_a_reserved_one_is_accepted(room, person, name):
    assert person().join(room.name, name).status_code == 303


def test_the_list_of_reserved_names_can_be_empty(room, person, settings):
    settings.RESERVED_NAMES = []
    assert person().join(room.name, "Admin").status_code == 303


@pytest.mark.parametrize(("role", "status"), [("moderator", 422), ("owner", 422), ("member", 303)])
def test_the_nicknames_of_owner_and_moderators_are_never_released(bob, room, person, role, status):
    bob.membership.set_role(role)
    Membership.objects.filter(nickname="Bob").update(seen_at="2020-01-01T00:00Z")
    assert person().join(room.name, "Bob").status_code == status


def test_nickname_changes_are_rate_limited(bob, room, settings):
    settings.LIMIT_RENAME_PERSON = "2/3600"
    assert [rename(bob, room, name).status_code for name in ("Ben", "Bill", "Bert")] == [303, 303, 429]


def test_a_removed_member_cannot_change_their_nickname(bob, room):
    bob.membership.remove()
    assert rename(bob, room, "Robert").status_code == 403


QUOTATION_MARKS = ["“", '"', "''", "״", "‟", "＂", "〞", "’’", "»", "„"]


@pytest.mark.parametrize("mark", QUOTATION_MARKS)
def test_a_nickname_with_quotation_marks_is_refused(bob, room, person, mark):
    name = f"Bob{mark} was banned by {mark}Alice"
    for answer in (person().join(room.name, name), rename(bob, room, name)):
        assert answer.status_code == 422
        assert "Remove the quotation marks" in answer.content.decode()
    keep = {"name": name, "password": "a long walk home"}
    assert "Remove the quotation marks" in person().post("/account/create/", keep).content.decode()


@pytest.mark.parametrize("name", ["O'Brien", "D’Arcy", "רמטכ״ל", "‘Abd al-Karim", "Hawaiʻi"])
def test_apostrophes_inside_words_are_accepted(room, person, name):
    assert person().join(room.name, name).status_code == 303
