"""The names of accounts: nobody else's, however the account was made, and never taken from who bears them already."""

import time

import pytest

from chat.models import Invite, Membership, Participant, User
from tests.support.threads import together
from tests.test_accounts import SECRET, keep, sign_in
from tests.test_direct_messages import write_to
from tests.test_join_requests import answer


@pytest.fixture
def maria(db):
    """One of the staff, who has never been in a room."""
    return User.objects.create_superuser("Maria", password=SECRET)


@pytest.mark.parametrize("name", ["Maria", "maria", "Мaria", "M a r i a"])
def test_the_name_of_one_of_the_staff_is_nobodys(maria, room, person, name):
    assert person().join(room.name, name).status_code == 422
    assert keep(person(), name=name).status_code == 422


def test_staff_comes_in_by_its_own_name(maria, room, person):
    hers = person()
    assert sign_in(hers, name="Maria").status_code == 303
    assert hers.join(room.name, "Maria").status_code == 303


@pytest.mark.parametrize("page", ["password", "email", "delete"])
def test_staff_changes_nothing_by_a_password_alone(maria, person, page):
    hers = person()
    sign_in(hers, name="Maria")
    sent = {"old": SECRET, "new": "another long walk", "password": SECRET}
    answer = hers.post(f"/account/{page}/", sent)
    assert (answer.status_code, "change this in the admin" in answer.content.decode()) == (409, True)
    maria.refresh_from_db()
    assert maria.check_password(SECRET)
    assert 'href="/admin/"' in hers.get("/account/").content.decode()


def test_of_two_names_that_look_alike_each_signs_in_by_its_own(person):
    keep(person(), name="maria")
    User.objects.create_superuser("Maria", password="another long walk")
    hers = person()
    assert sign_in(hers, name="Maria", password="another long walk").status_code == 303
    assert "Signed in as <bdi>Maria</bdi>" in hers.get("/account/").content.decode()


def test_an_account_that_is_renamed_keeps_its_new_name_and_lets_go_of_the_old(maria, room, person):
    maria.username = "Berta"
    maria.save()
    assert person().join(room.name, "Berta").status_code == 422
    assert person().join(room.name, "Maria").status_code == 303


def test_who_bears_a_name_keeps_it_when_somebody_else_makes_an_account_of_it(alice, bob, room, person):
    assert keep(person(), name="Alice").status_code == 303
    alice.post(f"/rooms/{room.slug}/leave/")
    assert alice.join(room.name, "Alice").status_code == 303
    assert bob.post(f"/rooms/{room.slug}/name/", {"nickname": "Alice"}).status_code == 422


def test_who_waits_under_a_name_is_let_in_under_it(alice, person, room):
    room.set_approval(True)
    zoe = person(room.name, "Zoe")
    keep(person(), name="Zoe")
    answer(alice, room, zoe, let_in="1")
    assert zoe.membership.is_inside


def test_a_form_that_is_sent_twice_at_once_makes_one_account(transactional_db, alice):
    guest = Participant.objects.get()
    done = []

    def keep_as(name):
        done.append(Participant.objects.get(pk=guest.pk).create_account(name, SECRET))

    def try_to_keep(name):
        try:
            keep_as(name)
        except Exception as refusal:
            done.append(refusal.code)

    together([lambda: try_to_keep("Nora"), lambda: try_to_keep("Maud")])
    assert sorted(map(str, done)) == sorted([str(guest), "kept"])
    assert User.objects.count() == 1


def test_a_name_that_unfolds_is_kept_as_it_is_typed(person):
    assert keep(person(), name="\ufdfa" * 10).status_code == 303
    assert User.objects.get().username == "\ufdfa" * 10


def test_an_account_that_is_deleted_in_the_admin_is_in_no_room_any_more(alice, bob, room):
    keep(bob, name="Bob")
    member = bob.membership
    User.objects.get().delete()
    member.refresh_from_db()
    assert (member.status, member.holds_name) == ("left", False)


def test_an_account_that_is_deleted_waits_nowhere_and_answers_who_asked(alice, bob, person, room):
    room.set_approval(True)
    dora = person(room.name, "Dora")
    keep(dora, name="Dora")
    dora.post("/account/delete/", {"password": SECRET})
    room.refresh_from_db()
    assert room.join_request_count == 0
    assert person().join(room.name, "Dora").status_code == 303
    room.update_settings(approval=False)
    assert room.memberships.filter(nickname="Dora", status="in").count() == 1


