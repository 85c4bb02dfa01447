"""The access table: the answer of every URL to every role in every kind of room; a new URL without a row fails."""

import re
from types import SimpleNamespace

import pytest
from django.contrib.auth.tokens import default_token_generator
from django.test import override_settings
from django.urls import get_resolver
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from chat.models import Invite, Membership, Participant, Room, SignInLink, Site, User
from tests.conftest import new_person
from tests.support.browsing import say
from tests.support.transactions import rolled_back

OUTSIDE = {"anonymous", "stranger", "account", "staff", "left", "shown_out", "banned", "waiting"}
ROLES = [*sorted(OUTSIDE), "member", "muted", "moderator", "owner"]
# In "other room", people have their role in one room and request the URL of another.
KINDS = ["open", "unlisted", "private", "locked", "archived", "other room"]
NOBODY = {"anonymous", "staff"}
KEEPING = {"moderator", "owner"}
SECRET = "a long walk home"
NOBODY_YET = {"anonymous", "lost", "staff"}
COMING_IN = {"join", "join_here", "invite"}  # ways to sign in a browser without a participant
BECOMING_ANOTHER = {"sign_in", "use_sign_in_link"}  # also possible for one with a participant


def always(status):
    return lambda role, kind: status


def signed_in(status, others=404):
    """For people with an account, in any room or none."""
    return lambda role, kind: status if role == "account" else others


def room_page(role, kind):
    """The room for members; the join page for others, but 404 if it is private; the waiting page for join requests."""
    if role == "waiting" and kind != "private":
        return 303
    return 404 if role in OUTSIDE and kind == "private" else 200


def inside(status, outside):
    """`status` for members, `outside` for others; a private room is a 404 for them."""

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


def inviting(role, kind):
    """Every member may share the room's link; a private room has none, so only moderators invite."""
    return keeping(200, 303)(role, kind) if kind == "private" else inside(200, 303)(role, kind)


def polled(role, kind):
    return 286 if role in ("left", "shown_out", "banned", "waiting") else 200


def written(role, kind):
    """A message, or a nickname change, which the room announces: neither is possible while it is locked."""
    if role in OUTSIDE:
        return 404 if kind == "private" else 403
    return 422 if kind in ("locked", "archived") or role == "muted" else 303


def joined(role, kind):
    """A new person joins; a current member with another nickname gets an error."""
    if role in OUTSIDE and kind == "private":
        return 404
    return 303 if comes_in(role, kind) else 422


def comes_in(role, kind):
    return role in OUTSIDE - {"shown_out", "banned"} and kind != "archived"


def invited(role, kind):
    return 303 if role not in OUTSIDE or comes_in(role, kind) else 422


def meant(role, kind):
    """A message's URL redirects others to the join page if the room is open; otherwise it is a 404."""
    outside = 404 if kind in ("unlisted", "private") else 303
    return outside if role in OUTSIDE else 200


def before_the_door(status, others):
    """`status` for people with a join request; members are redirected to the room."""

    def expected(role, kind):
        if role == "waiting" and kind != "private":
            return status
        return inside(303, others)(role, kind)

    return expected


def answered(role, kind):
    """Moderators answer join requests, which may be answered already. An archived room accepts none."""
    if role in KEEPING and kind == "archived":
        return 422
    return keeping(303, 403)(role, kind)


def removed(role, kind):
    """Moderators remove members."""
    return keeping(303, 403)(role, kind)


