"""Invite links: for one room, with a number of uses and an expiry; a link that no longer works says why."""

import re
from datetime import timedelta
from functools import partial

import pytest
from django.utils import timezone

from chat.models import Invite, Membership
from tests.support.threads import together


@pytest.fixture
def invite(alice, room):
    """A function that creates an invite link as Alice, and returns its URL."""

    def make(max_uses="1", days="7"):
        page = alice.post(f"/rooms/{room.slug}/invitations/", {"max_uses": max_uses, "days": days})
        assert page.status_code == 200
        return re.search(r"/invitations/[\w-]{22}/", page.content.decode())[0]

    return make


@pytest.fixture
def private(room):
    room.set_access("private")
    return room


HTMX = {"HX-Request": "true"}
QR = "data:image/svg+xml"


@pytest.fixture
def closed(private, invite, alice, person):
    """A function that returns a link that doesn't work, at all or for this visitor, and the visitor."""
    private.set_topic("Plans of the strike")
    private.set_rules("Tell nobody")

    def make(why):
        link, visitor = invite(), person()
        if why == "used":
            come(person(), link, "Somebody")
        elif why == "expired":
            Invite.objects.update(expires_at=timezone.now())
        elif why == "revoked":
            Invite.objects.get().revoke()
        else:
            come(visitor, invite(), "Visitor")
            visitor.membership.ban(alice.membership)
        return link, visitor

    return make


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "htmx"])
@pytest.mark.parametrize(
    ("why", "words"),
    [
        ("used", "has no uses left. Ask for a new one."),
        ("expired", "has expired. Ask for a new one."),
        ("revoked", "was revoked. Ask for a new one."),
        ("banned", "been banned from this room"),
    ],
)
def test_a_refused_invite_says_why_and_shows_nothing_of_the_room(closed, private, why, words, headers):
    link, visitor = closed(why)
    looked = visitor.get(link, headers=headers)
    answers = [looked, *(visitor.post(link, {"nickname": name}, headers=headers) for name in ("Late", ""))]
    assert [answer.status_code for answer in answers] == [410, 422, 422]
    for answer in answers:
        page = answer.content.decode()
        assert words in page
        assert [said for said in (private.name, "strike", "Tell nobody") if said in page] == []
        assert ('<div id="notice"' in page, 'href="/"' in page) == (bool(headers), not headers)
        assert answer.headers.get("HX-Reswap") == ("none" if headers else None)


@pytest.mark.parametrize("key", ["x" * 22, "x", "never-made.", "é)"])
def test_every_unknown_link_gives_the_same_advice(db, person, key):
    page = person().get(f"/invitations/{key}/")
    assert page.status_code == 404
    assert "This invite link doesn’t exist. Part of it may be missing" in page.content.decode()


def come(visitor, link, nickname):
    return visitor.post(link, {"nickname": nickname})


def test_a_private_room_is_joined_with_an_invite(private, invite, person):
    link, guest = invite(), person()
    page = guest.get(link)
    assert (page.status_code, private.name in page.content.decode()) == (200, True)
    assert come(guest, link, "Bob").headers["Location"] == f"/rooms/{private.slug}/"
    assert guest.get(f"/rooms/{private.slug}/").status_code == 200


def test_only_joining_counts_as_a_use(private, invite, person):
    link = invite()
    for _look in range(3):
        assert person().get(link).status_code == 200
    come(person(), link, "Bob")
    late = person()
    assert "has no uses left" in late.get(link).content.decode()
    answer = come(late, link, "Carol")
    assert answer.status_code == 422
    assert "has no uses left" in answer.content.decode()
    assert Membership.objects.filter(room=private).count() == 2


def test_simultaneous_joins_do_not_exceed_the_number_of_uses(transactional_db, private, invite, person):
    link = invite(max_uses="3")
    guests = [person() for _ in range(8)]
    together(partial(come, guest, link, f"Guest {n}") for n, guest in enumerate(guests))
    assert Membership.objects.filter(room=private, status="in").count() == 4
    assert Invite.objects.get().uses == 3


def test_an_expired_or_revoked_invite_says_so(private, invite, alice, person):
    link, other = invite(), invite()
    Invite.objects.filter(pk=Invite.objects.earliest("pk").pk).update(expires_at=timezone.now())
    assert "has expired" in person().get(link).content.decode()
    alice.post(f"/rooms/{private.slug}/invitations/{Invite.objects.latest('pk').pk}/revoke/")
    assert "was revoked" in person().get(other).content.decode()
    assert come(person(), other, "Bob").status_code == 422


def test_a_refused_name_does_not_count_as_a_use(private, invite, person):
    link, guest = invite(), person()
    assert come(guest, link, "ALICE").status_code == 422
    assert Invite.objects.get().uses == 0
    assert come(guest, link, "Bob").status_code == 303


def test_a_member_is_redirected_and_does_not_count_as_a_use(private, invite, alice):
    link = invite()
    assert alice.get(link).headers["Location"] == f"/rooms/{private.slug}/"
    assert come(alice, link, "Alice").headers["Location"] == f"/rooms/{private.slug}/"
    assert Invite.objects.get().uses == 0


