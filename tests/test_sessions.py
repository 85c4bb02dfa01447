"""Sessions: the attributes of the cookie, when the key changes, and how polls with the old key continue."""

import os
import re
import subprocess
import sys
from datetime import timedelta

import httpx
import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.utils import timezone

from chat import sessions as chat_sessions
from chat.checks import check_session_store
from chat.models import Invite, Membership, Participant, Room, SignInLink, User
from chat_app.settings import BASE_DIR
from tests.support.reading import HTMX, Frame, held, until

YEAR = 365 * 24 * 3600


def key_of(browser):
    return browser.cookies["session"].value


# Which answers set it


def test_the_cookie_of_a_first_join_has_exactly_these_attributes(person):
    answer = person().join("Reading club", "Alice")
    assert set(answer.cookies) == {"session"}
    said = re.sub(r"expires=[^;]+", "expires=…", answer.cookies["session"].OutputString())
    key = answer.cookies["session"].value
    assert re.fullmatch(r"[a-z0-9]{32}", key)
    assert said == f"session={key}; expires=…; HttpOnly; Max-Age={YEAR}; Path=/; SameSite=Lax"
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert "Cookie" in answer.headers["Vary"]


def test_a_renewed_cookie_keeps_its_key_for_another_year(alice, room):
    session = alice.session
    session["renewed"] -= 31 * 24 * 3600
    session.save()
    answer = alice.get(room.get_absolute_url())
    cookie = answer.cookies["session"]
    assert (cookie.value, cookie["max-age"]) == (session.session_key, YEAR)
    assert alice.poll(room, 1).status_code == 200


def test_a_page_requested_while_the_key_changes_sets_no_cookie(alice, room, monkeypatch):
    """It would have renewed the session, but the key has changed meanwhile."""
    session = alice.session
    session["renewed"] = 0
    session.save()
    seen = Membership.record_seen
    monkeypatch.setattr(Membership, "record_seen", lambda self: (Session.objects.all().delete(), seen(self))[1])
    answer = alice.get(room.get_absolute_url())
    assert answer.status_code == 200
    assert "session" not in answer.cookies


def test_a_session_that_has_expired_reads_nothing(alice, room):
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    assert b"Join again" in alice.poll(room, 1).content
    assert alice.send(room, "still here?").status_code == 403


def test_a_change_inside_a_value_is_saved_though_the_session_was_saved_before(db):
    session = chat_sessions.SessionStore()
    session["list"] = ["a"]
    session.create()
    session["list"].append("b")
    session.save()
    assert chat_sessions.SessionStore(session.session_key)["list"] == ["a", "b"]


# When the key changes


def test_joining_changes_the_key_and_the_old_key_is_invalid(person, root):
    browser = person()
    browser.force_login(root)
    old = key_of(browser)
    browser.join("Reading club", "Alice")
    assert key_of(browser) != old
    assert browser.session["_auth_user_id"] == str(root.pk), "what the session knew goes along"
    assert not Session.objects.filter(session_key=old).exists()
    assert not SessionStore(old).load()
    thief = person()
    thief.cookies["session"] = old
    assert b"Join again" in thief.poll(Room.objects.get(), 1).content
    assert thief.get("/admin/").status_code == 302


def test_nothing_else_in_a_room_changes_the_key(alice, bob, room, settings):
    settings.REMOVAL_MINUTES = 0  # so that Bob can come back at once
    key = key_of(bob)
    path = room.get_absolute_url()
    _invitation, link = Invite.objects.issue(alice.membership, days=1, max_uses=None)
    acts = {
        "another room": lambda: bob.join("Elsewhere", "Bob"),
        "the same once more": lambda: bob.join(room.name, "Bob"),
        "a name": lambda: bob.post(f"{path}name/", {"nickname": "Robert"}),
        "a role": lambda: alice.post(f"{path}members/{mine(bob, room).pk}/role/", {"role": "moderator"}),
        "leaving": lambda: bob.post(f"{path}leave/"),
        "coming back": lambda: bob.post(f"{path}join/", {"nickname": "Robert"}),
        "being shown out": lambda: alice.post(f"{path}members/{mine(bob, room).pk}/remove/"),
        "an invitation": lambda: bob.post(f"/invitations/{link}/", {"nickname": "Robert"}),
        "preferences": lambda: bob.post(
            "/preferences/", {"time_zone": "Europe/Vienna", "poll_seconds": 2, "refresh_seconds": 5}
        ),
        "a page": lambda: bob.get(path),
    }
    for name, act in acts.items():
        answer = act()
        assert answer.status_code in (200, 303), name
        assert "session" not in answer.cookies, name
        assert key_of(bob) == key, name
    assert mine(bob, room).is_inside


