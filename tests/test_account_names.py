"""Account names: reserved in every room for the account, but not taken from a member who already uses one."""

import time

import pytest

from chat.models import AuditEntry, Invite, Membership, Participant, User
from tests.support.threads import together
from tests.test_accounts import SECRET, keep, sign_in
from tests.test_direct_messages import write_to
from tests.test_join_requests import answer


@pytest.fixture
def maria(db):
    """A superuser who has never joined a room."""
    return User.objects.create_superuser("Maria", password=SECRET)


@pytest.mark.parametrize("name", ["Maria", "maria", "Мaria", "M a r i a"])
def test_the_name_of_a_superuser_is_reserved(maria, room, person, name):
    assert person().join(room.name, name).status_code == 422
    assert keep(person(), name=name).status_code == 422


def test_a_superuser_can_join_under_their_own_name(maria, room, person):
    hers = person()
    assert sign_in(hers, name="Maria").status_code == 303
    assert hers.join(room.name, "Maria").status_code == 303


@pytest.mark.parametrize("page", ["password", "email", "delete"])
def test_a_superuser_cannot_change_the_account_outside_the_admin(maria, person, page):
    hers = person()
    sign_in(hers, name="Maria")
    sent = {"old": SECRET, "new": "another long walk", "password": SECRET}
    answer = hers.post(f"/account/{page}/", sent)
    assert (answer.status_code, "change this in the admin" in answer.content.decode()) == (409, True)
    maria.refresh_from_db()
    assert maria.check_password(SECRET)
    assert 'href="/admin/"' in hers.get("/account/").content.decode()


def test_accounts_with_names_that_look_alike_sign_in_separately(person):
    keep(person(), name="maria")
    User.objects.create_superuser("Maria", password="another long walk")
    hers = person()
    assert sign_in(hers, name="Maria", password="another long walk").status_code == 303
    assert "Signed in as <bdi>Maria</bdi>" in hers.get("/account/").content.decode()


def test_renaming_an_account_reserves_the_new_name_and_releases_the_old(maria, room, person):
    maria.username = "Berta"
    maria.save()
    assert person().join(room.name, "Berta").status_code == 422
    assert person().join(room.name, "Maria").status_code == 303


def test_a_member_keeps_a_nickname_for_which_someone_else_creates_an_account(alice, bob, room, person):
    assert keep(person(), name="Alice").status_code == 303
    alice.post(f"/rooms/{room.slug}/leave/")
    assert alice.join(room.name, "Alice").status_code == 303
    assert bob.post(f"/rooms/{room.slug}/name/", {"nickname": "Alice"}).status_code == 422


def test_a_join_request_keeps_a_nickname_for_which_someone_else_creates_an_account(alice, person, room):
    room.set_approval(True)
    zoe = person(room.name, "Zoe")
    keep(person(), name="Zoe")
    answer(alice, room, zoe, approve="1")
    assert zoe.membership.is_inside


def test_a_form_sent_twice_at_once_creates_one_account(transactional_db, alice):
    guest = Participant.objects.get()
    done = []

    def create_account_as(name):
        done.append(Participant.objects.get(pk=guest.pk).create_account(name, SECRET))

    def try_to_create_account(name):
        try:
            create_account_as(name)
        except Exception as refusal:
            done.append(refusal.code)

    together([lambda: try_to_create_account("Nora"), lambda: try_to_create_account("Maud")])
    assert sorted(map(str, done)) == sorted([str(guest), "kept"])
    assert User.objects.count() == 1


def test_an_account_name_is_stored_as_typed_not_in_compatibility_form(person):
    assert keep(person(), name="\ufdfa" * 10).status_code == 303
    assert User.objects.get().username == "\ufdfa" * 10


def test_deleting_an_account_in_the_admin_leaves_its_rooms(alice, bob, room):
    keep(bob, name="Bob")
    member = bob.membership
    User.objects.get().delete()
    member.refresh_from_db()
    assert (member.status, member.holds_name) == ("left", False)


def test_deleting_an_account_withdraws_its_join_requests(alice, bob, person, room):
    room.set_approval(True)
    dora = person(room.name, "Dora")
    keep(dora, name="Dora")
    dora.post("/account/delete/", {"password": SECRET})
    room.refresh_from_db()
    assert room.join_request_count == 0
    assert person().join(room.name, "Dora").status_code == 303
    room.update_settings(approval=False)
    assert room.memberships.filter(nickname="Dora", status="in").count() == 1


def test_deleting_an_account_declines_its_chat_requests(alice, bob, room):
    pair = write_to(alice, room, bob).headers["Location"]
    keep(bob, name="Bob")
    bob.post("/account/delete/", {"password": SECRET})
    assert "declined the chat" in alice.get(pair).content.decode()


# Signing in with the guest's rooms


@pytest.fixture
def home(person):
    """A browser that has created the account Dave."""
    home = person()
    keep(home, name="Dave")
    return home


def sign_in_with_rooms(guest):
    assert sign_in(guest, name="Dave", bring="on").status_code == 303


def roles(room):
    return {m.nickname: (m.status, m.role) for m in room.memberships.all()}


