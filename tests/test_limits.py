"""Rate limits: a refusal explains itself, keeps the text and writes nothing to the database; limits can be off."""

import pytest
from django.core.cache import caches

from chat import client_ip
from chat.checks import check_limits, check_minimums
from chat.exceptions import LimitExceeded
from chat.limit_counters import Limit
from chat.models import Message, Room
from chat_app import settings as ours


def send_many(who, room, count, **more):
    return [who.send(room, f"message {n}", n=n, **more).status_code for n in range(count)]


KIM = {"name": "Kim", "password": "a long walk home"}
CLUB = "/rooms/reading-club/"
UNSAID = {  # limits without an error
    "LIMIT_RESET_NAME",  # it would reveal which accounts exist: see test_accounts.py
    "LIMIT_CODE_NAME",  # only accounts with two-factor authentication have it: see test_account_two_factor.py
    "LIMIT_KNOWN_BROWSER_NAME",  # signing in still works: see test_sign_in_limits.py
}
LIMITED = [  # setting, person, URL, and the form that is sent, with a different {n} each time
    ("SEND_PERSON", "alice", f"{CLUB}send/", {"n": "{n}", "page": "page-of-tests", "text": "message {n}"}),
    ("SEND_ADDRESS", "alice", f"{CLUB}send/", {"n": "{n}", "page": "page-of-tests", "text": "message {n}"}),
    ("SEND_ROOM", "alice", f"{CLUB}send/", {"n": "{n}", "page": "page-of-tests", "text": "message {n}"}),
    ("TYPING_PERSON", "alice", f"{CLUB}typing/", {}),
    ("JOIN_PERSON", "kim", "/join/", {"room": "Room {n}", "nickname": "Kim"}),
    ("JOIN_ADDRESS", "kim", "/join/", {"room": "Room {n}", "nickname": "Kim"}),
    ("JOIN_ROOM", "kim", f"{CLUB}join/", {"nickname": "Kim"}),
    ("CREATE_PERSON", "kim", "/join/", {"room": "Room {n}", "nickname": "Kim"}),
    ("CREATE_ADDRESS", "kim", "/join/", {"room": "Room {n}", "nickname": "Kim"}),
    ("CREATE_SITE", "kim", "/join/", {"room": "Room {n}", "nickname": "Kim"}),
    ("RENAME_PERSON", "alice", f"{CLUB}name/", {"nickname": "Alice {n}"}),
    ("INVITE_PERSON", "alice", f"{CLUB}invitations/", {"max_uses": "1", "days": "7"}),
    ("INVITE_ROOM", "alice", f"{CLUB}invitations/", {"max_uses": "1", "days": "7"}),
    ("SETTINGS_PERSON", "alice", f"{CLUB}settings/", {"name": "Reading club", "access": "open", "topic": "no. {n}"}),
    ("CHAT_REQUEST_PERSON", "alice", f"{CLUB}members/{{bob}}/write/", {}),
    ("CHAT_REQUEST_ADDRESS", "alice", f"{CLUB}members/{{bob}}/write/", {}),
    ("PREFERENCES_PERSON", "alice", "/preferences/refresh/", {"refresh_seconds": "10"}),
    ("LINK_PERSON", "alice", "/account/links/", {"hours": "1"}),
    ("ACCOUNT_ADDRESS", "mallory", "/account/create/", {"name": "Mal", "password": "short"}),
    ("ACCOUNT_SITE", "mallory", "/account/create/", {"name": "Mal", "password": "short"}),
    ("SIGN_IN_ADDRESS", "mallory", "/account/sign-in/", KIM | {"password": "wrong"}),
    ("SIGN_IN_NAME", "mallory", "/account/sign-in/", KIM | {"password": "wrong"}),
    ("SIGN_IN_SITE", "mallory", "/account/sign-in/", KIM | {"password": "wrong"}),
    ("SIGN_IN_BROWSER", "kim", "/account/sign-in/", KIM | {"password": "wrong"}),
    ("CONFIRM_PERSON", "kim", "/account/password/", {"old": "wrong", "new": "a longer walk home"}),
    ("CONFIRM_PERSON", "kim", "/account/email/", {"email": "kim@example.org", "password": "wrong"}),
    ("CONFIRM_PERSON", "kim", "/account/delete/", {"password": "wrong"}),
    ("CONFIRM_PERSON", "kim", "/account/two-factor/", {"password": "wrong", "code": "000000"}),
    ("RESET_ADDRESS", "mallory", "/account/reset/", {"who": "Kim"}),
]