def mine(browser, room):
    return Participant.objects.get(pk=browser.session["participant"]).memberships.get(room=room)


# With polls under way


@pytest.fixture
def root(db):
    return User.objects.create_superuser("root", password="x")


def sign_in(http):
    """Sign in to the admin in the same browser, which gives the participant's session a new key."""
    http.get("/admin/login/")
    form = {"username": "root", "password": "x", "csrfmiddlewaretoken": http.cookies["csrf"]}
    return http.post("/admin/login/", data=form)


def test_a_poll_held_with_the_old_key_gets_news_and_no_cookie(ann, ben, gate, meanwhile, asked_django, root):
    old = ben.http.cookies["session"]
    poll = meanwhile(ben.ask)
    held(gate)
    assert sign_in(ben.http).status_code == 302
    assert ben.http.cookies["session"] != old
    ann.send("good evening")
    answer = poll.result(5)
    assert answer.status_code == 200
    assert "good evening" in answer.text
    assert "Join again" not in answer.text
    assert "set-cookie" not in answer.headers
    assert answer.headers["cache-control"] == "private, no-store"
    # The next poll has the new key: Django answers once, then the gate has a grant for it too.
    asked_django.clear()
    assert "good evening" in ben.poll().text
    poll = meanwhile(ben.ask)
    held(gate)
    ann.send("and good night")
    assert "and good night" in poll.result(5).text
    assert len(asked_django) == 1


def test_a_late_poll_with_the_old_key_does_not_change_the_new_one(ann, ben, gate, root):
    old = ben.http.cookies["session"]
    sign_in(ben.http)
    new = ben.http.cookies["session"]
    gate.hub.loop.call_soon_threadsafe(gate.hub.forget)  # as five minutes later
    for part in (f"changes/?{ben.query(1, 1, 0)}", "live/", "reader.css", "composer/2/", "composer/status/"):
        late = ben.http.get(f"{ben.path}{part}", headers={"Cookie": f"session={old}", "HX-Request": "true"})
        assert "set-cookie" not in late.headers, part
    assert ben.http.cookies["session"] == new
    assert "Join again" not in ben.poll().text


PASSWORD = "a long walk home"


def join_anew(ben):
    """Be signed out from another browser, and join again under another nickname."""
    Participant.objects.get(pk=ben.member.participant_id).sign_out_everywhere()
    ben.write(f"{ben.path}join/", nickname="Ben the second")


def keep(ben):
    ben.write("/account/create/", name="Ben", password=PASSWORD)


def sign_in_as_kim(ben):
    Participant().create_account("Kim", PASSWORD)
    ben.write("/account/sign-in/", name="Kim", password=PASSWORD)


def go_on_as_kim(ben):
    _link, key = SignInLink.objects.issue(Participant.objects.create(), hours=1)
    ben.write(f"/continue/{key}/")


def sign_out(ben):
    ben.write("/account/sign-out/")


def enter_by_the_staffs_door(ben):
    User.objects.create_superuser("root", password="x")
    sign_in(ben.http)


def leave_by_the_staffs_door(ben):
    ben.write("/admin/logout/")


# Every act that gives a session a new key or ends it. Add a row for each new one.
ACTS = [join_anew, keep, sign_in_as_kim, go_on_as_kim, sign_out, enter_by_the_staffs_door, leave_by_the_staffs_door]


