"""Actors: every verb that acts on a room or on others takes an actor, and returns whether it changed anything."""

import ast
from types import SimpleNamespace

import pytest
from django.contrib.admin.models import LogEntry

from chat.exceptions import Refused
from chat.models import Actor, AuditEntry, Invite, Membership, Message, Participant, Room, SignInLink
from chat.models.actor import SYSTEM, ActorKind
from chat.models.direct_message import open_direct_message
from chat.realtime import rendering
from chat_app.settings import BASE_DIR
from tests.test_admin import act

VERBS = {
    *("set_topic", "set_rules", "set_locked", "lock", "unlock", "set_announce_only", "set_archived"),
    *("set_accounts_only", "set_member_limit", "set_approval", "set_name", "set_access", "update_settings"),
    *("delete_with_messages", "approve", "decline_request", "remove", "ban", "unban", "set_muted", "set_role"),
    *("make_owner", "revoke", "edit", "restore", "issue", "assign_role", "sign_out_everywhere", "mark_deleted"),
}


def now(who):
    return Membership.objects.select_related("room").get(pk=who.membership.pk)


def last_event(room):
    return room.messages.exclude(event="").latest("first_version")


def waiting(room, person):
    room.set_approval(True)
    return person(room.name, "Dora").membership


# Who acts


def test_by_is_a_membership_an_actor_or_none(alice, admin_user):
    member = alice.membership
    assert Actor.of(member) == Actor(ActorKind.MEMBER, membership=member)
    admin = Actor.site_admin(admin_user)
    assert Actor.of(admin) is admin
    assert Actor.of(None) is SYSTEM


def test_a_room_does_not_read_a_site_admins_user_name(admin_user, bob, room):
    admin_user.username = "ada.lovelace"
    now(bob).remove(Actor.site_admin(admin_user))
    event = last_event(room)
    assert (event.actor, event.subject, event.detail["actor_name"]) == (None, bob.membership, "")
    ((_message, html),) = rendering.render_messages([event])
    assert "ada" not in html
    assert "<bdi>Bob</bdi> was removed by a site admin" in html


def test_events_keep_the_names_of_that_moment(alice, bob, room):
    now(bob).set_muted(True, now(alice))
    muted = last_event(room)
    now(alice).change_nickname("Alicia")
    assert (muted.actor, muted.subject) == (alice.membership, bob.membership)
    ((_message, html),) = rendering.render_messages([muted])
    assert "<bdi>Bob</bdi> was muted by <bdi>Alice</bdi>" in html


def test_the_event_of_a_join_names_the_approver(alice, room, person):
    member = waiting(room, person)
    assert member.approve(now(alice))
    event = last_event(room)
    assert (event.event, event.actor, event.subject) == ("joined", alice.membership, member)


def test_turning_approval_off_approves_as_the_system(alice, room, person):
    waiting(room, person)
    room.set_approval(False, now(alice))
    assert last_event(room).actor is None


# Whether it acted


def room_verbs():
    texts = {"topic": "Emma", "rules": "Be kind.", "name": "Evening club", "access": "unlisted"}
    flags = dict.fromkeys(["locked", "announce_only", "archived", "accounts_only", "approval"], True)
    return [*(texts | flags | {"member_limit": 5}).items()]


@pytest.mark.parametrize(("setting", "value"), room_verbs())
def test_setting_the_current_value_does_not_act(alice, room, setting, value):
    verb = getattr(room, f"set_{setting}")
    assert verb(value, now(alice)) is True
    lines, version = room.messages.count(), room.header_version
    assert verb(value, now(alice)) is False
    room.refresh_from_db()
    assert (room.messages.count(), room.header_version) == (lines, version)


def test_update_settings_names_what_changed(alice, room):
    assert room.update_settings(by=now(alice), topic="Emma", rules="", locked=True) == ["topic", "locked"]
    assert room.update_settings(by=now(alice), topic="Emma", locked=True) == []


MEMBER_VERBS = {
    "remove": lambda member, by: member.remove(by),
    "ban": lambda member, by: member.ban(by),
    "mute": lambda member, by: member.set_muted(True, by),
    "role": lambda member, by: member.set_role("moderator", by),
    "owner": lambda member, by: member.make_owner(Actor.of(None)),
    "assign": lambda member, by: by.assign_role(member, "moderator"),
}