def test_the_list_shows_creators_and_members_who_joined_but_no_links(private, invite, alice, person):
    link = invite(max_uses="", days="30")
    come(person(), link, "Bob")
    page = alice.get(f"/rooms/{private.slug}/invitations/").content.decode()
    assert "Created by <bdi>Alice</bdi>" in page
    assert re.search(r"Joined with this link:\s*<bdi>Bob</bdi>", page)
    assert link not in page
    assert link.split("/")[2] not in str(Invite.objects.values())


def test_inactive_invites_still_list_members_who_joined(private, invite, alice, person):
    come(person(), invite(), "Bob")
    invite()
    alice.post(f"/rooms/{private.slug}/invitations/{Invite.objects.latest('pk').pk}/revoke/")
    page = alice.get(f"/rooms/{private.slug}/invitations/").content.decode()
    working, ended = page.split("Inactive links")
    assert "Joined with this link" not in working
    assert re.search(r"Joined with this link:\s*<bdi>Bob</bdi>", ended)
    assert "Used 1 of 1 times" in ended
    assert "Revoked" in ended
    assert "/revoke/" not in ended


def test_only_some_of_many_members_who_joined_are_named(private, invite, alice, person):
    link = invite(max_uses="")
    for n in range(22):
        come(person(), link, f"Guest {n}")
    page = alice.get(f"/rooms/{private.slug}/invitations/").content.decode()
    assert "<bdi>Guest 19</bdi> and 2 more" in re.sub(r"\s+", " ", page)


@pytest.mark.parametrize(("field", "value"), [("max_uses", "0"), ("max_uses", "1001"), ("days", "2"), ("days", "")])
def test_an_invalid_value_is_refused_at_its_field(alice, room, field, value):
    answer = alice.post(f"/rooms/{room.slug}/invitations/", {"max_uses": "1", "days": "7"} | {field: value})
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, [field])
    assert not Invite.objects.exists()


@pytest.mark.parametrize("invited_on", [timedelta(days=1)])
def test_an_invite_expires_at_the_chosen_time(private, invite, invited_on):
    invite(days="1")
    left = Invite.objects.get().expires_at - timezone.now()
    assert timedelta(hours=23) < left <= invited_on


def test_an_invalid_number_has_our_own_error_message(alice, room):
    page = alice.post(f"/rooms/{room.slug}/invitations/", {"days": "7", "max_uses": "0"}).content.decode()
    assert "Enter a whole number from 1 to 1,000, or leave it empty." in page


@pytest.mark.parametrize("access", ["open", "unlisted"])
def test_a_member_shares_the_rooms_link_but_creates_no_invite_links(bob, room, access):
    room.set_access(access)
    page = bob.get(f"/rooms/{room.slug}/invitations/").content.decode()
    assert f'value="http://testserver/rooms/{room.slug}/"' in page
    assert (page.count(QR), "Create link" in page, "Active links" in page) == (1, False, False)
    assert bob.post(f"/rooms/{room.slug}/invitations/", {"days": "7"}).status_code == 403
    assert f'href="/rooms/{room.slug}/invitations/"' in bob.get(f"/rooms/{room.slug}/members/").content.decode()


def test_only_moderators_invite_to_a_private_room_and_only_with_invite_links(alice, bob, private):
    assert bob.get(f"/rooms/{private.slug}/invitations/").status_code == 403
    assert "/invitations/" not in bob.get(f"/rooms/{private.slug}/members/").content.decode()
    page = alice.get(f"/rooms/{private.slug}/invitations/").content.decode()
    assert (f'value="http://testserver/rooms/{private.slug}/"' in page, QR in page) == (False, False)
    assert "Create link" in page


def test_the_page_says_what_the_rooms_link_does(alice, bob, room):
    def said():
        return bob.get(f"/rooms/{room.slug}/invitations/").content.decode()

    assert "Anyone with this link can join." in said()
    room.set_approval(True)
    assert "Anyone with this link can ask to join." in said()
    room.set_archived(True)
    assert "This room is archived, so nobody can join." in said()


def test_an_invite_has_no_limit_of_uses_unless_one_is_chosen(alice, room, person):
    page = alice.get(f"/rooms/{room.slug}/invitations/")
    fields = {field.html_name: field.value() for field in page.context["form"]}
    assert fields == {"max_uses": None, "days": 7}
    made = alice.post(f"/rooms/{room.slug}/invitations/", {"max_uses": "", "days": "7"}).context["new_invite"]
    for name in ("Dora", "Emil"):
        assert come(person(), made["link"], name).status_code == 303


def test_the_list_tells_invites_apart(alice, invite, room):
    for most in ("1", "5", ""):
        invite(max_uses=most)
    page = alice.get(f"/rooms/{room.slug}/invitations/").content.decode()
    said = re.findall(r"<h3>\s*(For [\w ]+)", page)
    assert [words.strip() for words in said] == ["For any number of people", "For 5 people", "For 1 person"]
