"""Room settings: name, visibility, topic, rules and lock, and the redirects from old addresses."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from chat.models import FormerAddress, Membership, Message, Room
from tests.support.reading import held


def settings_of(room, **changed):
    return {"name": room.name, "topic": room.topic, "rules": room.rules, "access": room.access} | changed


def system_messages(room):
    """System messages, with the new topic and rules."""
    events = Message.objects.filter(room=room).exclude(event="").order_by("first_version")
    return [(message.event, message.detail.get(message.event, "")) for message in events]


@pytest.fixture
def settle(alice):
    """A function that changes settings of the room as Alice, its owner."""

    def change(room, **changed):
        room.refresh_from_db()
        return alice.post(f"/rooms/{room.slug}/settings/", settings_of(room, **changed))

    return change


@pytest.fixture
def make_private(settle, room):
    """A function that makes the room private."""

    def change():
        settle(room, access="private")
        room.refresh_from_db()
        return room

    return change


def test_only_changed_settings_are_announced(alice, room, settle):
    answer = settle(room, topic="Emma", rules="Be kind.\nRead first.")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/rooms/{room.slug}/settings/?saved")
    assert system_messages(room)[1:] == [("topic", "Emma"), ("rules", "Be kind.\nRead first.")]
    settle(room)
    assert len(system_messages(room)) == 3


def test_a_room_is_locked_and_unlocked_by_a_button(alice, room):
    url = f"/rooms/{room.slug}/settings/"
    answers = [alice.post(f"/rooms/{room.slug}/lock/", form) for form in ({}, {}, {"unlock": "1"})]
    assert [answer.headers["Location"] for answer in answers] == [url + "?saved", url + "?unchanged", url + "?saved"]
    assert system_messages(room)[1:] == [("locked", True), ("unlocked", "")]


def test_settings_are_in_groups_and_acts_apart(alice, bob, room):
    page = alice.get(f"/rooms/{room.slug}/settings/").content.decode()
    headings = re.findall(r"<h2[^>]*>([^<]+)</h2>", page)
    assert headings == ["About", "Who can join", "Who can post", "Danger zone"]
    acts = page[page.index("Danger zone") :]
    for words in ("Lock room", "Archive room", "Transfer ownership…", "Delete room…"):
        assert words in acts
    bob.membership.set_role("moderator")
    acts = bob.get(f"/rooms/{room.slug}/settings/").content.decode().partition("Danger zone")[2]
    assert ("Lock room" in acts, "Archive room" in acts, "Delete room" in acts) == (True, False, False)


def test_rules_are_shown_before_joining(room, settle, person):
    settle(room, rules="Be <kind>.")
    assert "<p>Be &lt;kind&gt;.</p>" in person().get(f"/rooms/{room.slug}/").content.decode()


def test_an_invalid_value_is_refused_at_its_field_and_nothing_changes(alice, room, settle):
    answer = settle(room, topic="bell\x07", rules="x" * 2001, name="", access="secret")
    assert answer.status_code == 422
    assert answer.context["form"].errors.keys() == {"topic", "rules", "name", "access"}
    assert answer.context["form"]["rules"].value() == "x" * 2001
    assert len(system_messages(room)) == 1


def test_an_unlisted_room_is_found_by_its_name_and_not_listed(room, settle, person):
    settle(room, access="unlisted")
    visitor = person()
    assert room.name not in visitor.get("/").content.decode()
    assert visitor.join(room.name, "Dave").headers["Location"] == f"/rooms/{room.slug}/"


def test_a_look_alike_of_an_unlisted_room_is_created_without_a_hint(person, settle, room):
    settle(room, access="unlisted")
    visitor = person()
    assert visitor.join("Read\u0456ng club", "Dave").status_code == 303
    assert Room.objects.count() == 2


def test_strangers_find_a_private_room_neither_by_name_nor_address(room, make_private, person, carol):
    old = room.slug
    make_private()
    assert len(room.slug) == 22
    for who in (person(), carol):
        assert who.get(f"/rooms/{old}/").status_code == 404
        assert who.get(f"/rooms/{room.slug}/").status_code == 404
        assert who.post(f"/rooms/{room.slug}/join/", {"nickname": "Dave"}).status_code == 404
        assert room.name not in who.get("/").content.decode()
    assert person().join(room.name, "Dave").status_code == 303
    assert Room.objects.filter(name=room.name).count() == 2


def test_missing_and_private_rooms_give_the_same_answers(room, make_private, person):
    make_private()
    absent = "x" * 22
    for path in (
        "",
        "changes/",
        "reader.css",
        "live/",
        "compose/",
        "messages/",
        "members/",
        "settings/",
        "invitations/",
        "name/",
        "join-request/",
        "chat-request/",
    ):
        visitor = person("Elsewhere", f"M{len(path)}{path[:3]}")
        answers = [visitor.get(f"/rooms/{slug}/{path}") for slug in (room.slug, absent)]
        assert answers[0].status_code == answers[1].status_code, path
        said = [re.sub(r'"at" value="\d+"', "", a.content.decode().replace(room.slug, absent)) for a in answers]
        assert said[0] == said[1], path
        assert dict(answers[0].headers) == dict(answers[1].headers), path


def test_a_room_that_becomes_private_can_take_any_name(alice, person, room):
    person("Taken", "Somebody")
    form = {"name": "Taken", "access": "private"}
    assert alice.post(f"/rooms/{room.slug}/settings/", form).status_code == 303
    room.refresh_from_db()
    assert (room.name, room.access, len(room.slug)) == ("Taken", "private", 22)


def test_renaming_a_room_counts_towards_the_limit_on_new_rooms(alice, room, settings):
    settings.LIMIT_CREATE_PERSON = "2/3600"
    for name in ("One", "Two", "Three"):
        answer = alice.post(f"/rooms/{room.slug}/settings/", {"name": name, "access": "open"})
        room.refresh_from_db()
    assert (answer.status_code, room.name) == (429, "Two")


def test_a_member_removed_from_a_private_room_gets_no_join_link(room, make_private, bob):
    make_private()
    bob.membership.remove()
    words = bob.poll(room, 1).content.decode()
    assert "You’ll need an invite link to rejoin." in words
    assert "Join again" not in words


def test_a_topic_with_stacked_marks_is_refused(alice, room):
    refused = alice.post(
        f"/rooms/{room.slug}/settings/", {"name": room.name, "access": "open", "topic": "Z" + "\u0335" * 9}
    )
    assert "Too many accents" in refused.content.decode()


def test_members_are_redirected_to_the_private_address_for_a_day(room, make_private, bob):
    old = room.slug
    make_private()
    assert bob.get(f"/rooms/{old}/?lines=many").headers["Location"] == f"/rooms/{room.slug}/?lines=many"
    poll = bob.poll(Room(slug=old), 1)
    assert poll.status_code == 286
    assert f'href="/rooms/{room.slug}/"' in poll.content.decode()
    assert bob.send(Room(slug=old), "typed before").status_code == 303
    assert Message.objects.filter(room=room, text="typed before").exists()
    FormerAddress.objects.update(until=timezone.now() - timedelta(seconds=1))
    assert bob.get(f"/rooms/{old}/").status_code == 404
    assert bob.get(f"/rooms/{room.slug}/").status_code == 200


def test_the_old_address_of_a_private_room_reveals_nothing_to_strangers(room, make_private, person):
    """A new room of that name gets the old address, which still redirects members of the private room for a day."""
    old = room.slug
    make_private()
    dave = person()
    assert dave.join(room.name, "Dave").headers["Location"] == f"/rooms/{old}/"
    other = Room.objects.get(slug=old)
    dave.post(f"/rooms/{old}/settings/", {"name": "Other", "topic": "", "rules": "", "access": "open"})
    assert person().get(f"/rooms/{old}/").headers["Location"] == "/rooms/other/"
    dave.post("/rooms/other/settings/", {"name": room.name, "topic": "", "rules": "", "access": "open"})
    other.refresh_from_db()
    assert other.slug == old


def test_a_message_to_the_old_address_is_never_posted_in_a_newer_room_there(room, make_private, person, bob, alice):
    old, private = room.slug, room
    make_private()
    person(room.name, "Dave")
    bob.join(room.name, "Bob")
    assert Room.objects.get(slug=old).memberships.filter(nickname="Bob").exists()
    assert bob.send(Room(slug=old), "a secret").status_code == 303
    assert Message.objects.get(text="a secret").room_id == private.pk
    system_messages = bob.send(Room(slug=old), "another", n=2, headers={"HX-Request": "true"}).content.decode()
    assert "The room has a new address, and your message is there" in system_messages
    assert f'href="/rooms/{private.slug}/"' in system_messages
    assert bob.get(f"/rooms/{old}/").headers["Location"] == f"/rooms/{private.slug}/"
    FormerAddress.objects.update(until=timezone.now() - timedelta(seconds=1))
    assert bob.get(f"/rooms/{old}/").status_code == 200
    assert alice.get(f"/rooms/{private.slug}/").status_code == 200


def test_the_private_room_comes_first_though_the_newer_one_there_was_joined_earlier(room, make_private, person):
    old, (dave, erin) = room.slug, (person("Elsewhere", name) for name in ("Dave", "Erin"))
    elsewhere = Room.objects.get(slug="elsewhere")
    elsewhere.memberships.get(nickname="Erin").leave()
    erin.join(room.name, "Erin")
    make_private()
    elsewhere.set_name(room.name, dave.membership)
    erin.join(room.name, "Erin")
    assert elsewhere.memberships.inside().filter(nickname="Erin", room__slug=old).exists()
    erin.send(Room(slug=old), "a secret")
    assert Message.objects.get(text="a secret").room_id == room.pk


@pytest.mark.parametrize("end", [Membership.remove, Membership.leave, Membership.ban])
def test_the_old_address_does_not_lead_former_members_to_the_private_one(room, make_private, bob, end):
    old = room.slug
    make_private()
    end(Membership.objects.get(pk=bob.membership.pk))
    poll = bob.poll(Room(slug=old), 1)
    assert (poll.status_code, room.slug in poll.content.decode()) == (200, False)
    assert bob.get(f"/rooms/{old}/").status_code == 404
    assert bob.send(Room(slug=old), "typed before").status_code == 404


def test_members_cannot_take_the_old_address_of_their_private_room_for_a_day(room, make_private, alice, bob):
    old = room.slug
    make_private()
    assert bob.join(room.name, "Bob").headers["Location"] == f"/rooms/{old}-2/"
    Room.objects.get(slug=f"{old}-2").memberships.get().leave()
    FormerAddress.objects.update(until=timezone.now() - timedelta(seconds=1))
    assert bob.join(room.name + "!", "Bob").headers["Location"] == f"/rooms/{old}/"


def test_a_message_in_a_private_room_is_a_404_for_strangers(room, make_private, alice, mallory, bob):
    alice.send(room, "a secret")
    make_private()
    message = Message.objects.get(text="a secret")
    seen = []
    for pk in (message.pk, message.pk + 1000):
        with CaptureQueriesContext(connection) as queries:
            answer = mallory.get(f"/messages/{pk}/")
        seen.append((answer.status_code, dict(answer.headers), answer.content, len(queries)))
    assert seen[0] == seen[1]
    assert seen[0][0] == 404
    assert bob.get(message.get_absolute_url()).status_code == 200


def test_a_private_room_can_be_opened_only_if_its_name_is_free(room, make_private, person, settle):
    make_private()
    visitor = person(room.name, "Dave")
    answer = settle(room, access="open")
    assert answer.status_code == 422
    assert answer.context["form"].errors.keys() == {"name"}
    assert settle(room, access="open", name="Second club").status_code == 303
    room.refresh_from_db()
    assert (room.access, room.slug) == ("open", "second-club")
    assert room.name in visitor.get("/").content.decode()


def test_the_old_address_of_a_renamed_room_redirects(alice, bob, room, settle, person):
    settle(room, name="Writing club")
    room.refresh_from_db()
    assert (room.name, room.slug) == ("Writing club", "writing-club")
    assert person().get("/rooms/reading-club/").headers["Location"] == "/rooms/writing-club/"
    assert person().join("writing CLUB", "Dave").headers["Location"] == "/rooms/writing-club/"
    assert bob.poll(Room(slug="reading-club"), 1).status_code == 200
    assert bob.send(Room(slug="reading-club"), "typed before").status_code == 303
    assert person().join("Reading club", "Eve").headers["Location"] == "/rooms/reading-club-2/"
    settle(room, name="Reading club!")
    room.refresh_from_db()
    assert room.slug == "reading-club"


def test_a_name_that_is_taken_is_refused_and_kept_in_the_field(mallory, room, settle):
    answer = settle(room, name="ELSEWHERE")
    assert answer.status_code == 422
    assert answer.context["form"]["name"].value() == "ELSEWHERE"
    room.refresh_from_db()
    assert room.name == "Reading club"


def test_a_moderator_can_set_topic_rules_and_lock_but_not_name_or_access(alice, bob, room):
    bob.membership.set_role("moderator")
    page = bob.get(f"/rooms/{room.slug}/settings/")
    assert list(page.context["form"].fields) == ["topic", "rules", "approval", "announce_only"]
    bob.post(f"/rooms/{room.slug}/settings/", settings_of(room, topic="Emma", name="Mine", access="private"))
    room.refresh_from_db()
    assert (room.topic, room.name, room.access) == ("Emma", "Reading club", "open")


def test_a_member_is_refused(bob, room):
    assert bob.get(f"/rooms/{room.slug}/settings/").status_code == 403
    assert bob.post(f"/rooms/{room.slug}/settings/", settings_of(room)).status_code == 403
    assert "settings/" not in bob.get(f"/rooms/{room.slug}/").content.decode()


def test_a_held_poll_is_answered_with_the_private_address(ann, ben, gate, meanwhile):
    poll = meanwhile(ben.ask)
    held(gate)
    room = Room.objects.get(pk=ann.member.room_id)
    room.set_access("private")
    answer = poll.result(5)
    assert (answer.status_code, f"/rooms/{room.slug}/" in answer.text) == (286, True)
    ben.send("typed before")
    assert ben.ask().status_code == 286


def test_polls_at_the_old_address_of_a_renamed_room_are_held(ann, ben, gate, meanwhile, asked_django):
    Room.objects.get(pk=ann.member.room_id).set_name("Evening")
    gate.hub.loop.call_soon_threadsafe(gate.hub.forget)  # as five minutes later
    ben.poll()
    asked_django.clear()
    poll = meanwhile(ben.ask)
    held(gate)
    ann.send("good evening")
    assert "good evening" in poll.result(5).text
    assert asked_django == []


TOO_LONG = {"topic": "t" * 201, "rules": "r" * 2001}


def test_text_that_is_too_long_is_refused_and_kept(alice, room, settle):
    page = alice.get(f"/rooms/{room.slug}/settings/").content.decode()
    assert "maxlength" not in page
    refused = settle(room, **TOO_LONG)
    page = refused.content.decode()
    assert refused.status_code == 422
    assert "This has 201 characters. The limit is 200." in page
    assert "This has 2001 characters. The limit is 2000." in page
    assert all(text in page for text in TOO_LONG.values())


@pytest.mark.parametrize("number", ["1", "1000001", "many"])
def test_an_invalid_number_has_our_own_error_message(room, settle, number):
    page = settle(room, member_limit=number).content.decode()
    assert "Enter a whole number from 2 to 1,000,000, or leave it empty." in page
    assert f'value="{number}"' in page


def test_only_the_first_refused_field_has_the_focus(alice, room, settle):
    assert "autofocus" not in alice.get(f"/rooms/{room.slug}/settings/").content.decode()
    page = settle(room, member_limit="1", **TOO_LONG).content.decode()
    assert page.count("autofocus") == 1
    assert re.search(r"<input[^>]*name=\"topic\"[^>]*autofocus", page)


def test_after_a_rename_an_open_page_sends_without_a_notice(alice, room, settle):
    settle(room, name="Evening club")
    assert "new address" not in alice.send(room, "hello", headers={"HX-Request": "true"}).content.decode()