@pytest.mark.parametrize("verb", MEMBER_VERBS)
def test_an_act_on_a_member_acts_once(alice, bob, room, verb):
    assert MEMBER_VERBS[verb](now(bob), now(alice)) is True
    lines = room.messages.count()
    assert MEMBER_VERBS[verb](now(bob), now(alice)) is False
    assert room.messages.count() == lines


@pytest.mark.parametrize("verb", ["approve", "decline_request"])
def test_a_join_request_is_answered_once(alice, room, person, verb):
    member = waiting(room, person)
    assert getattr(member, verb)(now(alice)) is True
    assert getattr(member, verb)(now(alice)) is False


def test_unban_chat_requests_and_leave_act_once(alice, bob, room):
    now(bob).ban(now(alice))
    member = now(bob)
    assert [member.unban(now(alice)), member.unban(now(alice))] == [True, False]
    for verb in (member.accept_chat, member.decline_chat, member.ignore_chat, member.leave):
        assert verb() is False
    assert [now(alice).leave(), now(alice).leave()] == [True, False]


def test_an_invite_is_revoked_once(alice):
    invite, _key = Invite.objects.issue(now(alice), days=1, max_uses=1)
    assert [invite.revoke(now(alice)), invite.revoke(now(alice))] == [True, False]


def test_deleting_a_room_acts(room, mallory, transactional_db):
    assert room.delete_with_messages() is True
    assert mallory.membership.room.mark_deleted() is True


def test_ownership_is_passed_on_once(alice, bob):
    member = now(alice)
    assert now(bob).pass_ownership_on(for_good=True) is False
    assert [member.pass_ownership_on(for_good=True), member.pass_ownership_on(for_good=True)] == [True, False]
    assert bob.membership.is_owner


def test_a_membership_is_transferred_once(bob):
    account, stale = Participant.objects.create(), now(bob)
    assert now(bob).transfer_to(account) is True
    assert stale.transfer_to(account) is False


@pytest.mark.parametrize("muted", [True, False])
def test_a_membership_is_merged_once(bob, person, room, muted):
    account, guest = now(bob), person(room.name, "Dora").membership
    assert guest.merge_into(account) is True
    Membership.objects.filter(pk=guest.pk).update(muted=muted)
    assert [guest.merge_into(account), guest.merge_into(account)] == [muted, False]
    assert now(bob).muted is muted


def test_merging_a_banned_membership_bans_once(bob, carol, room):
    guest, known = now(bob), now(carol)
    guest.ban()
    assert [guest.merge_into(known), guest.merge_into(known)] == [True, False]
    assert [known.become_banned(), now(carol).status] == [False, "banned"]


def test_a_message_is_edited_removed_and_restored_once(alice, room):
    alice.send(room, "hello")
    message = Message.objects.get(text="hello")
    version = message.version
    assert [message.edit("hi"), message.edit("hi")] == [True, False]
    assert [message.remove(), message.remove()] == [True, False]
    assert [message.restore(), message.restore()] == [True, False]
    message.refresh_from_db()
    assert message.version > version
    message.remove()
    assert message.edit("of a removed message") is False
    event = room.messages.get(event="opened")
    assert (event.edit("x"), event.remove()) == (False, False)


# Whether the actor still may


def set_by(setting, value):
    return lambda target, by: getattr(target.room, f"set_{setting}")(value, by)


ACTS_OF_MODERATORS = {f"set_{setting}": set_by(setting, value) for setting, value in room_verbs()} | {
    "lock": lambda target, by: target.room.lock(by),
    "unlock": lambda target, by: target.room.unlock(by),
    "update_settings": lambda target, by: target.room.update_settings(by=by, topic="Emma", name="Evening club"),
    "delete": lambda target, by: target.room.delete_with_messages(by),
    "mark_deleted": lambda target, by: target.room.mark_deleted(by),
    "approve": lambda target, by: target.waiting.approve(by),
    "decline_request": lambda target, by: target.waiting.decline_request(by),
    "unban": lambda target, by: target.banned.unban(by),
    "set_role": lambda target, by: target.member.set_role("moderator", by),
    "make_owner": lambda target, by: target.member.make_owner(by),
    "issue": lambda target, by: Invite.objects.issue(by, days=1, max_uses=1),
    "revoke": lambda target, by: target.invite.revoke(by),
    "edit": lambda target, by: target.message.edit("mended", by),
    "remove_message": lambda target, by: target.message.remove(by),
    "restore_message": lambda target, by: target.removed_message.restore(by),
}
ACTS_OF_OWNERS = {
    *("set_name", "set_access", "set_archived", "set_accounts_only", "set_member_limit"),
    *("update_settings", "delete", "mark_deleted", "set_role", "make_owner"),
}


