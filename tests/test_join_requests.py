"""Join requests: in some rooms, new members need approval."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from chat import retention
from chat.models import Membership, Message, Room


@pytest.fixture
def dave(person, room):
    """Dave has an open join request."""
    room.set_approval(True)
    return person(room.name, "Dave")


def answer(by, room, who, **form):
    return by.post(f"/rooms/{room.slug}/members/{who.membership.pk}/answer/", form)


def test_a_join_request_shows_topic_rules_and_place_but_no_messages(alice, dave, person, room):
    room.update_settings(topic="Emma", rules="Be kind")
    alice.send(room, "a secret")
    erin = person(room.name, "Erin")
    for who, place in ((dave, "You’re first in line."), (erin, "You’re number 2 in line.")):
        url = who.get(f"/rooms/{room.slug}/").headers["Location"]
        assert url == f"/rooms/{room.slug}/join-request/"
        words = who.get(url).content.decode()
        assert ("Emma" in words, "Be kind" in words, place in words) == (True, True, True)
        assert "a secret" not in words
        assert who.get(f"/rooms/{room.slug}/live/").status_code == 403
        assert "a secret" not in who.poll(room, 1).content.decode()


def test_only_moderators_see_the_number_of_join_requests(alice, bob, dave, room):
    log = bob.get(f"/rooms/{room.slug}/").content.decode()
    assert "<bdi>Dave</bdi>" not in log
    assert "1 person is waiting for approval" in log
    assert ".join-requests{display:block}" in alice.get(f"/rooms/{room.slug}/reader.css").content.decode()
    assert ".join-requests" not in bob.get(f"/rooms/{room.slug}/reader.css").content.decode()
    assert "Join requests" not in bob.get(f"/rooms/{room.slug}/members/").content.decode()


def test_open_pages_receive_the_number_of_join_requests(alice, person, room):
    room.set_approval(True)
    room.refresh_from_db()
    person(room.name, "Dave")
    assert "1 person is waiting for approval" in alice.poll(room, room.version).content.decode()


def test_an_approved_person_sees_the_message_and_joins(alice, dave, room):
    assert answer(alice, room, dave, approve="1", answer="Good to see you").status_code == 303
    assert "Good to see you" in dave.get(f"/rooms/{room.slug}/join-request/").content.decode()
    assert dave.get(f"/rooms/{room.slug}/").status_code == 200
    assert Message.objects.latest("pk").event == "joined"
    assert Room.objects.get(pk=room.pk).join_request_count == 0


def test_nobody_can_be_approved_in_a_full_room_until_a_member_leaves(alice, bob, dave, room):
    room.set_member_limit(2)
    refused = answer(alice, room, dave, approve="1", answer="Welcome")
    assert refused.status_code == 422
    assert "This room is full." in refused.content.decode()
    assert 'value="Welcome"' in refused.content.decode()
    assert dave.membership.is_waiting
    bob.membership.leave()
    answer(alice, room, dave, approve="1")
    assert dave.membership.is_inside


def test_the_waiting_page_redirects_to_the_room_after_approval(alice, dave, room):
    url = f"/rooms/{room.slug}/join-request/"
    assert 'hx-trigger="every 5s"' in dave.get(url).content.decode()
    assert '<noscript><meta http-equiv="refresh" content="10"></noscript>' in dave.get(url).content.decode()
    answer(alice, room, dave, approve="1")
    assert dave.get(url).headers["Location"] == f"/rooms/{room.slug}/"
    assert dave.get(url, headers={"HX-Request": "true"}).headers["HX-Redirect"] == f"/rooms/{room.slug}/"


def test_a_declined_person_sees_the_message_and_can_ask_again(alice, dave, person, room):
    answer(alice, room, dave, answer="Members of the club only")
    for url in (f"/rooms/{room.slug}/join-request/", f"/rooms/{room.slug}/"):
        page = dave.get(url).content.decode()
        assert "Your request was declined." in page
        assert "Members of the club only" in page
    assert "every 5s" not in dave.get(f"/rooms/{room.slug}/join-request/").content.decode()
    erin = person(room.name, "Dave")
    assert erin.membership.is_waiting, "the name is free again"
    dave.join(room.name, "Dave B")
    assert dave.membership.is_waiting


def test_a_message_that_is_too_long_is_refused_at_its_field_and_kept(alice, dave, room):
    page = answer(alice, room, dave, approve="1", answer="x" * 201)
    assert page.status_code == 422
    assert f'value="{"x" * 201}" aria-invalid="true"' in page.content.decode()
    assert dave.membership.is_waiting


def test_the_owner_and_invited_people_need_no_approval(alice, bob, person, room):
    bob.membership.set_role("moderator")
    room.set_approval(True)
    alice.membership.leave()
    alice.join(room.name, "Alice")
    assert alice.membership.is_inside
    link = bob.post(f"/rooms/{room.slug}/invitations/", {"max_uses": "1", "days": "7"}).context["new_invite"]["link"]
    guest = person()
    guest.post(link.removeprefix("http://testserver"), {"nickname": "Dave"})
    assert guest.membership.is_inside


def test_a_join_request_can_be_cancelled(dave, room, person):
    assert dave.post(f"/rooms/{room.slug}/join-request/cancel/").status_code == 303
    assert Room.objects.get(pk=room.pk).join_request_count == 0
    assert person(room.name, "Dave").membership.is_waiting
    assert not Message.objects.filter(nickname="Dave").exists()


def test_a_request_approved_at_the_moment_of_its_cancellation_is_not_cancelled(alice, dave, room, monkeypatch):
    leave = Membership.leave

    def approve_first(member):
        Membership.objects.get(pk=member.pk).approve(alice.membership)
        return leave(member)

    monkeypatch.setattr(Membership, "leave", approve_first)
    answer = dave.post(f"/rooms/{room.slug}/join-request/cancel/")
    assert answer.headers["Location"] == "/?stale=cancel"
    assert dave.membership.is_inside


def test_turning_approval_off_approves_everyone_waiting(dave, room):
    room.set_approval(False)
    assert dave.membership.is_inside
    assert Room.objects.get(pk=room.pk).join_request_count == 0


def test_a_room_that_becomes_private_declines_join_requests(dave, room):
    room.set_access("private")
    assert dave.membership.status == "join_declined"
    assert dave.get(f"/rooms/{room.slug}/join-request/").status_code == 404


def test_nobody_can_be_approved_in_an_archived_or_full_room(alice, dave, room):
    Room.objects.update(archived=True)
    refused = answer(alice, room, dave, approve="1", answer="Welcome")
    assert (refused.status_code, "This room is archived" in refused.content.decode()) == (422, True)
    assert 'value="Welcome"' in refused.content.decode()
    Room.objects.update(archived=False, member_limit=1)
    assert "This room is full" in answer(alice, room, dave, approve="1").content.decode()
    assert dave.membership.is_waiting


def test_archiving_declines_join_requests_with_a_reason(dave, room):
    room.set_archived(True)
    assert "This room is now archived." in dave.get(f"/rooms/{room.slug}/join-request/").content.decode()
    room.refresh_from_db()
    assert room.join_request_count == 0
    room.update_settings(approval=False, archived=False)


def test_requiring_accounts_declines_join_requests_of_guests_with_a_reason(dave, room):
    room.set_accounts_only(True)
    assert (
        "Only people with an account can join this room."
        in dave.get(f"/rooms/{room.slug}/join-request/").content.decode()
    )
    room.refresh_from_db()
    assert room.join_request_count == 0


def test_a_person_waiting_for_approval_can_be_banned(alice, dave, room):
    page = alice.get(f"/rooms/{room.slug}/members/").content.decode()
    assert f'href="/rooms/{room.slug}/members/{dave.membership.pk}/ban/"' in page
    alice.post(f"/rooms/{room.slug}/members/{dave.membership.pk}/ban/")
    page = dave.get(f"/rooms/{room.slug}/join-request/", headers={"HX-Request": "true"})
    assert page.headers["HX-Redirect"] == f"/rooms/{room.slug}/"
    assert "been banned from this room" in dave.get(f"/rooms/{room.slug}/").content.decode()
    assert dave.join(room.name, "Dave").status_code == 422
    room.refresh_from_db()
    assert room.join_request_count == 0


def test_an_invite_ends_the_wait_for_approval(alice, dave, room):
    page = alice.post(f"/rooms/{room.slug}/invitations/", {"max_uses": "1", "days": "7"}).content.decode()
    dave.post(re.search(r"/invitations/[\w-]{22}/", page)[0], {"nickname": "Dave"})
    room.refresh_from_db()
    assert (dave.membership.is_inside, room.join_request_count) == (True, 0)


def test_the_number_of_join_requests_is_limited(dave, person, room, monkeypatch):
    monkeypatch.setattr(Room, "MAX_JOIN_REQUESTS", 1)
    assert "Too many people are waiting" in person().join(room.name, "Erin").content.decode()
    assert dave.join(room.name, "Dave").status_code == 303, "who waits already is not one more"


def test_a_join_request_not_checked_for_a_day_is_cancelled(dave, person, room):
    erin = person(room.name, "Erin")
    Membership.objects.filter(nickname="Dave").update(seen_at=timezone.now() - timedelta(days=1, minutes=1))
    retention.tidy()
    assert "You’re first in line." in erin.get(f"/rooms/{room.slug}/join-request/").content.decode()
    assert dave.get(f"/rooms/{room.slug}/").status_code == 200, "the door is there again"
