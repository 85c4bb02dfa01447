"""The access table: every address, for everybody, in every kind of room; a new address without a row fails."""

import re

import pytest
from django.contrib.auth.tokens import default_token_generator
from django.db import transaction
from django.urls import get_resolver
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from chat.models import Invite, Membership, Participant, Room, SignInLink, Site, User
from tests.support.browsing import say

OUTSIDE = {"anonymous", "stranger", "account", "staff", "left", "shown_out", "banned", "waiting"}
ROLES = [*sorted(OUTSIDE), "member", "muted", "moderator", "owner"]
# In "other room" one has a role, but not in the room of which one asks.
KINDS = ["open", "unlisted", "private", "locked", "archived", "other room"]
NOBODY = {"anonymous", "staff"}
KEEPING = {"moderator", "owner"}
SECRET = "a long walk home"


def always(status):
    return lambda role, kind: status


def signed_in(status, others=404):
    """For whoever has an account, in whichever room they are or are not."""
    return lambda role, kind: status if role == "account" else others


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
    """A message, or another name, of which the room tells: nobody does either where it is locked."""
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


def meant(role, kind):
    """A message by its number leads others to the door of an open room, and of no other."""
    outside = 404 if kind in ("unlisted", "private") else 303
    return outside if role in OUTSIDE else 200


def before_the_door(status, others):
    """For who waits; those inside are led in."""

    def expected(role, kind):
        if role == "waiting" and kind != "private":
            return status
        return inside(303, others)(role, kind)

    return expected


def answered(role, kind):
    """Who waits is answered by those who keep the room, or was answered already; into an archived one nobody comes."""
    if role in KEEPING and kind == "archived":
        return 422
    return keeping(303, 403)(role, kind)


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
    "rules": (always(200), not_so),
    "privacy": (always(200), not_so),
    "account": (always(200), not_so),
    "create_account": (signed_in(303, others=200), elsewhere),
    "sign_in": (always(200), always(303)),
    "sign_out": (elsewhere, elsewhere),
    "sign_out_elsewhere": (elsewhere, elsewhere),
    "password": (signed_in(200), signed_in(303)),
    "email": (signed_in(200), signed_in(303)),
    "delete_account": (signed_in(200), signed_in(303)),
    "reset": (always(200), always(200)),
    "new_password": (always(200), elsewhere),
    "create_sign_in_link": (elsewhere, lambda role, kind: 404 if role in NOBODY else 200),
    "revoke_sign_in_link": (elsewhere, lambda role, kind: 404 if role in NOBODY else 303),
    "use_sign_in_link": (always(200), always(303)),
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
    "send_status": (always(200), not_so),
    "history": (inside(200, 303), not_so),
    "live": (inside(200, 403), not_so),
    "compose": (inside(200, 403), not_so),
    "nickname": (inside(200, 303), written),
    "members": (inside(200, 303), not_so),
    "role": (elsewhere, keeping(303, 403, {"owner"})),
    "remove_member": (elsewhere, removed),
    "mute": (elsewhere, removed),
    "ban": (elsewhere, removed),
    "unban": (elsewhere, removed),
    "answer_join_request": (elsewhere, answered),
    "message_member": (elsewhere, inside(303, 403)),
    "chat_request": (inside(303, 303), inside(303, 403)),
    "join_request": (before_the_door(200, 303), not_so),
    "cancel_join_request": (elsewhere, before_the_door(303, 403)),
    "delete_room": (keeping(200, 303, {"owner"}), keeping(303, 403, {"owner"})),
    "room_settings": (keeping(200, 303), keeping(303, 403)),
    "invites": (keeping(200, 303), keeping(200, 403)),
    "revoke_invite": (elsewhere, keeping(303, 403)),
    "invite": (lambda role, kind: 410 if role == "banned" else 200 if role in OUTSIDE else 303, invited),
    "message": (meant, not_so),
}
FORMS = {
    "join": {"room": "Somewhere new", "nickname": "Zoe"},
    "join_here": {"nickname": "Zoe"},
    "send": {"n": 1, "page": "page-of-tests", "text": "hello"},
    "nickname": {"nickname": "Zoe"},
    "role": {"role": "moderator"},
    "room_settings": {"name": "Reading club", "topic": "Emma", "access": "open", "approval": "on"},
    "invites": {"max_uses": "1", "days": "7"},
    "invite": {"nickname": "Zoe"},
    "delete_room": {"name": "Reading club"},
    "create_account": {"name": "Zoe", "password": SECRET},
    "sign_in": {"name": "Ursula", "password": SECRET},
    "password": {"old": SECRET, "new": "a longer walk home"},
    "email": {"email": "kim@example.org", "password": SECRET},
    "delete_account": {"password": SECRET},
    "new_password": {"password": "a longer walk home"},
    "reset": {"who": "Ursula"},
    "create_sign_in_link": {"hours": "1"},
    "answer_join_request": {"let_in": "1", "answer": "Welcome"},
    "preferences": {"time_zone": "", "poll_seconds": 2, "refresh_seconds": 5},
    "refresh": {"refresh_seconds": 5},
}
PATTERNS = {pattern.name: str(pattern.pattern) for pattern in get_resolver("chat.urls").url_patterns}


IN_A_ROOM = [name for name, pattern in PATTERNS.items() if name in ("message", "invite") or "slug:slug" in pattern]
THINGS_OF_A_ROOM = [name for name, pattern in PATTERNS.items() if "slug:slug" in pattern and "<int:pk>" in pattern]


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
    people |= {"owner": alice, "stranger": person("Elsewhere", "Mallory")}
    people |= {role: person() for role in ("anonymous", "account", "staff")}
    people["account"].post("/account/keep/", {"name": "Kim", "password": SECRET})
    people["staff"].force_login(User.objects.create_superuser("root", password="x"))
    return people


