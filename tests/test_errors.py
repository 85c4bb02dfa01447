"""Error pages: each says what to do next and keeps what was typed; htmx gets a notice out of band."""

import re
from unittest.mock import Mock

import pytest
from django.db import OperationalError
from django.test import Client, RequestFactory

from chat.exceptions import RoomMoved
from chat.models import Invite, Membership, Message, Room, Site
from chat.realtime import delta
from chat.views import errors, messages

HTMX = {"HX-Request": "true"}


@pytest.mark.django_db
def test_an_unknown_url_is_a_helpful_404():
    page = Client().get("/nothing/here/")
    assert page.status_code == 404
    assert b'href="/"' in page.content
    assert b"<h1>Page not found</h1>" in page.content


@pytest.mark.django_db
@pytest.mark.parametrize(("view", "status"), [(errors.bad_request, 400), (errors.forbidden, 403), (errors.broken, 500)])
def test_error_pages_have_the_sites_contact_and_rules(view, status):
    Site.objects.create(name="Club", contact="help@example.org", rules="Be kind.")
    page = view(RequestFactory().get("/"))
    assert page.status_code == status
    assert b"mailto:help@example.org" in page.content
    assert b'href="/rules/"' in page.content


def test_a_page_for_moderators_explains_the_403_and_links_back(bob, room):
    refused = bob.get(f"/rooms/{room.slug}/settings/")
    page = refused.content.decode()
    assert refused.status_code == 403
    assert "Only the owner or moderators can do this" in page
    assert f'<a href="/rooms/{room.slug}/" target="_top">Back to Reading club</a>' in page


@pytest.mark.django_db
def test_a_wrong_host_is_a_400_with_an_explanation(client):
    page = client.get("/", headers={"Host": "evil.example"})
    assert page.status_code == 400
    assert b"ALLOWED_HOSTS" in page.content


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("/join/", "/"),
        ("/rooms/x/send/", "/rooms/x/"),
        ("/rooms/x/composer/", "/rooms/x/"),
    ],
)
def test_reloading_the_url_of_a_form_redirects_to_its_page(client, db, address, place):
    answer = client.get(address)
    assert (answer.status_code, answer.headers["Location"]) == (303, place)


def test_other_wrong_methods_are_refused_with_an_explanation(client, db):
    answer = client.delete("/rooms/x/")
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "GET, HEAD"
    assert b"Nothing was changed" in answer.content


@pytest.mark.parametrize("slug", ["%00", "a%00b", "%ff", "%F0%9F", "..%2f..", "a" * 3000])
def test_a_malformed_url_is_a_404(client, db, slug):
    for rest in ("", "messages/", "live/"):
        assert client.get(f"/rooms/{slug}/{rest}").status_code == 404


def test_htmx_gets_errors_out_of_band(alice, room, mallory):
    answer = mallory.send(room, "hello", headers=HTMX)
    assert answer.status_code == 403
    assert answer.content.decode().startswith('<div id="notice" class="notice" role="alert" hx-swap-oob="true">')
    assert "<html" not in answer.content.decode()


def test_a_bug_is_a_500_without_internal_details(alice, room, monkeypatch):
    def explode(*args):
        raise RuntimeError("the inside")

    monkeypatch.setattr(Membership, "send", explode)
    alice.raise_request_exception = False
    answer = alice.send(room, "hello", headers=HTMX)
    assert answer.status_code == 500
    assert b"our fault" in answer.content
    assert b"inside" not in answer.content


@pytest.mark.parametrize("headers", [HTMX, {}])
def test_a_busy_database_is_a_503_and_the_same_form_works_afterwards(alice, room, monkeypatch, headers):
    def locked(*args, **kwargs):
        raise OperationalError("database is locked")

    with monkeypatch.context() as patched:
        patched.setattr(Membership, "send", locked)
        answer = alice.send(room, "patience", headers=headers)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    assert "couldn’t save this".encode() in answer.content
    if not headers:
        assert _again(alice, answer).status_code == 303
        assert Message.objects.filter(text="patience").count() == 1


@pytest.mark.parametrize("status", ["poll", "older"])
def test_a_busy_database_shows_readers_only_the_banner(alice, room, monkeypatch, status):
    def locked(*args, **kwargs):
        raise OperationalError("database is locked")

    monkeypatch.setattr(delta, "_read", locked)
    monkeypatch.setattr(delta, "before", locked)
    answer = (
        alice.poll(room, 0)
        if status == "poll"
        else alice.get(f"{room.get_absolute_url()}messages/?before=2", headers=HTMX)
    )
    assert (answer.status_code, answer.content) == (503, b"")
    assert b"Server busy" in alice.get(f"{room.get_absolute_url()}messages/?before=2").content


