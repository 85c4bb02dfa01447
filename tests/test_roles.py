"""Who keeps a room: one owner at any time, whatever happens at once, and somebody after those who go."""

import re

import pytest

from chat.models import Actor, AuditEntry, Invite, Membership, Message, Room
from chat.models.direct_message import open_direct_message
from chat.realtime import pubsub
from tests.support.threads import together
from tests.test_accounts import SECRET, keep
from tests.test_members import act


def owners(room):
    return sorted(room.memberships.filter(role="owner").values_list("nickname", flat=True))


def now(who):
    """What this person is in the room just now, as an act in another thread would read it."""
    return Membership.objects.select_related("room").get(pk=who.membership.pk)


def go_private(alice, room):
    room.set_access("private")
    return room


def invite(by, room):
    page = by.post(f"/rooms/{room.slug}/invitations/", {"max_uses": "", "days": "7"}).content.decode()
    return re.search(r"/invitations/[\w-]{22}/", page)[0]


def test_handing_over_is_asked_once_more_and_then_done(alice, bob, room):
    page = act(alice, room, bob, "role", role="owner")
    assert "<bdi>Bob</bdi> will own this room" in page.content.decode()
    assert owners(room) == ["Alice"]
    act(alice, room, bob, "role", role="owner", confirmed="1")
    assert (alice.membership.role, bob.membership.role) == ("moderator", "owner")


def test_who_has_handed_the_room_over_does_not_do_so_again(alice, bob, person, room):
    cleo, in_another_tab = person(room.name, "Cleo"), now(alice)
    now(alice).assign_role(now(bob), "owner")
    in_another_tab.assign_role(now(cleo), "owner")
    in_another_tab.assign_role(now(cleo), "moderator")
    assert owners(room) == ["Bob"]
    assert cleo.membership.role == "member"


def test_a_room_is_not_handed_over_to_somebody_who_has_just_left(alice, bob, room):
    heir = now(bob)
    now(bob).leave()
    now(alice).assign_role(heir, "owner")
    assert owners(room) == ["Alice"]


def test_of_two_who_get_the_room_at_once_one_has_it(transactional_db, alice, bob, person, room):
    cleo = person(room.name, "Cleo")
    to = [now(bob), now(cleo)]
    together([lambda heir=heir: now(alice).assign_role(heir, "owner") for heir in to])
    assert len(owners(room)) == 1


def test_a_moderator_whose_act_comes_late_does_nothing_to_the_new_owner(alice, bob, person, room):
    cleo = person(room.name, "Cleo")
    bob.membership.set_role("moderator")
    act(alice, room, cleo, "role", role="owner", confirmed="1")
    for verb in (Membership.ban, Membership.remove, lambda member, by: member.set_muted(True, by)):
        verb(now(cleo), now(bob))
        assert (cleo.membership.is_inside, cleo.membership.muted) == (True, False)


def test_who_is_no_moderator_any_more_shows_nobody_out(alice, bob, person, room):
    cleo = person(room.name, "Cleo")
    bob.membership.set_role("moderator")
    late = now(bob)
    bob.membership.set_role("member")
    now(cleo).remove(late)
    assert cleo.membership.is_inside


def test_who_is_given_the_room_can_write_in_it(alice, bob, room):
    act(alice, room, bob, "mute")
    act(alice, room, bob, "role", role="owner", confirmed="1")
    assert bob.send(room, "mine").status_code == 303


def test_a_new_name_undoes_neither_mute_nor_demotion(alice, bob, room):
    bob.membership.set_role("moderator")
    late = now(bob)
    now(bob).set_role("member")
    late.change_nickname("Robert")
    assert (bob.membership.role, bob.membership.nickname) == ("member", "Robert")
    late = now(bob)
    now(bob).set_muted(True)
    with pytest.raises(Exception, match="You are muted here"):
        late.change_nickname("Rob")
    assert bob.membership.muted


@pytest.mark.parametrize("private", [False, True])
def test_an_open_room_waits_for_its_owner_and_a_private_one_has_the_next(alice, bob, person, room, private):
    person(room.name, "Cleo")
    if private:
        go_private(alice, room)
    alice.post(f"/rooms/{room.slug}/leave/")
    assert owners(room) == (["Bob"] if private else ["Alice"])


