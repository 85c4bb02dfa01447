"""Accounts: a name that is protected by a password."""

import re
import time
from threading import BoundedSemaphore

import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext

from chat import emails
from chat.access.rooms import can_still_read
from chat.models import Membership, Message, Participant, Room, SignInLink, User
from chat.realtime import gate_backend
from chat_app import settings as ours

SECRET = "a long walk home"


def keep(who, name="Bob", password=SECRET, **form):
    return who.post("/account/create/", {"name": name, "password": password, **form})


def sign_in(who, name="Bob", password=SECRET, **form):
    return who.post("/account/sign-in/", {"name": name, "password": password, **form})


def is_in(who, room):
    return who.get(f"/rooms/{room.slug}/live/").status_code == 200


@pytest.fixture
def account_holder(bob):
    """Bob, a guest who created an account."""
    assert keep(bob, email="bob@example.org").status_code == 303
    return bob


def test_a_guest_who_creates_an_account_keeps_everything(account_holder, person, room):
    assert is_in(account_holder, room)
    assert "Signed in as <bdi>Bob</bdi>" in account_holder.get("/account/").content.decode()
    phone = person()
    assert sign_in(phone, name="BOB").status_code == 303
    assert phone.membership == account_holder.membership


def test_passwords_are_hashed_with_argon2():
    """With the product's settings; the tests' own settings use a fast hasher."""
    assert ours.PASSWORD_HASHERS[0] == "django.contrib.auth.hashers.Argon2PasswordHasher"
    assert Argon2PasswordHasher().encode(SECRET, "a-grain-of-salt").startswith("argon2$argon2id$")


def test_a_browser_without_participant_can_create_an_account(person, room):
    dave = person()
    keep(dave, name="Dave")
    assert dave.join(room.name, "Dave").status_code == 303
    assert not dave.membership.participant.is_guest


@pytest.mark.parametrize(
    ("name", "password", "words"),
    [
        ("", SECRET, "Enter a name"),
        ("Bob", "", "Enter a password."),
        ("Bob", "short", "Too short."),
        ("Bob", "password1", "This password is too common"),
        ("Bob", "827364812634", "Numbers alone are easy to guess."),
        ("Bob", "x" * 257, "This is longer than 256 characters."),
        ("Bartholomew", "bartholomew", "too similar to your name"),
        ("Bartholomew", "Bartholomew1", "too similar to your name"),
        ("Admin", SECRET, "reserved for this site’s admins"),
        ("b\u202eob", SECRET, "invisible characters"),
    ],
)
def test_invalid_values_are_refused_at_their_field_and_passwords_are_not_sent_back(bob, name, password, words):
    page = keep(bob, name, password)
    assert page.status_code == 422
    assert words in page.content.decode()
    assert not password or f'value="{password}"' not in page.content.decode()


def test_the_password_cannot_be_the_email_address(bob):
    page = keep(bob, password="bob.the.builder@example.org", email="bob.the.builder@example.org").content.decode()
    assert "too similar to your name or email address" in page
    page = keep(bob, email="bob at example").content.decode()
    assert "Enter an email address" in page
    assert "nter a valid" not in page


@pytest.mark.parametrize("password", ["bartholomew", "bob@example.org"])
def test_a_new_password_cannot_be_the_name_or_the_email_address(person, password):
    bob, user = person(), User.objects
    keep(bob, "Bartholomew", email="bob@example.org")
    changed = bob.post("/account/password/", {"old": SECRET, "new": password})
    bob.post("/account/reset/", {"who": "Bartholomew"})
    reset = bob.post(mailed(), {"password": password})
    for page in (changed, reset):
        assert (page.status_code, "too similar to your name" in page.content.decode()) == (422, True)
    assert user.get().check_password(SECRET)