elsewhere, not_so = always(303), always(405)
TABLE = {  # URL name: the status of GET, the status of POST
    "home": (always(200), not_so),
    "join": (elsewhere, always(303)),
    "my_rooms": (elsewhere, not_so),
    "preferences": (lambda role, kind: 303 if role in ("anonymous", "staff") else 200, elsewhere),
    "refresh": (elsewhere, elsewhere),
    "pause": (elsewhere, elsewhere),
    "favicon": (always(302), not_so),
    "manifest": (always(200), not_so),
    "robots": (always(200), not_so),
    "health": (always(200), not_so),
    "rules": (always(200), not_so),
    "privacy": (always(200), not_so),
    "account": (always(200), not_so),
    "create_account": (signed_in(303, others=200), elsewhere),
    "sign_in": (always(200), always(303)),
    "sign_in_code": (elsewhere, elsewhere),
    "sign_out": (lambda role, kind: 303 if role in NOBODY else 200, elsewhere),
    "sign_out_elsewhere": (elsewhere, elsewhere),
    "two_factor": (signed_in(200), signed_in(422)),
    "remove_two_factor": (signed_in(303), signed_in(303)),
    "password": (signed_in(200), signed_in(303)),
    "email": (signed_in(200), signed_in(303)),
    "delete_account": (signed_in(200), signed_in(303)),
    "reset": (always(200), always(200)),
    "new_password": (always(200), elsewhere),
    "create_sign_in_link": (elsewhere, lambda role, kind: 404 if role in NOBODY else 200),
    "revoke_sign_in_link": (elsewhere, lambda role, kind: 404 if role in NOBODY else 303),
    "use_sign_in_link": (always(200), always(303)),
    "room": (room_page, not_so),
    "join_here": (elsewhere, joined),
    "leave": (inside(200, 303), inside(303, 403)),
    "changes": (polled, not_so),
    "reader": (always(200), not_so),
    "superseded": (always(200), not_so),
    "send": (elsewhere, written),
    "typing": (elsewhere, inside(204, 403)),
    "leftover": (elsewhere, inside(303, 403)),
    "toggle": (elsewhere, inside(200, 403)),
    "composer": (always(200), not_so),
    "send_status": (always(200), not_so),
    "discarded": (always(200), not_so),
    "history": (inside(200, 303), not_so),
    "live": (inside(200, 403), not_so),
    "compose": (inside(200, 403), not_so),
    "nickname": (inside(200, 303), written),
    "members": (inside(200, 303), not_so),
    "role": (elsewhere, keeping(303, 403, {"owner"})),
    "remove_member": (keeping(200, 303), removed),
    "mute": (elsewhere, removed),
    "ban": (keeping(200, 303), removed),
    "unban": (elsewhere, removed),
    "allow_rejoin": (elsewhere, removed),
    "answer_join_request": (elsewhere, answered),
    "message_member": (elsewhere, inside(303, 403)),
    "chat_request": (inside(303, 303), inside(303, 403)),
    "join_request": (before_the_door(200, 303), not_so),
    "cancel_join_request": (elsewhere, before_the_door(303, 403)),
    "lock_room": (elsewhere, keeping(303, 403)),
    "archive_room": (elsewhere, keeping(303, 403, {"owner"})),
    "delete_room": (keeping(200, 303, {"owner"}), keeping(303, 403, {"owner"})),
    "room_settings": (keeping(200, 303), keeping(303, 403)),
    "invites": (inviting, keeping(200, 403)),
    "revoke_invite": (elsewhere, keeping(303, 403)),
    "invite": (lambda role, kind: 410 if role in ("shown_out", "banned") else 200 if role in OUTSIDE else 303, invited),
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
    "sign_in_code": {"code": "000000"},
    "two_factor": {"password": SECRET, "code": "000000"},
    "password": {"old": SECRET, "new": "a longer walk home"},
    "email": {"email": "kim@example.org", "password": SECRET},
    "delete_account": {"password": SECRET},
    "new_password": {"password": "a longer walk home"},
    "reset": {"who": "Ursula"},
    "create_sign_in_link": {"hours": "1"},
    "answer_join_request": {"approve": "1", "answer": "Welcome"},
    "preferences": {"time_zone": "", "poll_seconds": 2, "refresh_seconds": 5},
    "refresh": {"refresh_seconds": 5},
}
PATTERNS = {pattern.name: str(pattern.pattern) for pattern in get_resolver("chat.urls").url_patterns}


IN_A_ROOM = [name for name, pattern in PATTERNS.items() if name in ("message", "invite") or "slug:slug" in pattern]
THINGS_OF_A_ROOM = [name for name, pattern in PATTERNS.items() if "slug:slug" in pattern and "<int:pk>" in pattern]