def test_every_limit_has_a_row():
    named = {f"LIMIT_{setting}" for setting, *_ in LIMITED}
    assert named | UNSAID == {name for name in dir(ours) if name.startswith("LIMIT_")}


@pytest.mark.parametrize(("setting", "who", "where", "form"), LIMITED, ids=[f"{row[0]}-{row[2]}" for row in LIMITED])
def test_requests_over_the_limit_are_refused_with_an_explanation(
    setting, who, where, form, alice, bob, mallory, person, settings
):
    kim = person()
    kim.post("/account/create/", KIM | {"email": "kim@example.org"})
    caches["limits"].clear()  # counts of what the cast did before
    setattr(settings, f"LIMIT_{setting}", "1/3600")
    path = where.format(bob=bob.membership.pk)
    who = {"alice": alice, "mallory": mallory, "kim": kim}[who]
    forms = [{name: value.format(n=n) for name, value in form.items()} for n in (1, 2)]
    first, second = (who.post(path, typed, REMOTE_ADDR="203.0.113.9") for typed in forms)
    assert first.status_code in (200, 204, 303, 422), "once is not too often"
    assert second.status_code == 429
    tried = setting.startswith(("SIGN_IN", "CONFIRM"))  # these have a form that says it
    said = (
        "this one wasn’t checked. Your account isn’t locked. " if tried else "in a short time, so nothing was changed. "
    )
    assert f"{said}Try again in" in second.content.decode()
    assert 0 < int(second.headers["Retry-After"]) <= 3600


def test_sending_too_fast_stops_at_the_limit(alice, room, settings):
    settings.LIMIT_SEND_PERSON = "5/3600"
    assert send_many(alice, room, 8) == [303] * 5 + [429] * 3
    assert Message.objects.filter(event="").count() == 5


@pytest.mark.parametrize("headers", [{"HX-Request": "true"}, {}])
def test_a_refusal_says_when_to_retry_and_keeps_the_text(alice, room, settings, headers):
    settings.LIMIT_SEND_PERSON = "1/3600"
    alice.send(room, "first")
    answer = alice.send(room, "second", n=2, headers=headers)
    assert answer.status_code == 429
    wait = int(answer.headers["Retry-After"])
    assert 0 < wait <= 3600
    assert f"{wait} second" in answer.content.decode()
    if not headers:
        assert "second</textarea>" in answer.content.decode()


def test_a_refusal_writes_nothing_to_the_database(alice, room, settings, django_assert_num_queries):
    settings.LIMIT_SEND_PERSON = "1/3600"
    alice.send(room, "first")
    with django_assert_num_queries(3):  # the session; the membership; the site's name, for the page
        assert alice.send(room, "second", n=2).status_code == 429


def test_one_persons_limit_is_not_anothers(alice, bob, room, settings):
    settings.LIMIT_SEND_PERSON = "1/3600"
    send_many(alice, room, 3)
    assert bob.send(room, "hello").status_code == 303


def test_refused_requests_count_too(alice, room, settings, person):
    settings.LIMIT_SEND_PERSON = "2/3600"
    assert [alice.send(room, "", n=n).status_code for n in range(3)] == [422, 422, 429]
    settings.LIMIT_JOIN_PERSON = "2/3600"
    assert [alice.join("", "").status_code for _ in range(3)] == [422, 422, 429]