def test_a_deleted_account_that_was_asked_says_no(alice, bob, room):
    pair = write_to(alice, room, bob).headers["Location"]
    keep(bob, name="Bob")
    bob.post("/account/delete/", {"password": SECRET})
    assert "does not want to write here" in alice.get(pair).content.decode()


# Bringing along what a guest was, as one signs in


@pytest.fixture
def home(person):
    """A browser that has made the account Dave."""
    home = person()
    keep(home, name="Dave")
    return home


def signs_in_with_all(guest):
    assert sign_in(guest, name="Dave", bring="on").status_code == 303


def roles(room):
    return {m.nickname: (m.status, m.role) for m in room.memberships.all()}


def test_the_rooms_that_a_guest_owns_come_along_though_the_account_was_there_once(alice, home, room):
    home.join(room.name, "Dave")
    home.post(f"/rooms/{room.slug}/leave/")
    room.set_access("private")
    signs_in_with_all(alice)
    assert roles(room) == {"Alice": ("left", "member"), "Dave": ("in", "owner")}


def test_a_guest_who_owns_the_room_gives_it_to_the_account_that_is_in_it(alice, home, room):
    home.join(room.name, "Dave")
    signs_in_with_all(alice)
    assert roles(room) == {"Alice": ("left", "member"), "Dave": ("in", "owner")}


def test_a_guest_who_waits_waits_no_more_where_the_account_is_in(home, person, room):
    home.join(room.name, "Dave")
    room.set_approval(True)
    guest = person(room.name, "Guest")
    signs_in_with_all(guest)
    room.refresh_from_db()
    assert room.join_request_count == 0


def test_a_banned_account_does_not_come_in_by_its_guest(alice, home, person, room):
    home.join(room.name, "Dave")
    Membership.objects.get(nickname="Dave").ban()
    guest = person(room.name, "Guest")
    signs_in_with_all(guest)
    assert roles(room)["Dave"][0] == "banned"
    assert roles(room)["Guest"][0] == "left"


def test_rooms_of_two_come_along(alice, bob, home, room):
    pair = write_to(alice, room, bob).headers["Location"]
    signs_in_with_all(bob)
    assert "Alice" in bob.get(f"{pair}asked/").content.decode()
    bob.post(f"{pair}asked/", {"answer": "accept"})
    assert bob.get(pair).status_code == 200
    assert write_to(alice, room, bob).headers["Location"] == pair, "found again by who one is now"


def test_where_there_are_two_of_two_with_the_same_one_stays(alice, bob, home, room):
    home.join(room.name, "Dave")
    first = write_to(alice, room, home).headers["Location"]
    second = write_to(alice, room, bob).headers["Location"]
    signs_in_with_all(bob)
    assert bob.get(f"{first}asked/").status_code == 200
    assert "does not want to write here" in alice.get(second).content.decode()


def test_what_a_guest_keeps_goes_to_the_account_that_is_in_the_room(bob, home, room):
    """Its role, its invitations; and its mute."""
    home.join(room.name, "Dave")
    bob.membership.set_role("moderator")
    Invite.objects.make(bob.membership, days=1, max_uses=1)
    signs_in_with_all(bob)
    assert roles(room)["Dave"] == ("in", "moderator")
    assert (Invite.objects.get().created_by.nickname, Invite.objects.get().revoked_at) == ("Dave", None)


def test_a_mute_is_brought_along(bob, home, room):
    home.join(room.name, "Dave")
    bob.membership.set_muted(True)
    signs_in_with_all(bob)
    assert Membership.objects.get(nickname="Dave").muted


def test_who_waits_as_a_guest_waits_as_the_account(home, person, room):
    home.join(room.name, "Dave")
    home.post(f"/rooms/{room.slug}/leave/")
    room.set_approval(True)
    signs_in_with_all(person(room.name, "Guest"))
    assert roles(room)["Dave"][0] == "waiting"


def test_a_room_does_not_stay_with_a_guest_who_will_never_be_back(alice, home, person, room):
    person(room.name, "Cleo")
    home.join(room.name, "Dave")
    Membership.objects.get(nickname="Dave").ban()
    alice.post(f"/rooms/{room.slug}/leave/")
    signs_in_with_all(alice)
    assert roles(room)["Cleo"] == ("in", "owner")


def test_staff_is_mailed_no_link_for_another_password(maria, person, mailoutbox):
    maria.email = "maria@example.org"
    maria.save()
    person().post("/account/reset/", {"who": "maria@example.org"})
    time.sleep(0.3)
    assert mailoutbox == []