def _again(person, page):
    """Press "Try again" on a refusal's page."""
    form = re.search(r'<form class="join" method="post" action="([^"]+)">(.*?)</form>', page.content.decode(), re.S)
    fields = dict(re.findall(r'name="([^"]+)" value="([^"]*)"', form[2]))
    for name, value in re.findall(r'<textarea[^>]* name="([^"]+)"[^>]*>\n(.*?)</textarea>', form[2], re.S):
        fields[name] = value
    return person.post(form[1], fields)


def test_without_a_site_row_or_a_database_error_pages_still_have_a_name(monkeypatch, db):
    def away(*args):
        raise OperationalError("gone")

    monkeypatch.setattr(Site.objects, "first", away)
    assert b"Parlour" in errors.broken(RequestFactory().get("/")).content


# Forms without a valid token


@pytest.fixture
def strict(person):
    """A member whose browser is checked for CSRF, and the room."""
    alice = person(enforce_csrf_checks=True)
    token = re.search(rb'csrfmiddlewaretoken" value="([^"]+)"', alice.get("/").content)[1].decode()
    alice.post("/join/", {"room": "Reading club", "nickname": "Alice", "csrfmiddlewaretoken": token})
    return alice


OURS = {"Origin": "http://testserver"}


def test_a_form_with_an_old_token_keeps_its_text_and_gets_a_new_token(strict):
    room = strict.membership.room
    answer = strict.send(room, "kept", csrfmiddlewaretoken="x" * 64, headers=OURS | HTMX)
    assert answer.status_code == 422
    assert answer.headers["HX-Retarget"] == "#answer-1", "the field with its text stays"
    fresh = re.search(r'id="csrf" value="([^"]+)"[^>]* hx-swap-oob="true"', answer.content.decode())[1]
    assert 'name="n"' not in answer.content.decode(), "its own token was not used"
    again = strict.send(room, "kept", csrfmiddlewaretoken=fresh, headers=OURS | HTMX)
    assert again.status_code == 200
    assert Message.objects.filter(text="kept").count() == 1


def test_without_htmx_a_form_with_an_old_token_is_offered_again(strict):
    room = strict.membership.room
    answer = strict.send(room, "kept & safe", csrfmiddlewaretoken="x" * 64, headers=OURS)
    assert answer.status_code == 422
    assert "kept &amp; safe" in answer.content.decode()
    strict.handler.enforce_csrf_checks = False
    assert _again(strict, answer).status_code == 303


def test_a_form_without_text_is_offered_again_too(strict):
    url = f"{strict.membership.room.get_absolute_url()}leave/"
    answer = strict.post(url, {"csrfmiddlewaretoken": "x" * 64}, headers=OURS)
    assert answer.status_code == 422
    assert _again(strict, answer).status_code == 303
    assert not strict.membership.is_inside


@pytest.mark.parametrize(("page", "status"), [("http://testserver/rooms/x/", 422), ("https://evil.example/", 403)])
def test_a_text_browser_is_recognized_by_its_referer(strict, page, status):
    room = strict.membership.room
    answer = strict.send(room, "kept", csrfmiddlewaretoken="x" * 64, headers={"Referer": page})
    assert answer.status_code == status
    assert (b"kept</textarea>" in answer.content) is (status == 422)


def test_an_old_join_form_is_offered_again(person):
    visitor = person(enforce_csrf_checks=True)
    form = {"room": "Reading club", "nickname": "Alice"}
    for headers in (OURS, OURS | HTMX):
        answer = visitor.post("/join/", form, headers=headers)
        assert answer.status_code == 422
        assert b'value="Reading club"' in answer.content
        assert b"csrfmiddlewaretoken" in answer.content


BLOCKED = "Your browser sent no cookie with this form"
DELETED = "cookies for this site were deleted"
OLD = "This page was open for a long time"


@pytest.mark.parametrize("headers", [OURS, OURS | HTMX])
def test_a_browser_that_never_sends_cookies_is_told_to_allow_them(person, headers):
    """A person may have deleted the cookies as well, so the first step is to try again."""
    form = {"room": "Reading club", "nickname": "Alice"}
    page = person(enforce_csrf_checks=True).post("/join/", form, headers=headers).content.decode()
    assert f"{BLOCKED}, so nothing was changed. Try again." in page
    assert "If you see this page again, allow cookies for this site in your browser’s settings." in page
    assert DELETED not in page