@pytest.fixture
def here(cast):
    return things(*(cast[role].membership for role in ("owner", "other", "waiting", "banned")))


@pytest.fixture
def other_room(person):
    """What can be acted on in a room in which nobody of the cast is."""
    olga, those = person("Writing club", "Olga"), ("other", "banned", "waiting")
    others = {}
    for role in those:
        olga.membership.room.set_approval(role == "waiting")
        others[role] = person("Writing club", f"Another who is {role}").membership
    others["banned"].ban()
    return things(olga.membership, others["other"], others["waiting"], others["banned"])


def things(owner, other, waiting, banned):
    """What can be acted on in a room, by the names of the addresses that do; "pk" is what all others act on."""
    (message,) = say(owner, "hello")
    invitation, key = Invite.objects.issue(owner, days=1, max_uses=None)
    pks = {
        "message": message.pk,
        "revoke_invite": invitation.pk,
        "answer_join_request": waiting.pk,
        "unban": banned.pk,
        "pk": other.pk,
    }
    return pks | {"room": owner.room, "key": key}


@pytest.fixture
def world(cast, here, other_room, settings):
    """A function that makes the room one of a kind, and gives the address that a route has in it."""
    settings.LIMITS = False
    Site.objects.update_or_create(pk=1, defaults={"rules": "Be kind.", "privacy": "Nothing is kept."})
    link, key = SignInLink.objects.issue(cast["other"].membership.participant, hours=1)
    ursula = Participant().create_account("Ursula", SECRET).user
    mailed = {"uid": urlsafe_base64_encode(force_bytes(ursula.pk)), "token": default_token_generator.make_token(ursula)}
    no_rooms = {"use_sign_in_link": {"key": key}, "revoke_sign_in_link": {"pk": link.pk}, "new_password": mailed}

    def address(name, kind, of=None):
        """`of` are the things that are meant, if they are others than this room's."""
        make(here, kind)
        there = other_room if kind == "other room" else here
        of = of or there
        known = {"slug": there["room"].slug, "number": 2, "pk": of.get(name, of["pk"]), "key": of["key"]}
        known |= no_rooms.get(name, {})
        return "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda match: str(known[match[1]]), PATTERNS[name])

    return address


def make(here, kind):
    """Make the room one of that kind; those who wait, who are turned away where it becomes private, wait again."""
    room = here["room"]
    room.set_locked(kind == "locked")
    room.set_archived(kind == "archived")
    room.set_access(kind if kind in ("unlisted", "private") else "open")
    if kind != "private":
        Membership.objects.filter(pk=here["answer_join_request"]).update(status="waiting")


def test_every_address_has_a_row():
    assert TABLE.keys() == PATTERNS.keys()


@pytest.mark.parametrize("name", TABLE)
def test_everybody_gets_what_the_table_says(name, cast, world):
    expected, seen = {}, {}
    for kind in KINDS if name in IN_A_ROOM else ["open"]:
        url = world(name, kind)
        for role in ROLES:
            for method, row in zip(("get", "post"), TABLE[name], strict=True):
                case = (kind, role, method)
                expected[case] = row(*in_that_room(role, kind))
                seen[case] = asked(cast[role], method, url, FORMS.get(name))
    assert unlike(expected, seen) == {}


def in_that_room(role, kind):
    """Whoever has a role in one room is a stranger to another, which is open."""
    if kind == "other room":
        return role if role in NOBODY else "stranger", "open"
    return role, kind


@pytest.mark.parametrize("name", THINGS_OF_A_ROOM)
def test_what_is_another_rooms_is_not_there_and_stays_as_it_is(name, cast, world, other_room):
    """Asked for by the address of the room in which the cast has its roles."""
    url = world(name, "open", of=other_room)
    expected, seen = {}, {}
    before = _states(other_room)
    for role in ROLES:
        status = TABLE[name][1](role, "open")
        expected[role] = (404 if status == 303 else status, before)
        seen[role] = asked(cast[role], "post", url, FORMS.get(name), lambda: _states(other_room))
    assert unlike(expected, seen) == {}


def _states(things):
    """Who is what in that room, which of its invitations hold, and how many rooms of two there are."""
    members = things["room"].memberships.order_by("pk").values_list("pk", "status", "role", "muted")
    invitations = things["room"].invites.order_by("pk").values_list("pk", "revoked_at")
    return [*members], [*invitations], Room.objects.exclude(dm_key=None).count()


def unlike(expected, seen):
    """What was not as it should be: what was expected and what was seen, case by case."""
    return {case: (status, seen[case]) for case, status in expected.items() if seen[case] != status}


def asked(who, method, url, form, look=None):
    """The status of the answer, and what `look` sees after it; what it wrote is undone."""
    cookies = who.cookies.output()
    with transaction.atomic():
        status = getattr(who, method)(url, form if method == "post" else None).status_code
        seen = look and look()
        transaction.set_rollback(True)
    if who.cookies.output() != cookies:
        who.cookies.load(cookies)
        for name in [name for name in who.cookies if name + "=" not in cookies]:
            del who.cookies[name]
    return (status, seen) if look else status


@pytest.mark.parametrize("name", ["rules", "privacy"])
def test_what_the_operator_has_not_written_is_not_there(name, client, db):
    assert client.get(f"/{name}/").status_code == 404