def test_an_archived_room_takes_its_owner_back_and_nobody_else(alice, bob, carol, room):
    room.set_archived(True)
    alice.post(f"/rooms/{room.slug}/leave/")
    assert 'id="join"' in alice.get(f"/rooms/{room.slug}/").content.decode()
    assert carol.join(room.name, "Carol").status_code == 422
    assert alice.join(room.name, "Alice").status_code == 303
    assert owners(room) == ["Alice"]


@pytest.mark.parametrize("by", ["remove", "ban"])
def test_an_owner_whom_the_staff_shows_out_owns_nothing_any_more(alice, bob, person, room, by):
    person(room.name, "Cleo")
    bob.membership.set_role("moderator")
    link = invite(alice, room)
    getattr(now(alice), by)()
    assert owners(room) == ["Bob"]
    alice.membership.unban()
    alice.join(room.name, "Alice")
    assert (alice.membership.is_inside, alice.membership.role) == (True, "member")
    assert "taken back" in person().get(link).content.decode()


def test_who_deletes_the_account_leaves_the_room_to_the_next(alice, bob, room):
    keep(alice, name="Alice")
    assert alice.post("/account/delete/", {"password": SECRET}).status_code == 303
    assert owners(room) == ["Bob"]
    assert Message.objects.latest("pk").detail["role"] == "owner"


def test_a_room_that_nobody_owns_is_that_of_the_next_newcomer(alice, person, room):
    room.set_approval(True)
    keep(alice, name="Alice")
    alice.post("/account/delete/", {"password": SECRET})
    assert owners(room) == []
    cleo = person(room.name, "Cleo")
    assert owners(room) == ["Cleo"]
    assert cleo.membership.is_inside


def test_who_comes_back_to_a_room_that_nobody_owns_does_not_get_it_by_that(alice, person, room):
    alice.membership.remove()
    alice.join(room.name, "Alice")
    assert owners(room) == []


@pytest.mark.parametrize("way", ["role", "leave"])
def test_nobody_comes_by_the_invitation_of_who_keeps_the_room_no_more(alice, bob, person, room, way):
    bob.membership.set_role("moderator")
    link = invite(bob, room)
    if way == "role":
        act(alice, room, bob, "role", role="member")
    else:
        bob.post(f"/rooms/{room.slug}/leave/")
    assert "taken back" in person().get(link).content.decode()
    assert Invite.objects.get().revoked_at


def test_staff_makes_somebody_owner(admin_client, alice, bob, room):
    action = {"action": "make_owner", "_selected_action": [bob.membership.pk]}
    assert admin_client.post("/admin/chat/membership/", action).status_code == 302
    assert owners(room) == ["Bob"]
    assert alice.membership.role == "moderator"


def changes_of_roles():
    rows = AuditEntry.objects.filter(action="set_role").order_by("pk")
    return [(row.detail.data["subject_name"], row.actor_kind, row.detail.data["after"]) for row in rows]


def test_an_absent_owner_whom_staff_replaces_is_in_the_audit_log(alice, bob, room, admin_user):
    now(alice).leave()
    assert now(bob).make_owner(Actor.site_admin(admin_user))
    assert changes_of_roles() == [("Bob", "site_admin", "owner"), ("Alice", "site_admin", "moderator")]
    assert [line.subject for line in room.messages.filter(event="role")] == [bob.membership]


@pytest.mark.parametrize(("way", "after"), [("private", "moderator"), ("account", "member")])
def test_an_owner_who_passes_the_room_on_is_in_the_audit_log(alice, bob, room, way, after):
    if way == "private":
        go_private(alice, room)
    now(alice).leave(for_good=way == "account")
    assert changes_of_roles() == [("Alice", "system", after), ("Bob", "system", "owner")]


def test_a_new_owner_replaces_the_former_one(alice, bob, room):
    assert now(bob).set_role("owner", now(alice))
    assert (owners(room), alice.membership.role) == (["Bob"], "moderator")


def test_an_owner_does_not_give_up_the_room_without_a_successor(alice, bob, room):
    assert now(alice).set_role("member", now(alice)) is False
    assert owners(room) == ["Alice"]