@pytest.mark.parametrize("name", ["Bob", "BOB", "Вob", "Bоb", "B0b", "Bob\u200b"])
def test_names_that_look_like_an_account_are_refused_in_every_room(account_holder, person, name):
    page = person().join("Elsewhere", name)
    assert page.status_code == 422
    assert "This name belongs to an account." in page.content.decode()
    assert "Join as “" in page.content.decode()
    assert keep(person(), name).status_code == 422
    assert not Room.objects.filter(slug="elsewhere").exists()


def test_the_account_can_use_its_name_in_every_room(account_holder):
    assert account_holder.join("Elsewhere", "Bob").status_code == 303


def test_nobody_can_change_their_nickname_to_an_accounts_name(account_holder, alice, room):
    page = alice.post(f"/rooms/{room.slug}/name/", {"nickname": "BOB"})
    assert "belongs to an account" in page.content.decode()


def test_a_wrong_name_and_a_wrong_password_give_the_same_page(account_holder, person):
    token = re.compile(r'value="[^"]{64}"')
    pages = [sign_in(person(), "Bob", "wrong"), sign_in(person(), "Bob", "wrong too")]
    pages += [sign_in(person(), "Eve", "wrong")]
    shown = [token.sub("", page.content.decode()).replace("Eve", "Bob") for page in pages]
    assert [page.status_code for page in pages] == [422] * 3
    assert shown[0] == shown[1] == shown[2]
    assert "Wrong name or password" in shown[0]


def test_sign_in_attempts_for_one_name_are_limited(account_holder, person, settings):
    settings.LIMIT_SIGN_IN_NAME = "2/600"
    tries = [
        sign_in(person(), name, "wrong").status_code
        for name in ("Bob", "bob", "BOB", " " * 70 + "Bob", "\u200b" * 70 + "Bob")
    ]
    assert tries == [422, 422, 429, 429, 429]
    assert SECRET not in sign_in(person()).content.decode()


@pytest.mark.parametrize("name", ["Ann Marie", "x" * 300, "\u202e", "é" * 64, "\x00"])
def test_signing_in_with_any_name_gives_no_server_error(person, name):
    assert sign_in(person(), name).status_code == 422
    assert person().post("/account/reset/", {"who": name}).status_code in (200, 422)


def test_signing_in_changes_the_key_of_the_session(account_holder, person):
    phone = person("Elsewhere", "Dave")
    before = phone.session.session_key
    answer = sign_in(phone)
    assert answer.cookies["session"].value == phone.session.session_key != before


def test_a_guest_who_signs_in_can_keep_the_guests_rooms_or_not(account_holder, person, room):
    behind, along = person("Elsewhere", "Dave"), person("Elsewhere", "Erin")
    guest = behind.membership
    sign_in(behind)
    guest.refresh_from_db()
    assert (guest.participant.is_guest, guest.is_inside) == (True, True)
    sign_in(along, bring="on")
    assert is_in(along, Room.objects.get(slug="elsewhere"))
    assert Membership.objects.get(nickname="Erin").participant.default_nickname == "Bob"


def test_in_a_room_with_both_the_guest_leaves(account_holder, person, room):
    guest = person(room.name, "Dave")
    sign_in(guest, bring="on")
    assert Membership.objects.get(nickname="Dave").status == "left"
    assert guest.get(f"/rooms/{room.slug}/").context["membership"].nickname == "Bob"


def test_after_signing_in_people_return_to_their_page(account_holder, person, room):
    phone = person()
    page = phone.get(f"/account/sign-in/?next=/rooms/{room.slug}/").content.decode()
    assert f'name="next" value="/rooms/{room.slug}/"' in page
    assert sign_in(phone, next=f"/rooms/{room.slug}/").headers["Location"] == f"/rooms/{room.slug}/"
    assert sign_in(person(), next="https://evil.example/").headers["Location"] == "/"


