"""Room states: announcements only, muted members, full, archived, deleted, without an owner."""

import pytest

from chat import markup
from chat.models import Message, Room
from tests.support.browsing import say
from tests.test_members import act


def sends(who, room, text="hello"):
    return who.send(room, text, n=str(hash(text) % 10**9)).status_code


def test_only_moderators_can_post_announcements(alice, bob, room):
    room.set_announce_only(True)
    refused = bob.send(room, "me too")
    assert refused.status_code == 422
    assert "Only the owner and moderators can post here." in refused.content.decode()
    assert "me too" in refused.content.decode()
    assert sends(alice, room) == 303
    assert "Announcements:" in bob.get(f"/rooms/{room.slug}/").content.decode()
    assert 'name="text"' not in bob.get(f"/rooms/{room.slug}/compose/").content.decode()
    assert 'name="text"' in alice.get(f"/rooms/{room.slug}/compose/").content.decode()
    bob.membership.set_role("moderator")
    assert sends(bob, room) == 303


def test_a_muted_member_can_only_read_until_unmuted(alice, bob, room):
    act(alice, room, bob, "mute")
    assert sends(bob, room) == 422
    assert bob.get(f"/rooms/{room.slug}/").status_code == 200
    assert "<bdi>Bob</bdi> was muted by <bdi>Alice</bdi>" in bob.get(f"/rooms/{room.slug}/").content.decode()
    bob.membership.leave()
    bob.join(room.name, "Bob")
    assert sends(bob, room) == 422, "leaving takes nothing back"
    act(alice, room, bob, "mute", unmute="1")
    assert sends(bob, room) == 303


def test_a_muted_member_cannot_change_their_nickname(bob, room):
    bob.membership.set_muted(True)
    refused = bob.post(f"/rooms/{room.slug}/name/", {"nickname": "Alice is a liar"})
    assert (refused.status_code, "You’re muted" in refused.content.decode()) == (422, True)
    bob.post(f"/rooms/{room.slug}/leave/")
    again = bob.join(room.name, "Alice is a liar")
    assert (again.status_code, "with your earlier nickname" in again.content.decode()) == (422, True)
    assert bob.join(room.name, "Bob").status_code == 303


def test_nobody_can_change_their_nickname_in_a_locked_room(bob, room):
    room.set_locked(True)
    assert bob.post(f"/rooms/{room.slug}/name/", {"nickname": "Robert"}).status_code == 422


def test_a_look_alike_of_an_archived_room_can_be_created(alice, person, room):
    room.set_archived(True)
    assert person().join("Rеading club", "Dave").status_code == 303
    refused = alice.post(f"/rooms/{room.slug}/archive/", {"unarchive": "1"})
    assert refused.status_code == 409
    assert "nearly identical" in refused.content.decode(), "now there are two that look alike"


def test_the_text_of_a_message_to_a_room_deleted_meanwhile_is_kept(alice, bob, room, monkeypatch):
    def deleted_meanwhile(text, room, render=markup.render):
        Room.objects.all().delete()
        return render(text, room)

    monkeypatch.setattr(markup, "render", deleted_meanwhile)
    answer = bob.send(room, "typed for long")
    assert answer.status_code == 409
    assert "no longer exists" in answer.content.decode()
    assert "typed for long" in answer.content.decode()


def test_without_javascript_the_frame_says_why_a_member_cannot_post(alice, bob, room):
    bob.membership.set_muted(True)
    frame = bob.get(f"/rooms/{room.slug}/compose/").content.decode()
    assert "You’re muted" in frame
    assert "Check again" in frame
    assert 'name="text"' not in frame


def stop_writing(member, why):
    """Keep this member from posting, for one of the lasting reasons."""
    {
        "muted": lambda: member.set_muted(True),
        "announce": lambda: member.room.set_announce_only(True),
        "archived": lambda: member.room.set_archived(True),
    }[why]()


LASTING = {"muted": "You’re muted", "announce": "Announcements:", "archived": "This room is archived"}


@pytest.mark.parametrize("why", LASTING)
@pytest.mark.parametrize("frame", ["", "compose/"])
def test_a_sentence_replaces_the_field_of_a_member_who_cannot_post(bob, room, why, frame):
    stop_writing(bob.membership, why)
    page = bob.get(f"/rooms/{room.slug}/{frame}").content.decode()
    assert (page.count(LASTING[why]), page.count("Check again")) == (1, 1)
    assert 'name="text"' not in page
    assert frame or 'id="composer-keys"' in page
    assert "Refresh" not in page


