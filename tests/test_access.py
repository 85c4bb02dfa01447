"""The access table: every address, for everybody, in every kind of room; a new address without a row fails."""

import re

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.urls import get_resolver

from chat.models import Invitation, Membership, Participant, PersonalLink
from tests.browsing import say

OUTSIDE = {"anonymous", "stranger", "staff", "left", "shown_out", "banned", "waiting"}
ROLES = [*sorted(OUTSIDE), "member", "muted", "moderator", "owner"]
KINDS = ["open", "unlisted", "private", "locked", "archived"]
NOBODY = {"anonymous", "staff"}
KEEPING = {"moderator", "owner"}


def always(status):
    return lambda role, kind: status


def door(role, kind):
    """The room for those inside, its door for all others, unless it is private; who waits is led to where they do."""
    if role == "waiting" and kind != "private":
        return 303
    return 404 if role in OUTSIDE and kind == "private" else 200


def inside(status, outside):
    """For those inside; others are sent away by `outside`, and learn nothing of a private room."""

    def expected(role, kind):
        if role in OUTSIDE:
            return 404 if kind == "private" else outside
        return status

    return expected


def keeping(status, outside, roles=KEEPING):
    def expected(role, kind):
        within = inside(status, outside)(role, kind)
        return within if role in OUTSIDE | roles else 403

    return expected


def polled(role, kind):
    return 286 if role in ("left", "shown_out", "banned", "waiting") else 200


def written(role, kind):
    """A message: nobody writes where it is locked."""
    if role in OUTSIDE:
        return 404 if kind == "private" else 403
    return 422 if kind in ("locked", "archived") or role == "muted" else 303


def joined(role, kind):
    """A name for somebody new is given; who is in already under another is told so."""
    if role in OUTSIDE and kind == "private":
        return 404
    return 303 if comes_in(role, kind) else 422


def comes_in(role, kind):
    return role in OUTSIDE - {"banned"} and kind != "archived"


def invited(role, kind):
    return 303 if role not in OUTSIDE or comes_in(role, kind) else 422


def called(role, kind):
    """Another name, which nobody takes in a room out of use."""
    return 422 if kind == "archived" and role not in OUTSIDE else inside(303, 403)(role, kind)


def before_the_door(status, others):
    """For who waits; those inside are led in."""

    def expected(role, kind):
        if role == "waiting" and kind != "private":
            return status
        return inside(303, others)(role, kind)

    return expected


def answered(role, kind):
    """Who waits is answered by those who keep the room; before a private one nobody waits."""
    return 404 if kind == "private" and role in KEEPING else keeping(303, 403)(role, kind)


def removed(role, kind):
    """A member is shown out by those who keep the room."""
    return keeping(303, 403)(role, kind)


elsewhere, not_so = always(303), always(405)
TABLE = {  # name: what GET answers, what POST answers
    "home": (always(200), not_so),
    "join": (elsewhere, always(303)),
    "my_rooms": (elsewhere, not_so),
    "preferences": (lambda role, kind: 303 if role in ("anonymous", "staff") else 200, elsewhere),
    "refresh": (elsewhere, elsewhere),
    "pause": (elsewhere, elsewhere),
    "favicon": (always(302), not_so),
    "rules": (always(404), not_so),
    "privacy": (always(404), not_so),
    "account": (always(200), not_so),
    "keep": (always(200), lambda role, kind: 303),
    "sign_in": (always(200), always(303)),
    "sign_out": (elsewhere, elsewhere),
    "sign_out_elsewhere": (elsewhere, elsewhere),
    "password": (always(404), always(404)),
    "email": (always(404), always(404)),
    "delete_account": (always(404), always(404)),
    "reset": (always(200), always(200)),
    "new_password": (always(404), always(404)),
    "make_personal_link": (elsewhere, lambda role, kind: 404 if role in NOBODY else 200),
    "revoke_personal_link": (elsewhere, lambda role, kind: 404 if role in NOBODY else 303),
    "continue": (always(200), always(303)),
    "room": (door, not_so),
    "join_here": (elsewhere, joined),
    "leave": (elsewhere, inside(303, 403)),
    "changes": (polled, not_so),
    "reader": (always(200), not_so),
    "superseded": (always(200), not_so),
    "send": (elsewhere, written),
    "typing": (elsewhere, inside(204, 403)),
    "toggle": (elsewhere, inside(200, 403)),
    "composer": (always(200), not_so),
    "fate": (always(200), not_so),
    "history": (inside(200, 303), not_so),
    "live": (inside(200, 403), not_so),
    "compose": (inside(200, 403), not_so),
    "nickname": (inside(200, 303), called),
    "members": (inside(200, 303), not_so),
    "role": (elsewhere, keeping(303, 403, {"owner"})),
    "remove_member": (elsewhere, removed),
    "mute": (elsewhere, removed),
    "ban": (elsewhere, removed),
    "unban": (elsewhere, removed),
    "answer": (elsewhere, answered),
    "write_to": (elsewhere, inside(303, 403)),
    "asked": (inside(303, 303), inside(303, 403)),
    "waiting": (before_the_door(200, 303), not_so),
    "stop_waiting": (elsewhere, before_the_door(303, 403)),
    "delete_room": (keeping(200, 303, {"owner"}), keeping(303, 403, {"owner"})),
    "room_settings": (keeping(200, 303), keeping(303, 403)),
    "invitations": (keeping(200, 303), keeping(200, 403)),
    "revoke": (elsewhere, keeping(303, 403)),
    "invitation": (lambda role, kind: 410 if role == "banned" else 200 if role in OUTSIDE else 303, invited),
    "message": (inside(200, 303), not_so),
}
FORMS = {
    "join": {"room": "Somewhere new", "nickname": "Zoe"},
    "join_here": {"nickname": "Zoe"},
    "send": {"n": 1, "page": "page-of-tests", "text": "hello"},
    "nickname": {"nickname": "Zoe"},
    "role": {"role": "moderator"},
    "room_settings": {"name": "Reading club", "topic": "Emma", "access": "open"},
    "invitations": {"most_uses": "1", "days": "7"},
    "invitation": {"nickname": "Zoe"},
    "delete_room": {"name": "Reading club"},
    "keep": {"name": "Zoe", "password": "a long walk home"},
    "sign_in": {"name": "Ursula", "password": "correct horse"},
    "reset": {"who": "Ursula"},
    "make_personal_link": {"hours": "1"},
    "answer": {"let_in": "1", "answer": "Welcome"},
    "preferences": {"time_zone": "", "poll_seconds": 2, "refresh_seconds": 5},
    "refresh": {"refresh_seconds": 5},
}
PATTERNS = {pattern.name: str(pattern.pattern) for pattern in get_resolver("chat.urls").url_patterns}