def test_changing_the_password_signs_out_other_browsers(account_holder, person, room):
    phone = person()
    sign_in(phone)
    assert account_holder.post("/account/password/", {"old": "wrong", "new": "b" + SECRET}).status_code == 422
    assert account_holder.post("/account/password/", {"old": SECRET, "new": "b" + SECRET}).status_code == 303
    assert (is_in(account_holder, room), is_in(phone, room)) == (True, False)
    assert sign_in(phone).status_code == 422
    assert sign_in(phone, password="b" + SECRET).status_code == 303


@pytest.mark.parametrize("page", ["password", "email", "delete"])
def test_account_pages_link_back(account_holder, page):
    assert '<a href="/account/">Back to your account</a>' in account_holder.get(f"/account/{page}/").content.decode()


def test_a_deactivated_account_is_signed_out(account_holder, person, room):
    user = User.objects.get()
    user.is_active = False
    user.save()
    assert not is_in(account_holder, room)
    assert sign_in(person()).status_code == 422


def test_an_account_deactivated_without_signals_is_signed_out_too(account_holder, person, room):
    _link, key = SignInLink.objects.issue(account_holder.membership.participant, hours=1)
    waits = person()
    User.objects.update(is_active=False)
    assert not is_in(account_holder, room)
    assert account_holder.send(room, "still here?").status_code == 403
    assert b"Join again" in account_holder.poll(room, 1).content
    assert "Bob" not in account_holder.get("/account/").content.decode()
    assert [waits.get(f"/continue/{key}/").status_code, waits.post(f"/continue/{key}/").status_code] == [404, 404]
    member = room.memberships.get(nickname="Bob")
    assert not can_still_read(member)
    standing = (member.participant_id, member.participant.generation, room.withdrawals)
    assert gate_backend.valid_readers(room.pk, [(account_holder.session.session_key, member.pk, standing)]) == set()
    User.objects.update(is_active=True)
    assert is_in(account_holder, room)
    assert gate_backend.valid_readers(room.pk, [(account_holder.session.session_key, member.pk, standing)]) != set()


def test_other_changes_of_an_account_do_not_sign_out(account_holder, room):
    user = User.objects.get()
    user.first_name = "Robert"
    user.save()
    account_holder.post("/account/email/", {"email": "new@example.org", "password": SECRET})
    assert User.objects.get().email == "new@example.org"
    assert is_in(account_holder, room)


def test_a_deleted_account_is_gone_and_its_name_free(account_holder, person, room):
    account_holder.send(room, "I was here")
    assert account_holder.post("/account/delete/", {"password": "wrong"}).status_code == 422
    assert account_holder.post("/account/delete/", {"password": SECRET}).status_code == 303
    assert (User.objects.count(), Message.objects.filter(text="I was here").count()) == (0, 1)
    assert not is_in(account_holder, room)
    assert person().join(room.name, "Bob").status_code == 303


def mailed():
    for _wait in range(100):
        if mail.outbox:
            return re.search(r"http://testserver(/account/reset/\S+)", mail.outbox[0].body)[1]
        time.sleep(0.02)
    return None


@pytest.mark.parametrize("who", ["Bob", "bob@example.org"])
def test_a_forgotten_password_is_replaced_by_a_mailed_link_once(account_holder, person, room, who):
    phone = person()
    phone.post("/account/reset/", {"who": who})
    address = mailed()
    assert mail.outbox[0].to == ["bob@example.org"]
    assert phone.get(address).status_code == 200
    assert phone.post(address, {"password": "short"}).status_code == 422
    door = phone.get(phone.post(address, {"password": "b" + SECRET}).headers["Location"]).content.decode()
    assert "Your new password is set. Sign in with it." in door
    assert re.search(r'<input[^>]* name="name" value="Bob"', door)
    assert "is set" not in sign_in(phone, password="wrong").content.decode()
    assert not is_in(account_holder, room), "whoever knew the old one is out"
    assert sign_in(phone, password="b" + SECRET).status_code == 303
    for old in (address, address[:-3] + "/", "/account/reset/%F0%9F/x/"):
        answer = phone.get(old)
        assert (answer.status_code, "work once, for one day" in answer.content.decode()) == (404, True)
        assert '<a href="/account/reset/" target="_top">Request a new link</a>' in answer.content.decode()


