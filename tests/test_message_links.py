"""A stranger who opens a message's link and joins lands at the message, with and without htmx."""

import re

import pytest
from django.contrib.auth import get_user_model

from chat.models import Participant
from tests.support.browsing import say

HTMX = {"HX-Request": "true"}


@pytest.fixture
def message(alice, room):
    return say(alice.membership, "hello")[0]


def follow(who, url):
    """Open the URL as a browser does. Returns the page at the end of the redirects, and its URL."""
    answer = who.get(url)
    while answer.status_code in (302, 303):
        url = answer.headers["Location"]
        answer = who.get(url)
    return answer, url


def join_form(page):
    form = page.content.decode().partition('id="join"')[2].partition("</form>")[0]
    action = re.search(r'action="([^"]+)"', form)[1]
    return action, dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', form))


def test_a_stranger_who_joins_lands_at_the_message(person, message, room):
    stranger = person()
    page, url = follow(stranger, message.get_absolute_url())
    assert url == f"/rooms/{room.slug}/?message={message.pk}"
    action, hidden = join_form(page)
    joined = stranger.post(action, hidden | {"nickname": "Dave"})
    assert (joined.status_code, joined.headers["Location"]) == (303, message.get_absolute_url())
    assert "hello" in stranger.get(joined.headers["Location"]).content.decode()


def test_with_htmx_too_even_after_a_refused_nickname(person, message, room):
    stranger = person()
    action, hidden = join_form(follow(stranger, message.get_absolute_url())[0])
    refused = stranger.post(action, hidden | {"nickname": "Alice"}, headers=HTMX)
    assert refused.status_code == 422
    action, hidden = join_form(refused)
    joined = stranger.post(action, hidden | {"nickname": "Dave"}, headers=HTMX)
    assert joined.headers["HX-Redirect"] == message.get_absolute_url()


@pytest.mark.parametrize("headers", [{}, HTMX])
@pytest.mark.parametrize("answer", ["", "Welcome!"])
def test_a_person_whose_join_request_is_approved_lands_at_the_message(person, alice, message, room, headers, answer):
    room.set_approval(True)
    stranger = person()
    action, hidden = join_form(follow(stranger, message.get_absolute_url())[0])
    asked = stranger.post(action, hidden | {"nickname": "Dave"}, headers=headers)
    page = asked.headers["HX-Redirect" if headers else "Location"]
    assert page == f"/rooms/{room.slug}/join-request/?message={message.pk}"
    assert follow(stranger, message.get_absolute_url())[1] == page, "the link leads to the request while it is open"
    waiting = stranger.get(page).content.decode()
    assert f'hx-get="{page}"' in waiting
    room.memberships.get(nickname="Dave").approve(alice.membership, answer)
    approved = stranger.get(page, headers=headers)
    if answer:
        assert f'href="{message.get_absolute_url()}"' in approved.content.decode()
    else:
        assert approved.headers["HX-Redirect" if headers else "Location"] == message.get_absolute_url()


def test_a_member_who_signs_in_lands_at_the_message(person, message, room):
    user = get_user_model().objects.create_user("dave", password="long enough secret")
    room.join(user.participant, "Dave")
    room.set_accounts_only(True)
    stranger = person()
    page, _url = follow(stranger, message.get_absolute_url())
    sign_in = re.search(r'href="(/account/sign-in/\?next=[^"]+)"', page.content.decode())[1]
    back = re.search(r'name="next" value="([^"]+)"', stranger.get(sign_in).content.decode())[1]
    signed_in = stranger.post("/account/sign-in/", {"name": "dave", "password": "long enough secret", "next": back})
    assert follow(stranger, signed_in.headers["Location"])[1] == message.get_absolute_url()


@pytest.mark.parametrize("access", ["private", "unlisted"])
def test_the_link_of_a_message_in_a_hidden_room_looks_like_one_that_never_existed(person, message, room, access):
    room.set_access(access)
    for url in (f"/messages/{message.pk}/", "/messages/987654321/"):
        answer = person().get(url)
        assert answer.status_code == 404
        assert room.name not in answer.content.decode()


@pytest.mark.parametrize("sent", ["987654321", "x", "", "1" * 30, "/evil.example/", "-1"])
def test_a_number_of_no_message_leads_nowhere_else(person, message, room, sent):
    stranger = person()
    joined = stranger.post(f"/rooms/{room.slug}/join/", {"nickname": "Dave", "message": sent})
    assert joined.headers["Location"] == room.get_absolute_url()


def test_joining_one_room_opens_no_message_of_another(person, alice, message, room):
    hidden = Participant.objects.create().enter("Mia", room="Hidden")
    secret = say(hidden, "secret")[0]
    hidden.room.set_access("private")
    stranger = person()
    joined = stranger.post(f"/rooms/{room.slug}/join/", {"nickname": "Dave", "message": secret.pk})
    assert joined.headers["Location"] == room.get_absolute_url()