def the_cast():
    """A person in each role, and one more member to act on."""
    alice = new_person("Reading club", "Alice")
    room = alice.membership.room
    those = ("left", "shown_out", "banned", "muted", "member", "moderator", "other")
    people = {role: new_person(room.name, f"One who is {role}") for role in those}
    people["left"].membership.leave()
    people["shown_out"].membership.remove()
    people["banned"].membership.ban()
    people["muted"].membership.set_muted(True)
    people["moderator"].membership.set_role("moderator")
    room.set_approval(True)
    people["waiting"] = new_person(room.name, "One who is waiting")
    people |= {"owner": alice, "stranger": new_person("Elsewhere", "Mallory")}
    people |= {role: new_person() for role in ("anonymous", "account", "staff")}
    people["account"].post("/account/create/", {"name": "Kim", "password": SECRET})
    people["staff"].force_login(User.objects.create_superuser("root", password="x"))
    return people


def the_other_room():
    """The objects in a room that has none of the cast as members."""
    olga, those = new_person("Writing club", "Olga"), ("other", "banned", "waiting")
    others = {}
    for role in those:
        olga.membership.room.set_approval(role == "waiting")
        others[role] = new_person("Writing club", f"Another who is {role}").membership
    others["banned"].ban()
    return things(olga.membership, others["other"], others["waiting"], others["banned"])


def things(owner, other, waiting, banned):
    """Objects in a room by the name of the URL that acts on them; "pk" is for all other URLs."""
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


def outside_rooms(other):
    """What URLs outside rooms need, by their names."""
    Site.objects.update_or_create(pk=1, defaults={"rules": "Be kind.", "privacy": "Nothing is kept."})
    link, key = SignInLink.objects.issue(other.participant, hours=1)
    ursula = Participant().create_account("Ursula", SECRET).user
    mailed = {"uid": urlsafe_base64_encode(force_bytes(ursula.pk)), "token": default_token_generator.make_token(ursula)}
    return {"use_sign_in_link": {"key": key}, "revoke_sign_in_link": {"pk": link.pk}, "new_password": mailed}


@pytest.fixture(scope="module")
def shared_rows(module_db):
    """All that is below, created once for the tests of a module."""
    with module_db(), override_settings(LIMITS=False):
        cast = the_cast()
        here = things(*(cast[role].membership for role in ("owner", "other", "waiting", "banned")))
        return SimpleNamespace(
            cast=cast, here=here, other_room=the_other_room(), no_rooms=outside_rooms(cast["other"].membership)
        )


@pytest.fixture
def cast(shared_rows, db):
    """A person in each role, and one more member to act on, with browsers that only this test uses."""
    return {role: who.copy() for role, who in shared_rows.cast.items()}


@pytest.fixture
def here(shared_rows, db):
    return shared_rows.here | {"room": Room.objects.get(pk=shared_rows.here["room"].pk)}


@pytest.fixture
def other_room(shared_rows, db):
    """The objects in a room that has none of the cast as members."""
    return shared_rows.other_room | {"room": Room.objects.get(pk=shared_rows.other_room["room"].pk)}


@pytest.fixture
def world(shared_rows, here, other_room, settings):
    """A function that changes the room to this kind, and returns the URL of this name in it."""
    settings.LIMITS = False

    def address(name, kind, of=None):
        """`of`: the objects to act on, if they are not those of this room."""
        make(here, kind)
        there = other_room if kind == "other room" else here
        of = of or there
        known = {"slug": there["room"].slug, "number": 2, "pk": of.get(name, of["pk"]), "key": of["key"]}
        known |= shared_rows.no_rooms.get(name, {})
        return "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda match: str(known[match[1]]), PATTERNS[name])

    return address