@pytest.mark.parametrize("headers", [OURS, OURS | HTMX])
@pytest.mark.parametrize("cookies_left", [(), ("theme",)])
def test_a_member_whose_cookies_were_deleted_is_told_to_join_again(strict, headers, cookies_left):
    room = strict.membership.room
    strict.cookies.clear()
    for name in cookies_left:
        strict.cookies[name] = "dark"
    answer = strict.send(room, "kept", csrfmiddlewaretoken="x" * 64, headers=headers)
    page = answer.content.decode()
    assert (
        f"Your browser’s {DELETED}, so you’re no longer signed in. Join the room again, then send your message." in page
    )
    assert "llow cookies" not in page
    assert "kept</textarea>" in page or answer.headers["HX-Retarget"] == "#answer-1"


def test_a_member_whose_cookies_were_deleted_is_told_to_sign_in_again(strict):
    url = f"{strict.membership.room.get_absolute_url()}leave/"
    strict.cookies.clear()
    page = strict.post(url, {"csrfmiddlewaretoken": "x" * 64}, headers=OURS).content.decode()
    assert f"Your browser’s {DELETED}, so you’re no longer signed in. Join or sign in again first." in page
    assert "llow cookies" not in page


def test_a_member_with_a_session_and_an_old_form_is_told_to_send_it_again(strict):
    room = strict.membership.room
    for lost in ((), ("csrf",)):
        for name in lost:
            del strict.cookies[name]
        page = strict.send(room, "kept", csrfmiddlewaretoken="x" * 64, headers=OURS).content.decode()
        assert OLD in page
        assert "cookie" not in page


@pytest.mark.parametrize("headers", [OURS, OURS | HTMX])
def test_an_old_join_form_is_offered_again_at_a_former_address(alice, room, person, headers):
    visitor, form = person(enforce_csrf_checks=True), {"nickname": "Dave"}
    room.set_name("Walking club")
    for path in ("/rooms/reading-club/join/", "/rooms/walking-club/join/"):
        answer = visitor.post(path, form, headers=headers)
        assert (answer.status_code, b'value="Dave"' in answer.content) == (422, True), path
        assert headers == OURS or b'hx-post="/rooms/walking-club/join/"' in answer.content
    assert visitor.post("/rooms/nowhere/join/", form, headers=OURS | HTMX).status_code == 404


def test_an_old_invite_form_is_offered_again_without_revealing_the_room(alice, room, person):
    room.set_access("private")
    _invitation, key = Invite.objects.issue(alice.membership, days=1, max_uses=1)
    visitor = person(enforce_csrf_checks=True)
    page = visitor.post(f"/invitations/{key}/", {"nickname": "Dave"}, headers=OURS | HTMX)
    assert (page.status_code, room.name in page.content.decode()) == (422, False)
    form = dict(re.findall(r'name="([^"]+)" value="([^"]*)"', page.content.decode()))
    assert f'hx-post="/invitations/{key}/"' in page.content.decode()
    assert visitor.post(f"/invitations/{key}/", form).status_code == 303


def test_the_frame_field_is_ignored_outside_frames(strict):
    for url in ("/join/", "/preferences/", "/preferences/refresh/", "/admin/login/"):
        assert strict.post(url, {"frame": "1", "room": "R"}, headers=OURS).status_code == 422


@pytest.mark.parametrize("headers", [{}, {"Origin": "https://evil.example"}, {"Origin": "null"}])
def test_a_form_of_another_site_is_a_403_and_cannot_be_resent(strict, headers):
    room = strict.membership.room
    for url in (f"{room.get_absolute_url()}send/", f"{room.get_absolute_url()}leave/", "/join/", "/preferences/"):
        answer = strict.post(url, {"text": "forged", "room": "Forged", "nickname": "F"}, headers=headers)
        assert answer.status_code == 403
        assert b"forged" not in answer.content
    assert not Message.objects.filter(text="forged").exists()
    assert strict.membership.is_inside


def test_every_unsafe_address_is_checked(strict):
    """An attribute would exempt a view from the CSRF check; no view has it."""
    from chat.urls import urlpatterns

    assert not [pattern for pattern in urlpatterns if getattr(pattern.callback, "csrf_exempt", False)]


def test_a_message_is_opened_while_its_room_moves(alice, room, monkeypatch):
    """Its address has no slug: the room is opened instead. Other pages open at the new address."""
    message = alice.membership.send("hello", "t:1")
    for url, target in (
        (f"/messages/{message.pk}/?a=1", "/rooms/moved/"),
        (f"/rooms/{room.slug}/messages/?a=1", "/rooms/moved/messages/?a=1"),
    ):
        for name in ("message_to_read", "membership_to_read"):
            monkeypatch.setattr(messages, name, Mock(side_effect=RoomMoved(Room(slug="moved"))))
        answer = alice.get(url)
        assert (answer.status_code, answer.headers["Location"]) == (303, target)