@pytest.fixture
def target(alice, bob, room, person):
    """A room with something for each verb to act on, and `by`, a moderator."""
    names = ("Nora", "Basil", "Mia")
    by, banned, member = (person(room.name, name).membership for name in names)
    by.set_role("moderator")
    banned.ban()
    alice.send(room, "kept")
    alice.send(room, "removed", n=2)
    message, removed = Message.objects.get(text="kept"), Message.objects.get(text="removed")
    removed.remove()
    invite, _key = Invite.objects.issue(now(alice), days=1, max_uses=1)
    waits = waiting(room, person)
    things = {"waiting": waits, "banned": banned, "member": member, "invite": invite}
    return SimpleNamespace(room=room, by=by, message=message, removed_message=removed, **things)


def everything():
    """All rows of a room that a verb could change, and the audit log."""
    models = (Room.with_deleted, Membership._base_manager, Message.objects, Invite.objects, AuditEntry.objects)
    return [list(rows.order_by("pk").values()) for rows in models]


def refused_act(act, target, by):
    before = everything()
    with pytest.raises(Refused) as refusal:
        act(target, by)
    assert (refusal.value.code, everything()) == ("not_allowed", before)


@pytest.mark.parametrize("act", ACTS_OF_MODERATORS)
def test_a_moderator_who_was_banned_meanwhile_changes_nothing(target, act):
    now_banned = Membership.objects.get(pk=target.by.pk)
    now_banned.ban()
    refused_act(ACTS_OF_MODERATORS[act], target, target.by)


ACTS_ON_MEMBERS = {
    "mute": lambda member, by: member.set_muted(True, by),
    "remove": Membership.remove,
    "ban": Membership.ban,
    "assign_role": lambda member, by: by.assign_role(member, Membership.Role.MODERATOR),
}


@pytest.mark.parametrize("act", ACTS_ON_MEMBERS)
def test_the_owner_of_another_room_outranks_nobody(alice, bob, mallory, act):
    events, audited = Message.objects.count(), AuditEntry.objects.count()
    before = Membership.objects.order_by("pk").values()
    unchanged = list(before)
    assert not mallory.membership.outranks(bob.membership)
    assert ACTS_ON_MEMBERS[act](now(bob), mallory.membership) is False
    assert (list(before.all()), Message.objects.count(), AuditEntry.objects.count()) == (unchanged, events, audited)


@pytest.mark.parametrize("how", [Membership.leave, Membership.remove, lambda member: member.set_role("member")])
def test_a_moderator_who_no_longer_is_one_changes_nothing(target, how):
    how(Membership.objects.get(pk=target.by.pk))
    refused_act(ACTS_OF_MODERATORS["lock"], target, target.by)


@pytest.mark.parametrize("act", sorted(ACTS_OF_OWNERS))
def test_a_moderator_cannot_act_as_owner(target, act):
    refused_act(ACTS_OF_MODERATORS[act], target, target.by)


@pytest.mark.parametrize("act", sorted(ACTS_OF_MODERATORS.keys() - ACTS_OF_OWNERS - {"unlock", "set_approval"}))
def test_a_moderator_can_still_act(target, act):
    assert ACTS_OF_MODERATORS[act](target, target.by)


@pytest.mark.parametrize("act", ["lock", "approve", "revoke", "edit"])
def test_the_owner_of_another_room_changes_nothing(target, act, mallory):
    refused_act(ACTS_OF_MODERATORS[act], target, now(mallory))


# What the pages say


