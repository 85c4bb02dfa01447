"""Roles: a room has one owner at any time, even with simultaneous requests, and ownership passes on."""

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
    """This person's membership read again, as another thread would see it."""
    return Membership.objects.select_related("room").get(pk=who.membership.pk)


def go_private(alice, room):
    room.set_access("private")
    return room


def invite(by, room):
    page = by.post(f"/rooms/{room.slug}/invitations/", {"max_uses": "", "days": "7"}).content.decode()
    return re.search(r"/invitations/[\w-]{22}/", page)[0]


def test_a_transfer_needs_a_confirmation(alice, bob, room):
    page = act(alice, room, bob, "role", role="owner")
    assert "<bdi>Bob</bdi> will own this room" in page.content.decode()
    assert owners(room) == ["Alice"]
    act(alice, room, bob, "role", role="owner", confirmed="1")
    assert (alice.membership.role, bob.membership.role) == ("moderator", "owner")


def test_a_former_owner_cannot_transfer_the_room_again(alice, bob, person, room):
    cleo, in_another_tab = person(room.name, "Cleo"), now(alice)
    now(alice).assign_role(now(bob), "owner")
    in_another_tab.assign_role(now(cleo), "owner")
    in_another_tab.assign_role(now(cleo), "moderator")
    assert owners(room) == ["Bob"]
    assert cleo.membership.role == "member"


def test_a_room_is_not_transferred_to_a_member_who_has_left(alice, bob, room):
    heir = now(bob)
    now(bob).leave()
    now(alice).assign_role(heir, "owner")
    assert owners(room) == ["Alice"]


def test_two_simultaneous_transfers_leave_one_owner(transactional_db, alice, bob, person, room):
    cleo = person(room.name, "Cleo")
    to = [now(bob), now(cleo)]
    together([lambda heir=heir: now(alice).assign_role(heir, "owner") for heir in to])
    assert len(owners(room)) == 1


def test_a_moderator_cannot_act_on_a_member_who_became_owner_meanwhile(alice, bob, person, room):
    cleo = person(room.name, "Cleo")
    bob.membership.set_role("moderator")
    act(alice, room, cleo, "role", role="owner", confirmed="1")
    for verb in (Membership.ban, Membership.remove, lambda member, by: member.set_muted(True, by)):
        verb(now(cleo), now(bob))
        assert (cleo.membership.is_inside, cleo.membership.muted) == (True, False)


def test_a_former_moderator_cannot_remove_members(alice, bob, person, room):
    cleo = person(room.name, "Cleo")
    bob.membership.set_role("moderator")
    late = now(bob)
    bob.membership.set_role("member")
    now(cleo).remove(late)
    assert cleo.membership.is_inside


def test_a_new_owner_is_unmuted(alice, bob, room):
    act(alice, room, bob, "mute")
    act(alice, room, bob, "role", role="owner", confirmed="1")
    assert bob.send(room, "mine").status_code == 303


def test_a_nickname_change_undoes_neither_mute_nor_demotion(alice, bob, room):
    bob.membership.set_role("moderator")
    late = now(bob)
    now(bob).set_role("member")
    late.change_nickname("Robert")
    assert (bob.membership.role, bob.membership.nickname) == ("member", "Robert")
    late = now(bob)
    now(bob).set_muted(True)
    with pytest.raises(Exception, match="You’re muted"):
        late.change_nickname("Rob")
    assert bob.membership.muted


@pytest.mark.parametrize("private", [False, True])
def test_an_open_room_keeps_an_owner_who_left_and_a_private_one_gets_a_new_owner(alice, bob, person, room, private):
    person(room.name, "Cleo")
    if private:
        go_private(alice, room)
    alice.post(f"/rooms/{room.slug}/leave/")
    assert owners(room) == (["Bob"] if private else ["Alice"])


def test_only_the_owner_can_rejoin_an_archived_room(alice, bob, carol, room):
    room.set_archived(True)
    alice.post(f"/rooms/{room.slug}/leave/")
    assert 'id="join"' in alice.get(f"/rooms/{room.slug}/").content.decode()
    assert carol.join(room.name, "Carol").status_code == 422
    assert alice.join(room.name, "Alice").status_code == 303
    assert owners(room) == ["Alice"]


@pytest.mark.parametrize("by", ["remove", "ban"])
def test_an_owner_removed_by_a_site_admin_loses_the_room(alice, bob, person, room, by):
    person(room.name, "Cleo")
    bob.membership.set_role("moderator")
    link = invite(alice, room)
    getattr(now(alice), by)()
    assert owners(room) == ["Bob"]
    (alice.membership.unban if by == "ban" else alice.membership.allow_rejoin)()
    alice.join(room.name, "Alice")
    assert (alice.membership.is_inside, alice.membership.role) == (True, "member")
    assert "revoked" in person().get(link).content.decode()