def make(here, kind):
    """Change the room to this kind. A private room declines join requests, so they are opened again afterwards."""
    room = here["room"]
    room.set_locked(kind == "locked")
    room.set_archived(kind == "archived")
    room.set_access(kind if kind in ("unlisted", "private") else "open")
    if kind != "private":
        Membership.objects.filter(pk=here["answer_join_request"]).update(status="waiting")


def test_every_url_has_a_row():
    assert TABLE.keys() == PATTERNS.keys()


@pytest.mark.parametrize("name", TABLE)
def test_every_role_gets_the_status_in_the_table(name, cast, world):
    """And the session cookie is set where someone signs in or out, nowhere else."""
    expected, seen, got_a_cookie = {}, {}, set()
    for kind in KINDS if name in IN_A_ROOM else ["open"]:
        url = world(name, kind)
        for role in ROLES:
            for method, row in zip(("get", "post"), TABLE[name], strict=True):
                case = (kind, role, method)
                expected[case] = row(*in_that_room(role, kind))
                seen[case], cookies = asked(
                    cast[role], method, url, FORMS.get(name), lambda answer: set(answer.cookies)
                )
                if kind == "open" and "session" in cookies:
                    got_a_cookie.add((role, method))
    assert unlike(expected, seen) == {}
    methods = ("get", "post") if name == "two_factor" else ("post",)  # its session keeps the key for the app
    assert got_a_cookie == {(role, method) for role in who_gets_a_cookie(name, set(ROLES)) for method in methods}


def who_gets_a_cookie(name, everybody):
    """Roles that get a cookie: where a session gets a participant, ends, or gets a new key."""
    if name in COMING_IN:
        return everybody & NOBODY_YET
    if name == "use_sign_in_link":
        return everybody - {"other"}  # whose link it is
    if name == "sign_out":
        return everybody - {"anonymous"}
    if name == "sign_out_elsewhere":
        return everybody - NOBODY_YET
    if name == "create_account":
        return everybody - {"account"}  # they have an account already
    if name in ("password", "delete_account", "two_factor"):
        return everybody & {"account"}
    return everybody if name in BECOMING_ANOTHER else set()


def in_that_room(role, kind):
    """A person with a role in one room is a stranger in another, which is open."""
    if kind == "other room":
        return role if role in NOBODY else "stranger", "open"
    return role, kind


@pytest.mark.parametrize("name", THINGS_OF_A_ROOM)
def test_objects_of_another_room_are_a_404_and_stay_unchanged(name, cast, world, other_room):
    """The URL names the room of the cast, but an object of another room."""
    url = world(name, "open", of=other_room)
    expected, seen = {}, {}
    before = _states(other_room)
    for role in ROLES:
        status = TABLE[name][1](role, "open")
        expected[role] = (404 if status == 303 else status, before)
        seen[role] = asked(cast[role], "post", url, FORMS.get(name), lambda _answer: _states(other_room))
    assert unlike(expected, seen) == {}


def _states(things):
    """The room's memberships and invites, and the number of direct messages."""
    members = things["room"].memberships.order_by("pk").values_list("pk", "status", "role", "muted")
    invitations = things["room"].invites.order_by("pk").values_list("pk", "revoked_at")
    return [*members], [*invitations], Room.objects.exclude(dm_key=None).count()


def unlike(expected, seen):
    """The cases with another result than expected: the expected and the actual one."""
    return {case: (status, seen[case]) for case, status in expected.items() if seen[case] != status}


def asked(who, method, url, form, look=None):
    """The status of the response, and the result of `look` at it. All writes are rolled back."""
    cookies = who.cookies.output()
    with rolled_back():
        answer = getattr(who, method)(url, form if method == "post" else None)
        seen = look and look(answer)
    if who.cookies.output() != cookies:
        who.cookies.load(cookies)
        for name in [name for name in who.cookies if name + "=" not in cookies]:
            del who.cookies[name]
    return (answer.status_code, seen) if look else answer.status_code


@pytest.mark.parametrize("name", ["rules", "privacy"])
def test_pages_without_text_are_a_404(name, client, db):
    Site.objects.all().delete()
    assert client.get(f"/{name}/").status_code == 404