def sent(count):
    """The number of emails sent so far, after waiting a moment for one too many."""
    for _wait in range(100):
        if len(mail.outbox) >= count:
            break
        time.sleep(0.02)
    time.sleep(0.1)
    return len(mail.outbox)


def test_reset_emails_per_account_are_limited_without_a_visible_difference(account_holder, person, settings):
    settings.LIMIT_RESET_NAME = "2/3600"
    token = re.compile(r'value="[^"]{64}"')
    called = ("Bob", "BOB", "b o b", "Вob", "bob@example.org", "BOB@example.org", "Eve")
    answers = [person().post("/account/reset/", {"who": who}) for who in called]
    assert {answer.status_code for answer in answers} == {200}
    assert len({token.sub("", answer.content.decode()) for answer in answers}) == 1
    assert sent(2) == 2


def test_reset_requests_are_limited_per_address(person, settings):
    settings.LIMIT_RESET_ADDRESS = "2/3600"
    asked = [person().post("/account/reset/", {"who": f"N{n}"}, REMOTE_ADDR="203.0.113.9") for n in range(3)]
    assert [answer.status_code for answer in asked] == [200, 200, 429]


def test_a_reset_email_names_the_account(person):
    for name in ("O’Neil & Co", "Bob"):
        Participant().create_account(name, SECRET, "both@example.org")
    person().post("/account/reset/", {"who": "both@example.org"})
    assert sent(2) == 2
    assert [any(f"the account “{name}”" in m.body for m in mail.outbox) for name in ("O’Neil & Co", "Bob")] == [
        True
    ] * 2


def test_a_reset_link_does_not_work_for_a_deactivated_account(account_holder, person):
    account_holder.post("/account/reset/", {"who": "Bob"})
    address = mailed()
    assert account_holder.get(address).status_code == 200
    User.objects.update(is_active=False)
    assert person().get(address).status_code == 404
    assert person().post(address, {"password": "b" + SECRET}).status_code == 404
    assert User.objects.get().check_password(SECRET)


def test_requesting_a_reset_does_not_reveal_which_accounts_exist(account_holder, person):
    token = re.compile(r'value="[^"]{64}"')
    pages = [person().post("/account/reset/", {"who": who}).content.decode() for who in ("Bob", "Eve", "x@y.example")]
    assert len({token.sub("", page) for page in pages}) == 1
    assert mailed() is not None
    assert len(mail.outbox) == 1


def test_requesting_a_reset_is_the_same_work_for_known_and_unknown_names(account_holder, person, monkeypatch):
    """All that depends on the account is done later, in another thread."""
    later, queries = [], []
    monkeypatch.setattr(emails.senders, "submit", lambda *work: later.append(work))
    for who in ("Bob", "Eve", "bob@example.org", "eve@example.org"):
        with CaptureQueriesContext(connection) as asked:
            assert person().post("/account/reset/", {"who": who}).status_code == 200
        queries.append([re.sub(r"'[^']*'|[0-9]+", "?", query["sql"]) for query in asked])
        assert len(later) == len(queries)
    assert queries[0] == queries[1] == queries[2] == queries[3]
    assert not mail.outbox
    monkeypatch.setattr(emails, "render_to_string", lambda *_arguments: "text")
    for work, *arguments in later:
        work(*arguments)
    assert [email.to for email in mail.outbox] == [["bob@example.org"]] * 2


def test_requests_for_emails_that_wait_are_bounded(account_holder, person, monkeypatch, caplog):
    later = []
    monkeypatch.setattr(emails.senders, "submit", lambda *work: later.append(work))
    monkeypatch.setattr(emails, "places", BoundedSemaphore(1))
    answers = [person().post("/account/reset/", {"who": "Bob"}).status_code for _try in range(2)]
    assert (answers, len(later)) == ([200, 200], 1)
    assert "this one is dropped" in caplog.text


