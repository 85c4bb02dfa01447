"""The access table of direct messages: every URL of a room, for each answer to the chat request, and for strangers."""

import re

import pytest
from django.test import override_settings

from chat.models import Message
from chat.models.direct_message import open_direct_message
from tests.conftest import new_person
from tests.support.browsing import say
from tests.test_access import FORMS, IN_A_ROOM, PATTERNS, asked, unlike

# People who declined or left see no more of the room than a stranger. People who ignored the request can still accept.
ROLES = {"anonymous": 0, "stranger": 0, "declined": 1, "left": 1, "asked": 2, "ignored": 2, "asking": 3, "accepted": 3}
ANSWERS = {
    "declined": ["decline_chat"],
    "ignored": ["ignore_chat"],
    "accepted": ["accept_chat"],
    "left": ["accept_chat", "leave"],
}

elsewhere, not_so, shared = [303] * 4, [405] * 4, [200] * 4
looked_at, framed, nobodys, refused = (
    [404, 404, 303, 200],
    [404, 404, 403, 200],
    [404, 404, 303, 403],
    [404, 404, 403, 403],
)


def sent(status):
    """The statuses of a form that only members can send."""
    return [404, 404, 403, status]


TABLE = {  # URL name: statuses of GET for strangers, after declining or leaving, with a request, for members; then POST
    "room": (looked_at, not_so),
    "join_here": (elsewhere, [404, 404, 404, 422]),
    "leave": (looked_at, sent(303)),
    "changes": ([200, 286, 286, 200], not_so),
    "reader": (shared, not_so),
    "superseded": (shared, not_so),
    "send": (elsewhere, sent(303)),
    "typing": (elsewhere, sent(204)),
    "leftover": (elsewhere, sent(303)),
    "toggle": (elsewhere, sent(200)),
    "composer": (shared, not_so),
    "send_status": (shared, not_so),
    "discarded": (shared, not_so),
    "history": (looked_at, not_so),
    "live": (framed, not_so),
    "compose": (framed, not_so),
    "nickname": (looked_at, sent(303)),
    "members": (looked_at, not_so),
    "role": (elsewhere, refused),
    "remove_member": (nobodys, refused),
    "mute": (elsewhere, refused),
    "ban": (nobodys, refused),
    "unban": (elsewhere, refused),
    "allow_rejoin": (elsewhere, refused),
    "answer_join_request": (elsewhere, refused),
    "message_member": (elsewhere, refused),
    "chat_request": ([404, 404, 200, 303], [404, 404, 303, 303]),
    "join_request": ([404, 404, 404, 303], not_so),
    "cancel_join_request": (elsewhere, [404, 404, 404, 303]),
    "room_settings": (nobodys, refused),
    "lock_room": (elsewhere, refused),
    "archive_room": (elsewhere, refused),
    "delete_room": (nobodys, refused),
    "invites": (nobodys, refused),
    "revoke_invite": (elsewhere, refused),
    "message": ([404, 404, 404, 200], not_so),
}


FORMS_HERE = FORMS | {"chat_request": {"answer": "accept"}}


@pytest.fixture(scope="module")
def shared_rows(module_db):
    """The cast and Alice, created once for the tests of the module."""
    with module_db(), override_settings(LIMITS=False):
        hers = new_person("Reading club", "Alice").membership
        return the_cast(hers), hers.participant_id


def the_cast(hers):
    cast = {}
    for role in [*ANSWERS, "asked", "asking"]:
        who = new_person(hers.room.name, f"One who is {role}")
        mine = who.membership
        first = open_direct_message(mine, hers) if role == "asking" else open_direct_message(hers, mine)
        (message,) = say(first, "between us")
        for verb in ANSWERS.get(role, []):
            getattr(first.other_member, verb)()
        cast[role] = who, message
    return cast | {"anonymous": (new_person(), message), "stranger": (new_person("Elsewhere", "Mallory"), message)}


@pytest.fixture
def cast(shared_rows, db):
    """A person in each role, and a message in their direct message with Alice. She started all but one of them."""
    return {
        role: (who.copy(), Message.objects.select_related("room").get(pk=message.pk))
        for role, (who, message) in shared_rows[0].items()
    }


@pytest.fixture
def address(cast, shared_rows, settings):
    """A function that returns the URL of this name for a person in this role."""
    settings.LIMITS = False

    def address(name, role):
        message = cast[role][1]
        hers = message.room.memberships.get(participant=shared_rows[1])
        known = {"slug": message.room.slug, "number": 2, "pk": message.pk if name == "message" else hers.pk}
        return "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda match: str(known[match[1]]), PATTERNS[name])

    return address


def test_every_url_has_a_row():
    assert TABLE.keys() == set(IN_A_ROOM) - {"invite"}


@pytest.mark.parametrize("name", TABLE)
def test_every_role_gets_the_status_in_the_table(name, cast, address):
    expected, seen = {}, {}
    for role, column in ROLES.items():
        for method, row in zip(("get", "post"), TABLE[name], strict=True):
            expected[role, method] = row[column]
            seen[role, method] = asked(cast[role][0], method, address(name, role), FORMS_HERE.get(name))
    assert unlike(expected, seen) == {}