def followed(client, address, form=None):
    """The page to which this POST redirects."""
    return client.get(client.post(address, form or {}).headers["Location"]).content.decode()


@pytest.fixture
def bert(alice, room, person):
    """A second moderator, who acts on what Alice has seen to already."""
    bert = person(room.name, "Bert")
    now(bert).set_role("moderator", now(alice))
    return bert


def test_the_second_moderator_reads_that_the_first_was_faster(alice, bert, bob, room, person):
    member, dora = f"/rooms/{room.slug}/members/{bob.membership.pk}", waiting(room, person)
    acts = [
        (f"{member}/mute/", {}, "Already muted, or no longer in the room."),
        (f"{member}/mute/", {"unmute": "1"}, "No longer muted, or no longer in the room."),
        (f"{member}/remove/", {}, "Already gone, or you can no longer remove them."),
        (f"/rooms/{room.slug}/members/{dora.pk}/answer/", {"approve": "1"}, "was already answered or cancelled."),
    ]
    for address, form, sentence in acts:
        assert sentence not in followed(alice, address, form)
        assert sentence in followed(bert, address, form)


def test_a_ban_and_its_end_are_told_to_the_second_moderator(alice, bert, bob, room):
    member = f"/rooms/{room.slug}/members/{bob.membership.pk}"
    for act_, sentence in (("ban", "Already gone"), ("unban", "Already unbanned.")):
        assert sentence not in followed(alice, f"{member}/{act_}/")
        assert sentence in followed(bert, f"{member}/{act_}/")


@pytest.mark.parametrize("role", ["moderator", "owner"])
def test_a_role_is_not_given_to_somebody_who_left(alice, bob, room, role):
    now(bob).leave()
    address = f"/rooms/{room.slug}/members/{bob.membership.pk}/role/"
    assert "The role didn’t change." in followed(alice, address, {"role": role})


def test_the_page_says_that_an_invite_was_revoked_already(alice, room):
    invite, _key = Invite.objects.issue(now(alice), days=1, max_uses=1)
    address = f"/rooms/{room.slug}/invitations/{invite.pk}/revoke/"
    sentence = "This invite link was revoked already."
    assert sentence not in followed(alice, address)
    assert sentence in followed(alice, address)


def test_cancelling_an_approved_join_request_says_so(alice, room, person):
    room.set_approval(True)
    dora, ed = person(room.name, "Dora"), person(room.name, "Ed")
    now(dora).approve(now(alice))
    sentence = "Your join request was answered before you cancelled it."
    assert sentence in followed(dora, f"/rooms/{room.slug}/join-request/cancel/")
    assert now(dora).is_inside
    assert sentence not in followed(ed, f"/rooms/{room.slug}/join-request/cancel/")


def test_the_account_page_says_that_a_link_was_used_already(alice):
    link, _key = SignInLink.objects.issue(now(alice).participant, hours=1)
    address, sentence = f"/account/links/{link.pk}/revoke/", "This link no longer worked"
    assert sentence not in followed(alice, address)
    assert sentence in followed(alice, address)


def test_a_name_that_one_has_already_is_told(alice, room):
    address, sentence = f"/rooms/{room.slug}/name/", "This is already your nickname."
    assert sentence in followed(alice, address, {"nickname": "Alice"})
    assert sentence not in followed(alice, address, {"nickname": "Alicia"})


def test_a_chat_request_that_was_answered_meanwhile_is_told(alice, bob, room):
    chat = open_direct_message(now(alice), now(bob)).room
    address, sentence = f"/rooms/{chat.slug}/chat-request/", "This request was already answered."
    assert sentence not in followed(bob, address, {"answer": "ignore"})
    assert sentence in followed(bob, address, {"answer": "ignore"})


def test_leaving_twice_at_once_is_told(alice, bob, room, monkeypatch):
    """The second request finds Bob in the room, but the first one is through before its verb."""
    leave = Membership.leave
    monkeypatch.setattr(Membership, "leave", lambda member: leave(now(bob)) and leave(member))
    assert "You had already left this room." in followed(bob, f"/rooms/{room.slug}/leave/")
    assert not now(bob).is_inside