def test_deleting_the_owners_account_passes_the_room_on(alice, bob, room):
    keep(alice, name="Alice")
    assert alice.post("/account/delete/", {"password": SECRET}).status_code == 303
    assert owners(room) == ["Bob"]
    assert Message.objects.latest("pk").detail["role"] == "owner"


def test_the_next_new_member_owns_a_room_without_owner(alice, person, room):
    room.set_approval(True)
    keep(alice, name="Alice")
    alice.post("/account/delete/", {"password": SECRET})
    assert owners(room) == []
    cleo = person(room.name, "Cleo")
    assert owners(room) == ["Cleo"]
    assert cleo.membership.is_inside


def test_a_removed_owner_does_not_get_the_room_back_by_rejoining(alice, person, room):
    alice.membership.remove()
    alice.membership.allow_rejoin()
    alice.join(room.name, "Alice")
    assert owners(room) == []


@pytest.mark.parametrize("way", ["role", "leave"])
def test_invites_of_a_former_moderator_are_revoked(alice, bob, person, room, way):
    bob.membership.set_role("moderator")
    link = invite(bob, room)
    if way == "role":
        act(alice, room, bob, "role", role="member")
    else:
        bob.post(f"/rooms/{room.slug}/leave/")
    assert "revoked" in person().get(link).content.decode()
    assert Invite.objects.get().revoked_at


def test_a_site_admin_can_make_a_member_the_owner(admin_client, alice, bob, room):
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


def test_an_old_settings_page_does_not_undo_changes_of_others(alice, bob, room):
    bob.membership.set_role("moderator")
    page = bob.get(f"/rooms/{room.slug}/settings/").content.decode()
    shown = dict(re.findall(r'name="(initial-\w+)"(?: value="([^"]*)")?', page))
    assert {"initial-announce_only", "initial-rules", "initial-topic"} <= shown.keys()
    alice.post(f"/rooms/{room.slug}/settings/", settings_of(room, announce_only="on", rules="Be kind"))
    assert Room.objects.get(pk=room.pk).announce_only
    bob.post(f"/rooms/{room.slug}/settings/", {"topic": "Emma"} | shown)
    room.refresh_from_db()
    assert (room.topic, room.rules, room.announce_only) == ("Emma", "Be kind", True)


def settings_of(room, **changed):
    return {"name": room.name, "access": room.access, "topic": room.topic, "rules": room.rules} | changed


def test_a_new_member_does_not_own_a_room_with_other_members(alice, bob, person, room):
    """The owner deletes the account while the room is empty, and then a former member is the first to rejoin."""
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


def test_an_owner_can_rejoin_a_full_room(alice, bob, room):
    alice.post(f"/rooms/{room.slug}/leave/")
    Room.objects.update(member_limit=1)
    assert alice.join(room.name, "Alice").status_code == 303


def test_a_site_admin_cannot_make_a_former_member_or_dm_member_the_owner(alice, bob, room):
    late = now(bob)
    now(bob).leave()
    late.make_owner()
    assert owners(room) == ["Alice"]
    bob.join(room.name, "Bob")
    pair = open_direct_message(now(alice), now(bob))
    pair.make_owner()
    assert owners(pair.room) == []


def test_a_refused_settings_page_keeps_the_initial_values(alice, room):
    """Another tab makes the room private. This tab's form is refused for another reason, and sent again."""
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


@pytest.mark.parametrize("more", [{"accounts_only": True}, {"archived": True}])
def test_turning_approval_off_respects_other_settings_that_change_with_it(alice, person, room, more):
    room.set_approval(True)
    dave = person(room.name, "Dave")
    room.update_settings(alice.membership, approval=False, **more)
    assert dave.membership.status == "join_declined"


def test_turning_approval_off_uses_the_new_member_limit_of_the_same_form(alice, person, room):
    room.set_approval(True)
    dave = person(room.name, "Dave")
    room.set_member_limit(1)
    alice.post(f"/rooms/{room.slug}/settings/", settings_of(room, member_limit="2"))
    assert dave.membership.is_inside


def test_a_deleted_room_is_signalled_by_its_id(alice, room, monkeypatch, django_capture_on_commit_callbacks):
    told = []
    monkeypatch.setattr(pubsub, "publish_change", lambda gone: told.append(gone.pk))
    with django_capture_on_commit_callbacks(execute=True):
        alice.post(f"/rooms/{room.slug}/delete/", {"name": room.name})
    assert told == [room.pk]


def test_a_message_keeps_the_role_that_its_author_had(alice, room):
    membership = alice.membership
    type(membership).objects.filter(pk=membership.pk).update(role="member")
    assert membership.send("no longer the owner", "t:1").role == "member"
