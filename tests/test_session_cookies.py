"""Which answers set cookies; the access table shows who of its roles gets a session cookie."""

import pytest

from tests.support.transactions import rolled_back
from tests.test_access import (  # noqa: F401 - fixtures
    FORMS,
    PATTERNS,
    ROLES,
    cast,
    here,
    other_room,
    shared_rows,
    who_gets_a_cookie,
    world,
)

LATE = {
    "changes",
    "live",
    "reader",
    "superseded",
    "composer",
    "send_status",
}  # requested in addition to a page, and possibly answered late


@pytest.fixture
def lost(person):
    """A browser whose session no longer exists."""
    lost = person()
    lost.cookies["session"] = "x" * 32
    return lost


def cookies_of(who, method, url, form):
    """The names of all cookies that this answer sets or deletes. Cookies and writes are undone."""
    before = who.cookies.output(header="", sep=";")
    with rolled_back():
        answer = getattr(who, method)(url, form if method == "post" else None)
    who.cookies.clear()
    who.cookies.load(before)
    return set(answer.cookies)


@pytest.fixture
def everybody(cast, lost):  # noqa: F811
    return cast | {"lost": lost}


@pytest.mark.parametrize("name", PATTERNS)
def test_only_signing_in_and_out_sets_the_session_cookie(name, everybody, world):  # noqa: F811
    """For those who are not in the access table: the other member, and a browser whose session is lost."""
    url, set_it = world(name, "open"), set()
    others = {role: who for role, who in everybody.items() if role not in ROLES}
    for role, who in others.items():
        for method in ("get", "post"):
            if "session" in cookies_of(who, method, url, FORMS.get(name)):
                set_it.add((role, method))
    assert set_it == {(role, "post") for role in who_gets_a_cookie(name, others.keys())}


@pytest.mark.parametrize("name", sorted(LATE))
def test_requests_sent_in_addition_to_a_page_set_no_cookie(name, everybody, world):  # noqa: F811
    """With any cookies, also with those that a page would renew or replace."""
    for role, who in everybody.items():
        who.cookies["csrf"] = "broken"
        if role not in ("lost", "anonymous"):
            session = who.session
            session["renewed"] = 0
            session.save()
        for kind in ("open", "private"):
            assert cookies_of(who, "get", world(name, kind), None) == set(), (role, kind)