def test_settings_say_that_nothing_changed(alice, room):
    form = {"initial-topic": "", "topic": "", "access": "open", "name": room.name}
    page = followed(alice, f"/rooms/{room.slug}/settings/", form)
    assert "Nothing changed. The room already had these settings." in page


# The admin


def test_the_admin_counts_and_logs_what_acted(admin_client, admin_user, person, alice, room):
    rooms = [person(f"Room {n}", "Ann").membership.room for n in range(3)]
    room.lock()
    page = act(admin_client, "room", "lock", room, *rooms).content.decode()
    assert "3 rooms locked. 1 was already locked." in page
    assert LogEntry.objects.count() == 3
    page = act(admin_client, "room", "lock", room).content.decode()
    assert "1 was already locked." in page
    assert "0 rooms" not in page
    assert LogEntry.objects.count() == 3


@pytest.mark.parametrize(
    ("model", "action", "sentence"),
    [
        ("membership", "remove", "1 was not in the room."),
        ("membership", "make_owner", "1 is the owner already, or can’t become the owner."),
        ("message", "remove", "1 was removed already or is a system message."),
        ("message", "restore", "1 was not removed."),
        ("room", "unlock", "1 was not locked."),
    ],
)
def test_the_admin_says_what_did_not_act(admin_client, carol, room, model, action, sentence):
    rows = {"membership": carol.membership, "message": room.messages.get(event="opened"), "room": room}
    assert sentence in act(admin_client, model, action, rows[model]).content.decode()
    assert not LogEntry.objects.exists()


def test_a_form_of_the_admin_that_changes_nothing_is_not_logged(admin_client, room):
    page = admin_client.post(f"/admin/chat/room/{room.pk}/change/", {"topic": ""}, follow=True).content.decode()
    assert "Nothing was changed." in page
    assert not LogEntry.objects.exists()
    admin_client.post(f"/admin/chat/room/{room.pk}/change/", {"topic": "Emma"})
    assert LogEntry.objects.count() == 1


# Callers


ACTORS = {"by", "actor", "SYSTEM"}
OWN = {  # acts of a person on their own links and sessions
    "participant.sign_out_everywhere()",
    "self.participant.sign_out_everywhere()",
    "SignInLink.objects.issue(participant, hours)",
    "sign_in_links_to_revoke(request).filter(pk=pk).revoke()",
    "self.sign_in_links.all().revoke()",
}


def names_actor(call):
    """Whether a call says `by=`, has an actor among its arguments, or is a verb of the actor."""
    named = {arg.id for arg in call.args if isinstance(arg, ast.Name)}
    by_receiver = call.func.attr == "assign_role" and ast.unparse(call.func.value) == "by"
    return by_receiver or bool(named & ACTORS) or any(keyword.arg == "by" for keyword in call.keywords)


def calls_without_actor(source):
    """Calls of verbs that do not name an actor."""
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    verbs = [call for call in calls if isinstance(call.func, ast.Attribute) and call.func.attr in VERBS]
    return [ast.unparse(call) for call in verbs if not names_actor(call)]


def test_every_call_of_a_verb_names_the_actor():
    files = [*BASE_DIR.glob("chat/views/*.py"), *BASE_DIR.glob("chat/models/*.py"), BASE_DIR / "chat/retention.py"]
    files += BASE_DIR.glob("chat/admin/*.py")
    assert {call for path in files for call in calls_without_actor(path.read_text())} - OWN == set()


@pytest.mark.parametrize(
    "call",
    ["member.ban()", "x.set_role(OWNER)", "self.ban(self.by)", "room.lock(at=self)", "alice.assign_role(bob, by_name)"],
)
def test_a_call_that_does_not_say_who_acts_is_found(call):
    assert calls_without_actor(f"member.ban(by)\nroom.lock(by=admin)\nby.assign_role(x, y)\n{call}") == [call]


# Templates


@pytest.mark.parametrize("event", Message.Event)
def test_each_event_has_a_template_which_is_in_the_digest(event):
    message = Message(event=event)
    assert (BASE_DIR / "templates" / message.event_template).is_file()
    assert message.event_template in rendering.EVENT_TEMPLATES


def test_each_template_is_of_an_event():
    assert {path.stem for path in BASE_DIR.glob("templates/events/*.html")} == set(Message.Event)