@pytest.fixture
def cast(person, alice, room):
    """Somebody in each role, and a member besides to act on."""
    those = ("left", "shown_out", "banned", "muted", "member", "moderator", "other")
    people = {role: person(room.name, f"One who is {role}") for role in those}
    people["left"].membership.leave()
    people["shown_out"].membership.remove()
    people["banned"].membership.ban()
    people["muted"].membership.set_muted(True)
    people["moderator"].membership.set_role("moderator")
    room.set_approval(True)
    people["waiting"] = person(room.name, "One who is waiting")
    people |= {"owner": alice, "anonymous": person(), "stranger": person("Elsewhere", "Mallory"), "staff": person()}
    people["staff"].force_login(User.objects.create_superuser("root", password="x"))
    return people


@pytest.fixture
def world(cast, room, settings):
    """A function that makes the room one of a kind, and gives the address that a route has in it."""
    (message,) = say(cast["owner"].membership, "hello")
    settings.LIMITS = False
    _link, personal = PersonalLink.objects.make(cast["other"].membership.participant, hours=1)
    Participant().keep_name("Ursula", "correct horse")
    invitation, key = Invitation.objects.make(cast["owner"].membership, days=1, most_uses=None)
    other, waiting, banned = (cast[role].membership.pk for role in ("other", "waiting", "banned"))

    def address(name, kind):
        room.set_locked(kind == "locked")
        room.set_archived(kind == "archived")
        room.set_access(kind if kind in ("unlisted", "private") else "open")
        if kind != "private":  # where those who wait are turned away
            Membership.objects.filter(pk=waiting).update(status="waiting")
        pks = {"message": message.pk, "revoke": invitation.pk, "answer": waiting, "unban": banned}
        pk = pks.get(name, other)
        known = {"slug": room.slug, "number": 2, "pk": pk, "uid": "MQ", "token": "x-y"}
        known["key"] = personal if name == "continue" else key
        return "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda match: str(known[match[1]]), PATTERNS[name])

    return address


def test_every_address_has_a_row():
    assert TABLE.keys() == PATTERNS.keys()


@pytest.mark.parametrize("name", TABLE)
def test_everybody_gets_what_the_table_says(name, cast, world):
    expected, seen = {}, {}
    for kind in KINDS:
        url = world(name, kind)
        for role in ROLES:
            for method, row in zip(("get", "post"), TABLE[name], strict=True):
                case = (kind, role, method)
                expected[case], seen[case] = row(role, kind), _asked(cast[role], method, url, FORMS.get(name))
    assert seen == expected


def _asked(who, method, url, form):
    """The status of the answer; what it wrote is undone."""
    cookies = who.cookies.output()
    with transaction.atomic():
        status = getattr(who, method)(url, form if method == "post" else None).status_code
        transaction.set_rollback(True)
    if who.cookies.output() != cookies:
        who.cookies.load(cookies)
        for name in [name for name in who.cookies if name + "=" not in cookies]:
            del who.cookies[name]
    return status


def test_a_room_is_closed_to_who_is_in_another(cast, room):
    """What is one's own elsewhere opens nothing here."""
    (message,) = say(cast["stranger"].membership, "elsewhere")
    assert cast["owner"].get(f"/messages/{message.pk}/").status_code == 303
    assert cast["stranger"].get(f"/rooms/{room.slug}/messages/").status_code == 303