def test_members_and_messages_have_an_account_badge(account_holder, alice, room):
    account_holder.send(room, "mine")
    alice.send(room, "also mine")
    log, panel = alice.get(f"/rooms/{room.slug}/").content.decode().split('<div id="people">')
    assert [part.count('<span class="badge">account</span>') for part in (log, panel)] == [1, 1]
    people = alice.get(f"/rooms/{room.slug}/members/").content.decode()
    assert people.count('<span class="badge">account</span>') == 1
    assert "guest" not in people, "guests are not marked"


def test_without_accounts_there_are_sign_in_links_but_no_account_pages(bob, settings):
    settings.ACCOUNTS = "off"
    for path in ("create/", "sign-in/", "password/", "email/", "delete/", "reset/"):
        assert bob.get("/account/" + path).status_code == 404
        assert bob.post("/account/" + path).status_code == 404
    page = bob.get("/account/").content.decode()
    assert ("/account/create/" in page, "/account/links/" in page) == (False, True)
    assert "guest</span>" not in bob.get(f"{bob.membership.room.get_absolute_url()}members/").content.decode()


def test_if_accounts_are_required_guests_cannot_join_any_room(account_holder, person, room, settings):
    settings.ACCOUNTS = "required"
    for answer in (person().join(room.name, "Dave"), person().join("Brand new", "Dave")):
        assert answer.status_code == 422
        assert "Only people with an account can join" in answer.content.decode()
        assert "/account/sign-in/" in answer.content.decode()
    assert Room.objects.count() == 1
    assert account_holder.join("Brand new", "Bob").status_code == 303


def test_a_room_can_be_for_accounts_only(alice, account_holder, person, room):
    form = {"name": room.name, "access": "open", "accounts_only": "on"}
    assert alice.post(f"/rooms/{room.slug}/settings/", form).status_code == 303
    refused = person().post(f"/rooms/{room.slug}/join/", {"nickname": "Dave"}).content.decode()
    assert "Only people with an account" in refused
    assert f"/account/sign-in/?next=/rooms/{room.slug}/" in refused
    assert is_in(alice, room), "whoever is in stays"
    dave = person()
    keep(dave, "Dave")
    assert dave.join(room.name, "Dave").status_code == 303


@pytest.mark.parametrize(
    ("who", "guest", "account", "staff"),
    [("anyone", 303, 303, 303), ("accounts", 422, 303, 303), ("staff", 422, 422, 303)],
)
def test_a_setting_decides_which_people_can_create_rooms(person, settings, who, guest, account, staff):
    settings.CREATE_ROOMS = who
    Participant().create_account("Ann", SECRET)
    Participant().create_account("Sue", SECRET)
    User.objects.filter(username="Sue").update(is_staff=True)
    a_guest, ann, sue = person(), person(), person()
    sign_in(ann, "Ann")
    sign_in(sue, "Sue")
    answers = [who.join(f"Room {n}", f"Person {n}") for n, who in enumerate((a_guest, ann, sue))]
    assert [answer.status_code for answer in answers] == [guest, account, staff]
    if guest == 422:
        assert "only some people can create rooms here" in answers[0].content.decode()


def test_deleting_an_account_locks_the_participant_before_the_rooms(alice, django_assert_max_num_queries):
    """As `sign_out_everywhere` does: in the reverse order, the two deadlock on PostgreSQL."""
    participant = Participant.objects.get(pk=alice.session["participant"]).create_account("Alice", "some long words")
    with django_assert_max_num_queries(200) as queries:
        participant.user.delete()
    writes = [query["sql"].split()[1] for query in queries if query["sql"].startswith("UPDATE")]
    assert writes[0] == '"chat_participant"'
    assert '"chat_room"' in writes