def test_a_muted_member_who_rejoins_sees_the_reason_at_once(bob, room):
    bob.membership.set_muted(True)
    bob.membership.leave()
    swapped = bob.post("/join/", {"room": room.name, "nickname": "Bob"}, headers={"HX-Request": "true"})
    assert "You’re muted" in swapped.content.decode()


def test_a_locked_room_keeps_its_hidden_composer(bob, room):
    room.lock()
    page = bob.get(f"/rooms/{room.slug}/").content.decode()
    assert 'name="text"' in page
    assert "Check again" not in page


def test_a_refused_text_keeps_its_field(bob, room):
    bob.membership.set_muted(True)
    page = bob.send(room, "may I?").content.decode()
    assert 'value="may I?"' in page


def test_a_banned_member_can_rejoin_only_after_unban(alice, bob, room):
    act(alice, room, bob, "ban")
    assert bob.poll(room, 1).status_code == 286
    assert "been banned from this room" in bob.get(f"/rooms/{room.slug}/").content.decode()
    assert bob.join(room.name, "Bob").status_code == 422
    assert "Banned" in alice.get(f"/rooms/{room.slug}/members/").content.decode()
    act(alice, room, bob, "unban")
    assert bob.join(room.name, "Bob").status_code == 303


@pytest.mark.parametrize("door", ["name", "address"])
def test_a_full_room_can_be_joined_after_a_member_leaves(alice, bob, person, room, door):
    room.set_member_limit(2)
    dave = person()
    come = {
        "name": lambda: dave.join(room.name, "Dave"),
        "address": lambda: dave.post(f"/rooms/{room.slug}/join/", {"nickname": "Dave"}),
    }[door]
    assert "This room is full." in come().content.decode()
    bob.membership.leave()
    assert come().status_code == 303


def test_an_archived_room_is_read_only_closed_to_joins_and_not_listed(alice, bob, person, room):
    say(bob.membership, "a last word")
    url = f"/rooms/{room.slug}/archive/"
    assert alice.post(url).status_code == 303
    assert "Unarchive room" in alice.get(f"/rooms/{room.slug}/settings/").content.decode()
    dave = person()
    assert sends(alice, room) == 422
    assert "a last word" in bob.get(f"/rooms/{room.slug}/").content.decode()
    assert bob.post(f"/rooms/{room.slug}/name/", {"nickname": "Robert"}).status_code == 422
    assert "is archived" in dave.join(room.name, "Dave").content.decode()
    assert "is archived" in dave.get(f"/rooms/{room.slug}/").content.decode()
    assert room.name not in dave.get("/").content.decode()
    assert "1 archived room" in bob.get("/").content.decode()
    alice.post(url, {"unarchive": "1"})
    assert sends(bob, room, "back again") == 303


def test_deleting_a_room_needs_its_name(alice, bob, room):
    url = f"/rooms/{room.slug}/delete/"
    assert "Archive the room instead" in alice.get(url).content.decode()
    refused = alice.post(url, {"name": "Writing club"})
    assert (refused.status_code, Room.objects.count()) == (422, 1)
    assert 'value="Writing club"' in refused.content.decode()
    assert alice.post(url, {"name": "reading CLUB"}).status_code == 303
    assert (Room.objects.count(), Message.objects.count()) == (0, 0)
    assert bob.get(f"/rooms/{room.slug}/").status_code == 404
    assert "no longer in this room" in bob.poll(room, 1).content.decode()


@pytest.mark.parametrize("role", ["moderator", "member"])
def test_only_the_owner_can_delete_a_room(bob, room, role):
    bob.membership.set_role(role)
    url = f"/rooms/{room.slug}/delete/"
    assert (bob.get(url).status_code, bob.post(url, {"name": room.name}).status_code) == (403, 403)
    assert Room.objects.get() == room


def test_the_longest_serving_moderator_follows_an_owner_who_leaves(alice, bob, person, room):
    bob.membership.set_role("moderator")
    person(room.name, "Dave").membership.set_role("moderator")
    alice.post(f"/rooms/{room.slug}/leave/")
    assert (alice.membership.role, bob.membership.role) == ("moderator", "owner")
    assert "<bdi>Bob</bdi> is now the owner" in bob.get(f"/rooms/{room.slug}/").content.decode()


def test_without_moderators_the_owner_gets_the_room_back(alice, bob, room):
    alice.post(f"/rooms/{room.slug}/leave/")
    assert bob.membership.role == "member"
    alice.join(room.name, "Alice")
    assert alice.membership.role == "owner"


def test_repeated_acts_have_one_event(alice, bob, room):
    membership = bob.membership
    membership.leave()
    membership.leave()
    room.lock()
    room.lock()
    assert list(room.messages.exclude(event="").values_list("event", flat=True).order_by("pk")) == [
        "opened",
        "joined",
        "left",
        "locked",
    ]
