"""Direct messages: the other person gets a chat request, and can accept, decline, ignore it, or leave."""

import re

import pytest

from chat.models import Membership, Participant, Room

HTMX = {"HX-Request": "true"}


def write_to(who, room, other):
    return who.post(f"/rooms/{room.slug}/members/{in_room(other, room).pk}/write/")


def in_room(who, room):
    return Membership.objects.select_related("room").get(participant=who.session["participant"], room=room)


@pytest.fixture
def pair(alice, bob, room):
    """Alice sent a chat request to Bob, who has not answered yet."""
    address = write_to(alice, room, bob).headers["Location"]
    pair = Room.objects.exclude(dm_key=None).get()
    assert pair.get_absolute_url() == address
    return pair


def answers(who, pair, answer):
    return who.post(f"/rooms/{pair.slug}/chat-request/", {"answer": answer})


def read(who, room):
    return who.get(f"/rooms/{room.slug}/").content.decode()


def test_the_recipient_gets_a_chat_request_and_sees_no_message_before_accepting(alice, bob, pair):
    alice.send(pair, "just between us")
    assert "<bdi>Alice</bdi> wants to chat" in bob.get("/").content.decode()
    asked = bob.get(f"/rooms/{pair.slug}/").headers["Location"]
    page = bob.get(asked).content.decode()
    assert "<bdi>Alice</bdi> wants to chat" in page
    assert "just between us" not in page
    assert bob.poll(pair, 1).status_code == 286
    assert answers(bob, pair, "accept").headers["Location"] == f"/rooms/{pair.slug}/"
    assert "just between us" in read(bob, pair)


def test_nobody_else_can_find_a_direct_message(mallory, carol, pair):
    for who in (mallory, carol):
        assert who.get(f"/rooms/{pair.slug}/").status_code == 404
        assert who.get(f"/rooms/{pair.slug}/chat-request/").status_code == 404
        assert pair.name not in who.get("/").content.decode()


def test_both_people_get_the_same_room_again(alice, bob, room, pair):
    assert write_to(bob, room, alice).headers["Location"] == f"/rooms/{pair.slug}/"
    assert in_room(bob, pair).is_inside, "who writes is in"
    assert write_to(alice, room, bob).headers["Location"] == f"/rooms/{pair.slug}/"
    assert Room.objects.exclude(dm_key=None).count() == 1


def test_declining_is_final_and_the_sender_is_informed(alice, bob, room, pair):
    answers(bob, pair, "decline")
    assert "<bdi>Bob</bdi> declined the chat" in read(alice, pair)
    assert alice.send(pair, "please").status_code == 422
    write_to(alice, room, bob)
    assert "wants to chat" not in bob.get("/").content.decode()
    write_to(bob, room, alice)
    assert alice.send(pair, "thank you", n=2).status_code == 303


def test_a_declined_chat_request_is_shown_nowhere(bob, pair):
    answers(bob, pair, "decline")
    assert bob.get(f"/rooms/{pair.slug}/chat-request/").status_code == 404
    assert answers(bob, pair, "accept").status_code == 404
    assert in_room(bob, pair).status == "chat_declined"


def test_ignoring_hides_the_request_and_the_sender_is_not_informed(alice, bob, room, pair):
    before = read(alice, pair)
    answers(bob, pair, "ignore")
    assert read(alice, pair).count("event") == before.count("event")
    assert alice.send(pair, "hello?").status_code == 303
    write_to(alice, room, bob)
    assert "wants to chat" not in bob.get("/").content.decode()
    assert "wants to chat" in bob.get(f"/rooms/{pair.slug}/chat-request/").content.decode(), "they may think again"


def test_the_page_of_a_chat_request_names_the_shared_rooms(alice, bob, mallory, pair):
    alice.join("Chess", "Alice")
    bob.join("Chess", "Bob")
    alice.join("Alone", "Alice")
    page = bob.get(f"/rooms/{pair.slug}/chat-request/").content.decode()
    assert "Rooms you share" in page
    assert "<bdi>Reading club</bdi>" in page
    assert "<bdi>Chess</bdi>" in page
    assert "Alone" not in page
    assert page.count("Alice &amp; Bob") == 0, "not the room of two itself"


@pytest.mark.parametrize(
    ("answer", "told"), [("decline", "Declined. They’re told"), ("ignore", "Ignored. They aren’t told")]
)
def test_the_home_page_says_what_was_done(bob, pair, answer, told):
    home = bob.get(answers(bob, pair, answer).headers["Location"])
    assert told in home.content.decode()
    assert told not in bob.get("/").content.decode()


def test_an_unknown_answer_to_a_chat_request_is_refused(bob, pair):
    assert "wants to chat" in answers(bob, pair, "whatever").content.decode()
    assert in_room(bob, pair).status == "chat_requested"


def test_the_sender_sees_that_the_request_is_not_accepted_yet(alice, pair, monkeypatch):
    told = "haven’t accepted yet"
    monkeypatch.setattr(Room, "dm_partner_pending", True, raising=False)
    assert told in read(alice, pair)
    monkeypatch.setattr(Room, "dm_partner_pending", False, raising=False)
    assert told not in read(alice, pair)