def test_a_settings_page_that_was_open_for_long_undoes_nothing_of_others(alice, bob, room):
    bob.membership.set_role("moderator")
    page = bob.get(f"/rooms/{room.slug}/settings/").content.decode()
    shown = dict(re.findall(r'name="(initial-\w+)"(?: value="([^"]*)")?', page))
    assert {"initial-locked", "initial-rules", "initial-topic"} <= shown.keys()
    alice.post(f"/rooms/{room.slug}/settings/", settings_of(room, locked="on", rules="Be kind"))
    assert Room.objects.get(pk=room.pk).locked
    bob.post(f"/rooms/{room.slug}/settings/", {"topic": "Emma"} | shown)
    room.refresh_from_db()
    assert (room.topic, room.rules, room.locked) == ("Emma", "Be kind", True)


def settings_of(room, **changed):
    return {"name": room.name, "access": room.access, "topic": room.topic, "rules": room.rules} | changed


def test_a_room_in_which_others_sit_is_not_the_next_newcomers(alice, bob, person, room):
    """Its owner deletes the account while nobody is in, and then one who was there before is back first."""
    bob.post(f"/rooms/{room.slug}/leave/")
    keep(alice, name="Alice")
    alice.post("/account/delete/", {"password": SECRET})
    bob.join(room.name, "Bob")
    person(room.name, "Mallory")
    assert owners(room) == []


def test_a_muted_member_is_the_last_to_inherit(alice, bob, person, room):
    person(room.name, "Cleo")
    bob.membership.set_muted(True)
    go_private(alice, room)
    alice.post(f"/rooms/{room.slug}/leave/")
    assert owners(room) == ["Cleo"]


def test_an_owner_comes_back_into_a_full_room(alice, bob, room):
    alice.post(f"/rooms/{room.slug}/leave/")
    Room.objects.update(member_limit=1)
    assert alice.join(room.name, "Alice").status_code == 303


def test_staff_makes_nobody_owner_who_has_just_left_or_of_a_room_of_two(alice, bob, room):
    late = now(bob)
    now(bob).leave()
    late.make_owner()
    assert owners(room) == ["Alice"]
    bob.join(room.name, "Bob")
    pair = open_direct_message(now(alice), now(bob))
    pair.make_owner()
    assert owners(pair.room) == []


def test_a_settings_page_shows_again_what_it_showed_when_it_was_refused(alice, room):
    """Another tab makes the room private; this one is refused for something else, and sent again."""
    page = f"/rooms/{room.slug}/settings/"
    shown = fields_shown(alice.get(page))
    room.set_access("private")
    refused = alice.post(page, shown | {"access": "open", "member_limit": "1"}, follow=True)
    again = fields_shown(refused)
    assert again["initial-access"] == "open"
    alice.post(f"/rooms/{room.slug}/settings/", again | {"access": "open", "member_limit": "2"})
    room.refresh_from_db()
    assert (room.access, room.member_limit) == ("private", 2)


def fields_shown(page):
    hidden = dict(re.findall(r'name="(initial-\w+)"(?: value="([^"]*)")?', page.content.decode()))
    return hidden | {name.removeprefix("initial-"): value for name, value in hidden.items() if value != "False"}


@pytest.mark.parametrize("more", [{"accounts_only": "on"}, {"archived": "on"}])
def test_taking_back_that_newcomers_wait_lets_nobody_in_whom_the_same_form_keeps_out(alice, person, room, more):
    room.set_approval(True)
    dave = person(room.name, "Dave")
    alice.post(f"/rooms/{room.slug}/settings/", settings_of(room) | more)
    assert dave.membership.status == "join_declined"


def test_who_waits_is_let_in_into_the_places_that_the_same_form_makes(alice, person, room):
    room.set_approval(True)
    dave = person(room.name, "Dave")
    room.set_member_limit(1)
    alice.post(f"/rooms/{room.slug}/settings/", settings_of(room, member_limit="2"))
    assert dave.membership.is_inside


def test_a_room_that_is_deleted_is_told_of_by_its_number(alice, room, monkeypatch, django_capture_on_commit_callbacks):
    told = []
    monkeypatch.setattr(pubsub, "publish_change", lambda gone: told.append(gone.pk))
    with django_capture_on_commit_callbacks(execute=True):
        alice.post(f"/rooms/{room.slug}/delete/", {"name": room.name})
    assert told == [room.pk]


def test_a_message_bears_the_role_that_its_author_has_by_then(alice, room):
    membership = alice.membership
    type(membership).objects.filter(pk=membership.pk).update(role="member")
    assert membership.send("no longer the owner", "t:1").role == "member"