def test_a_room_that_a_guest_owns_goes_to_an_account_that_left_it(alice, home, room):
    home.join(room.name, "Dave")
    home.post(f"/rooms/{room.slug}/leave/")
    room.set_access("private")
    sign_in_with_rooms(alice)
    assert roles(room) == {"Alice": ("left", "member"), "Dave": ("in", "owner")}


def test_a_room_that_a_guest_owns_goes_to_an_account_that_is_in_it(alice, home, room):
    home.join(room.name, "Dave")
    sign_in_with_rooms(alice)
    assert roles(room) == {"Alice": ("left", "member"), "Dave": ("in", "owner")}


def test_a_guests_join_request_ends_if_the_account_is_a_member(home, person, room):
    home.join(room.name, "Dave")
    room.set_approval(True)
    guest = person(room.name, "Guest")
    sign_in_with_rooms(guest)
    room.refresh_from_db()
    assert room.join_request_count == 0


def test_a_banned_account_does_not_get_in_through_a_guest(alice, home, person, room):
    home.join(room.name, "Dave")
    Membership.objects.get(nickname="Dave").ban()
    guest = person(room.name, "Guest")
    sign_in_with_rooms(guest)
    assert roles(room)["Dave"][0] == "banned"
    assert roles(room)["Guest"][0] == "left"


@pytest.mark.parametrize("before", ["in", "left", "waiting"])
def test_an_account_takes_over_the_ban_of_its_guest(home, person, room, before):
    room.set_approval(before == "waiting")
    home.join(room.name, "Dave")
    if before == "left":
        home.post(f"/rooms/{room.slug}/leave/")
    guest = person(room.name, "Guest")
    room.memberships.get(nickname="Guest").ban()
    sign_in_with_rooms(guest)
    assert roles(room)["Dave"] == ("banned", "member")
    room.refresh_from_db()
    assert room.join_request_count == 0
    entry = AuditEntry.objects.filter(action="ban").latest("pk")
    assert entry.subject_membership_id == room.memberships.get(nickname="Dave").pk


def test_a_moderator_does_not_take_over_the_ban_of_a_guest(home, person, room):
    home.join(room.name, "Dave")
    home.membership.set_role("moderator")
    guest = person(room.name, "Guest")
    guest.membership.ban()
    sign_in_with_rooms(guest)
    assert roles(room)["Dave"] == ("in", "moderator")


def test_a_guest_who_was_banned_after_the_lookup_does_not_get_in_as_the_account(home, person, room):
    home.join(room.name, "Dave")
    home.post(f"/rooms/{room.slug}/leave/")
    late = person(room.name, "Guest").membership
    Membership.objects.get(pk=late.pk).ban()
    late.merge_into(room.memberships.get(nickname="Dave"))
    assert roles(room)["Dave"][0] == "banned"


def test_direct_messages_go_to_the_account(alice, bob, home, room):
    pair = write_to(alice, room, bob).headers["Location"]
    sign_in_with_rooms(bob)
    assert "Alice" in bob.get(f"{pair}chat-request/").content.decode()
    bob.post(f"{pair}chat-request/", {"answer": "accept"})
    assert bob.get(pair).status_code == 200
    assert write_to(alice, room, bob).headers["Location"] == pair, "the direct message is found through the account"


def test_only_one_of_two_direct_messages_with_the_same_person_stays(alice, bob, home, room):
    home.join(room.name, "Dave")
    first = write_to(alice, room, home).headers["Location"]
    second = write_to(alice, room, bob).headers["Location"]
    sign_in_with_rooms(bob)
    assert bob.get(f"{first}chat-request/").status_code == 200
    assert "declined the chat" in alice.get(second).content.decode()


def test_a_guests_role_and_invites_go_to_the_account_that_is_in_the_room(bob, home, room):
    home.join(room.name, "Dave")
    bob.membership.set_role("moderator")
    Invite.objects.issue(bob.membership, days=1, max_uses=1)
    sign_in_with_rooms(bob)
    assert roles(room)["Dave"] == ("in", "moderator")
    assert (Invite.objects.get().created_by.nickname, Invite.objects.get().revoked_at) == ("Dave", None)


def test_a_guests_mute_goes_to_the_account(bob, home, room):
    home.join(room.name, "Dave")
    bob.membership.set_muted(True)
    sign_in_with_rooms(bob)
    assert Membership.objects.get(nickname="Dave").muted


def test_a_guests_join_request_goes_to_the_account(home, person, room):
    home.join(room.name, "Dave")
    home.post(f"/rooms/{room.slug}/leave/")
    room.set_approval(True)
    sign_in_with_rooms(person(room.name, "Guest"))
    assert roles(room)["Dave"][0] == "waiting"


def test_a_room_of_a_merged_guest_goes_to_another_member(alice, home, person, room):
    person(room.name, "Cleo")
    home.join(room.name, "Dave")
    Membership.objects.get(nickname="Dave").ban()
    alice.post(f"/rooms/{room.slug}/leave/")
    sign_in_with_rooms(alice)
    assert roles(room)["Cleo"] == ("in", "owner")


def test_a_superuser_gets_no_password_reset_mail(maria, person, mailoutbox):
    maria.email = "maria@example.org"
    maria.save()
    person().post("/account/reset/", {"who": "maria@example.org"})
    time.sleep(0.3)
    assert mailoutbox == []