def test_the_admins_sign_in_is_limited_and_shows_no_password(client, db, settings):
    settings.LIMIT_SIGN_IN_SITE = "2/3600"
    form = {"username": "staff", "password": "not-to-be-shown"}
    answers = [client.post("/admin/login/", form) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert b"not-to-be-shown" not in answers[-1].content
    settings.LIMIT_SIGN_IN_ADDRESS = "1/3600"
    settings.LIMIT_SIGN_IN_SITE = "100/3600"
    answers = [client.post("/admin/login/", form, REMOTE_ADDR="203.0.113.9").status_code for _ in range(2)]
    assert answers == [200, 429]


def test_joins_per_room_are_limited(person, room, settings):
    settings.LIMIT_JOIN_ROOM = "2/3600"
    door = f"{room.get_absolute_url()}join/"
    answers = [person().post(door, {"nickname": f"N{n}"}).status_code for n in range(2)]
    assert [*answers, person().join(room.name, "N3").status_code] == [303, 303, 429]


def test_changes_of_preferences_are_limited(alice, room, settings):
    settings.LIMIT_PREFERENCES_PERSON = "2/3600"
    form = {"time_zone": "UTC", "poll_seconds": "2", "refresh_seconds": "10"}
    addresses = ["/preferences/", "/preferences/refresh/", "/preferences/", "/preferences/refresh/"]
    assert [alice.post(address, form).status_code for address in addresses] == [303, 303, 429, 429]


def test_a_room_has_a_limit_of_its_own(alice, bob, room, settings):
    settings.LIMIT_SEND_ROOM = "3/3600"
    assert send_many(alice, room, 2) + send_many(bob, room, 2) == [303, 303, 303, 429]


def test_rooms_created_per_person_are_limited(alice, settings):
    settings.LIMIT_CREATE_PERSON = "3/3600"
    answers = [alice.join(f"Room {n}", "Alice").status_code for n in range(5)]
    assert answers == [303] * 3 + [429] * 2


def test_rooms_created_on_the_whole_site_are_limited(person, settings):
    settings.LIMIT_CREATE_SITE = "10/3600"
    answers = [person().join(f"Room {n}", "A").status_code for n in range(15)]
    assert answers == [303] * 10 + [429] * 5
    assert Room.objects.count() == 10


def test_a_refused_room_does_not_count_towards_the_sites_limit(person, room, settings):
    settings.LIMIT_CREATE_SITE = "2/3600"
    for _ in range(5):
        assert person().join("Rеading club", "Eve").status_code == 422  # a look-alike, which creates no room
    assert person().join("Another", "Eve").status_code == 303


def test_joining_is_limited_by_address_and_by_person(person, alice, room, settings):
    settings.LIMIT_JOIN_ADDRESS = "2/3600"
    form = {"room": room.name}
    answers = [
        person().post("/join/", form | {"nickname": f"N{n}"}, REMOTE_ADDR="203.0.113.9").status_code for n in range(3)
    ]
    assert answers == [303, 303, 429]
    elsewhere = person().post("/join/", form | {"nickname": "N9"}, REMOTE_ADDR="203.0.113.10")
    assert elsewhere.status_code == 303


def test_limits_can_be_switched_off(alice, room, settings):
    settings.LIMITS, settings.LIMIT_SEND_PERSON = False, "1/3600"
    assert send_many(alice, room, 5) == [303] * 5


def test_a_limit_ends_with_its_window(monkeypatch):
    limit = Limit("TEST", 1, 60)
    monkeypatch.setattr("chat.limit_counters.time.time", lambda: 600.0)
    limit.spend("me")
    with pytest.raises(LimitExceeded) as exceeded:
        limit.spend("me")
    assert exceeded.value.wait == 60
    monkeypatch.setattr("chat.limit_counters.time.time", lambda: 660.0)
    limit.spend("me")


@pytest.mark.parametrize("setting", ["", "30", "0/60", "30/0", "x/y", "30/60/2", "-1/60"])
def test_an_invalid_limit_is_refused_at_the_start(settings, setting):
    settings.LIMIT_SEND_PERSON = setting
    (error,) = check_limits(None)
    assert "LIMIT_SEND_PERSON" in error.msg


# Where a request comes from


@pytest.mark.parametrize(
    ("peer", "network"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("127.0.0.1", ""),
        ("127.8.8.8", ""),
        ("::1", ""),
        ("::ffff:127.0.0.1", ""),
        ("", ""),
        ("unknown", "unknown"),
        ("fe80::1%eth0", "fe80::/64"),
    ],
)
def test_the_client_address_that_is_counted(rf, peer, network):
    assert client_ip.network_of(rf.get("/", REMOTE_ADDR=peer)) == network


@pytest.mark.parametrize(
    ("proxies", "forwarded", "network"),
    [
        (0, "198.51.100.7", "203.0.113.9"),
        (1, "198.51.100.7", "198.51.100.7"),
        (1, "6.6.6.6, 198.51.100.7", "198.51.100.7"),
        (2, "6.6.6.6, 198.51.100.7, 10.0.0.1", "198.51.100.7"),
        (1, "6.6.6.6, 198.51.100.7:5555", "198.51.100.7"),
        (1, "[2001:db8:1:2:3:4:5:6]", "2001:db8:1:2::/64"),
        (1, "[2001:db8:1:2:3:4:5:6]:5555", "2001:db8:1:2::/64"),
        (1, "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        (1, "[::ffff:198.51.100.7]:5555", "198.51.100.7"),
        (1, "127.0.0.1:5555", ""),
        (2, "198.51.100.7", "unknown"),
        (1, "", "unknown"),
        (1, "forged", "unknown"),
        (1, "198.51.100.7:port", "unknown"),
        (1, "[198.51.100.7", "unknown"),
        (1, "2001:db8::1]:5555", "unknown"),
    ],
)
def test_only_our_own_proxies_are_believed_from_the_right(rf, settings, proxies, forwarded, network):
    settings.TRUSTED_PROXIES = proxies
    request = rf.get("/", REMOTE_ADDR="203.0.113.9", headers={"X-Forwarded-For": forwarded})
    assert client_ip.network_of(request) == network


def test_the_gate_reads_the_same_address_as_django(rf, settings):
    settings.TRUSTED_PROXIES = 1
    environ = rf.get("/", headers={"X-Forwarded-For": "6.6.6.6, 2001:db8:1:2::7"}).META
    assert client_ip.network_of_environ(environ) == "2001:db8:1:2::/64"


@pytest.mark.parametrize(("proxies", "network"), [(0, "203.0.113.9"), (1, "")])
@pytest.mark.django_db
def test_the_gates_shares_are_settings(settings, proxies, network):
    from chat_app.asgi import make_gate  # imported here: the module reads the database

    settings.TRUSTED_PROXIES = proxies
    settings.MAX_HEADS_ADDRESS, settings.MAX_BODIES_ADDRESS = 11, 12
    settings.MAX_REFUSED_ADDRESS, settings.MAX_HELD_ADDRESS = 13, 14
    gate = make_gate()
    shares = gate.heads.share, gate.bodies.share, gate.refused.share, gate.hub.polls.max_per_address
    assert shares == (11, 12, 13, 14)
    assert gate.network_of_peer(("::ffff:203.0.113.9", 5000)) == network
    environ = {"REMOTE_ADDR": "10.0.0.1", "HTTP_X_FORWARDED_FOR": "198.51.100.7"}
    assert gate.network_of(environ) == ("198.51.100.7" if proxies else "10.0.0.1")


@pytest.mark.parametrize("name", ["MAX_HEADS_ADDRESS", "MAX_BODIES_ADDRESS", "MAX_REFUSED_ADDRESS", "MAX_HELD_ADDRESS"])
def test_a_share_of_nothing_is_refused_at_the_start(settings, name):
    setattr(settings, name, 0)
    assert [error.msg for error in check_minimums(None)] == [f"{name} is too low."]


def test_an_address_that_cannot_be_read_is_limited_and_logged_with_the_setting(alice, room, settings, caplog):
    settings.TRUSTED_PROXIES, settings.LIMIT_SEND_ADDRESS = 1, "1/3600"
    forwarded = ["1.2.3.4.5", "not an address", ""]
    sent = [alice.send(room, "x", n, headers={"X-Forwarded-For": value}) for n, value in enumerate(forwarded, 1)]
    assert [answer.status_code for answer in sent] == [303, 429, 429]
    assert "TRUSTED_PROXIES=1" in caplog.records[0].getMessage()
    assert "X-Forwarded-For" in caplog.records[0].getMessage()


def test_a_proxy_on_this_machine_that_is_not_counted_is_logged(rf, settings, caplog):
    settings.TRUSTED_PROXIES = 0
    client_ip.network_of(rf.get("/", REMOTE_ADDR="127.0.0.1"))
    assert caplog.records == []
    client_ip.network_of(rf.get("/", REMOTE_ADDR="127.0.0.1", headers={"X-Forwarded-For": "198.51.100.7"}))
    assert "TRUSTED_PROXIES=0" in caplog.records[0].getMessage()


def test_sending_is_limited_by_address(alice, room, settings):
    settings.LIMIT_SEND_ADDRESS = "1/3600"
    url, form = f"/rooms/{room.slug}/send/", {"page": "page-of-tests", "text": "x"}
    answers = [alice.post(url, form | {"n": n}, REMOTE_ADDR="203.0.113.9").status_code for n in (1, 2)]
    assert answers == [303, 429]


def test_a_form_in_the_frame_is_limited_like_any_other(alice, room, settings):
    settings.LIMIT_SEND_PERSON = "1/3600"
    assert [alice.send(room, "x", n=n, frame="1").status_code for n in (1, 2)] == [303, 429]