@pytest.fixture(params=ACTS, ids=lambda act: act.__name__)
def act(request, ben):
    """One of these acts, and the session key of Ben's browser before it."""
    if request.param is leave_by_the_staffs_door:
        enter_by_the_staffs_door(ben)
        ben.token = ben.http.cookies["csrf"]
    ben.http.get(ben.path)  # which grants his polls
    old = ben.http.cookies["session"]
    return lambda: (request.param(ben), old)[1]


def by_the_key(reader, key, path="", headers=HTMX):
    """The answer to a request that has only this key, as from a person who stole it."""
    with httpx.Client(base_url=reader.http.base_url, cookies={"session": key}) as thief:
        return thief.get(f"{reader.path}{path}", headers=headers)


def test_the_old_key_reads_nothing_from_django_or_the_gate(ann, ben, act):
    old = act()
    assert ben.http.cookies.get("session") != old
    ann.send("for those who are here")
    late = by_the_key(ben, old, f"changes/?{ben.query()}")
    assert "for those who are here" not in late.text
    assert (late.status_code, "Join again" in late.text) == (200, True), "it goes on asking, and heals"
    assert "set-cookie" not in late.headers


def test_a_stream_with_the_old_key_ends_without_news(ann, ben, act, meanwhile):
    frame = Frame(ben, meanwhile)
    act()
    ann.send("for those who are here")
    until(lambda: frame.ended)
    assert "for those who are here" not in frame.text
    assert "Refresh" in frame.headers, "the frame asks again, under the key of now"


def test_a_poll_held_during_the_change_does_not_stop_the_page(ann, ben, act, gate, meanwhile):
    poll = meanwhile(ben.ask)
    held(gate)
    act()
    ann.send("for those who are here")
    answer = poll.result(12)
    assert (answer.status_code, 'name="since"' in answer.text) == (200, True)
    assert "set-cookie" not in answer.headers


def test_the_page_continues_with_the_new_key(ann, ben, gate, root):
    sign_in(ben.http)
    ann.send("good evening")
    answer = ben.poll()
    assert (answer.status_code, "good evening" in answer.text) == (200, True)


def test_grants_of_the_new_key_survive_the_end_of_the_old_key(ann, server, asked_django):
    """Joining revokes the grants of the old key, not those of the new one."""
    with httpx.Client(base_url=server) as new:
        new.get("/")
        form = {"nickname": "Cleo", "csrfmiddlewaretoken": new.cookies["csrf"]}
        assert new.post(f"{ann.path}join/", data=form, headers=HTMX).status_code == 200
        assert "Cleo" in new.get(f"{ann.path}changes/?{ann.query(1, 1, 1)}", headers=HTMX).text
    assert asked_django == []


def test_an_unknown_session_revokes_no_grants(ben, gate):
    by_the_key(ben, "x" * 32, "live/")
    assert not gate.hub.grants.revoked_since("x" * 32, 0.1)


# In a browser


def cookie(visitor, name="session"):
    (found,) = [cookie for cookie in visitor.context.cookies() if cookie["name"] == name]
    return found


@pytest.mark.parametrize("redis", ["", "redis://localhost"])
def test_sessions_are_in_the_database_with_redis_too(redis):
    """A session that one process ended would stay alive in a cache where another process knows it by another key."""
    environment = {"SECRET_KEY": "x", "ENV_FILE": os.devnull, "REDIS_URL": redis}
    command = [sys.executable, "-c", "from chat_app import settings; print(settings.SESSION_ENGINE)"]
    printed = subprocess.run(command, env=environment, cwd=BASE_DIR, capture_output=True, text=True, check=True).stdout
    assert printed.strip() == "chat.sessions"


def test_sessions_anywhere_else_are_refused(settings):
    assert check_session_store(None) == []
    for elsewhere in ("cached_db", "cache", "signed_cookies"):
        settings.SESSION_ENGINE = f"django.contrib.sessions.backends.{elsewhere}"
        assert [error.id for error in check_session_store(None)] == ["chat.E005"]