@pytest.mark.parametrize("ignored", [False, True])
def test_the_sender_sees_the_same_whether_the_request_is_ignored_or_not(alice, bob, pair, ignored):
    if ignored:
        answers(bob, pair, "ignore")
    assert "haven’t accepted yet" in read(alice, pair)
    answers(bob, pair, "accept")
    assert "haven’t accepted yet" not in read(alice, pair)


def test_a_person_who_left_gets_a_new_chat_request(alice, bob, room, pair):
    answers(bob, pair, "accept")
    bob.post(f"/rooms/{pair.slug}/leave/")
    refused = alice.send(pair, "are you there?")
    assert "To message them again" in refused.content.decode()
    page = read(alice, pair)
    assert "To message them again" in page
    assert "Check again" in page
    assert 'name="text"' not in page
    write_to(alice, room, bob)
    assert in_room(bob, pair).status == "chat_requested"


def test_a_direct_message_has_no_owner_and_starts_no_others(alice, bob, pair):
    answers(bob, pair, "accept")
    for page in ("settings/", "invitations/"):
        assert alice.get(f"/rooms/{pair.slug}/{page}").status_code == 403
    other = in_room(bob, pair)
    assert alice.post(f"/rooms/{pair.slug}/members/{other.pk}/write/").status_code == 403
    assert "Message <bdi" not in alice.get(f"/rooms/{pair.slug}/members/").content.decode()


def test_nobody_can_message_themselves_or_a_former_member(alice, carol, room):
    assert write_to(alice, room, alice).status_code == 404
    assert write_to(alice, room, carol).status_code == 404


def test_a_direct_message_is_found_again_after_swapping_nicknames(alice, bob, room, pair):
    """Alice and Bob swapped nicknames. In the direct message, each new nickname is still the other's old one."""
    answers(bob, pair, "accept")
    bob.post(f"/rooms/{pair.slug}/leave/")
    in_room(alice, room).change_nickname("Zed")
    in_room(bob, room).change_nickname("Alice")
    assert write_to(bob, room, alice).status_code == 303
    assert in_room(bob, pair).nickname == "Alice 2"


def test_the_sender_sees_that_the_other_has_not_joined_yet(alice, bob, room, pair):
    assert pair.dm_partner_pending
    answers(bob, pair, "ignore")
    assert pair.dm_partner_pending, "who ignores it is not told of"
    before = Room.objects.get(pk=pair.pk).version
    answers(bob, pair, "accept")
    assert not pair.dm_partner_pending
    assert 'id="state"' in alice.poll(pair, before).content.decode()


def test_a_second_holder_of_a_nickname_is_numbered_here_too(alice, bob, person, room):
    in_room(bob, room).change_nickname("Robert")
    other = person(room.name, "Bob")
    pair = Room.objects.get(slug=write_to(other, room, alice).headers["Location"].split("/")[2])
    assert in_room(other, pair).namesake_number == 2
    assert "no. 2 with this name" in read(other, pair)
    assert "no. 2 with this name" in alice.get(f"/rooms/{pair.slug}/chat-request/").content.decode()


@pytest.mark.parametrize(("setting", "status"), [("anyone", 303), ("accounts", 409), ("staff", 409)])
def test_starting_a_direct_message_needs_the_right_to_create_rooms(alice, bob, room, settings, setting, status):
    settings.CREATE_ROOMS = setting
    assert write_to(alice, room, bob).status_code == status
    offered = "/write/" in alice.get(f"/rooms/{room.slug}/members/").content.decode()
    assert offered == (setting == "anyone")


def test_an_empty_answer_changes_nothing(bob, pair):
    assert answers(bob, pair, "").status_code == 422
    assert in_room(bob, pair).status == "chat_requested"


def test_in_lists_a_direct_message_has_the_name_of_the_other_person(alice, bob, carol, room, pair):
    request = f'<a id="sidebar-request-{in_room(bob, pair).pk}" href="{pair.get_absolute_url()}chat-request/">'
    assert re.search(rf"{re.escape(request)}\s*<bdi>Alice</bdi>", read(bob, room))
    answers(bob, pair, "accept")
    for who, other in ((alice, "Bob"), (bob, "Alice")):
        for page in (who.get("/"), who.get(f"/rooms/{room.slug}/"), who.get("/my-rooms/", headers=HTMX)):
            names = re.findall(r"<bdi[^>]*>([^<]*)</bdi>", page.content.decode())
            assert other in names
            assert "Reading club" in names, "other rooms have their own name"
            assert "Alice &amp; Bob" not in names


def test_a_direct_message_keeps_a_name_if_the_other_person_is_deleted(alice, bob, pair):
    answers(bob, pair, "accept")
    Participant.objects.get(pk=bob.session["participant"]).delete()
    assert "Alice &amp; Bob" in alice.get("/").content.decode()
