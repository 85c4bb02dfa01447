"""Wrong passwords: they slow down the ones who guess, but never the account's owner in a browser that is known."""

import pytest
from django.core.cache import caches
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from chat import limits
from chat.limit_counters import TryLimit
from chat.models import User
from tests.support.threads import together

SECRET = "a long walk home"


def sign_in(who, password=SECRET, name="Bob", address="198.51.100.1"):
    return who.post("/account/sign-in/", {"name": name, "password": password}, REMOTE_ADDR=address)


def guess(who, times, name="Bob", address="203.0.113.1"):
    return [sign_in(who, f"guess {n}", name, address).status_code for n in range(times)]


def to_admin(who, password=SECRET, name="root", address="198.51.100.1"):
    form = {"username": name, "password": password, "next": "/admin/"}
    return who.post("/admin/login/", form, REMOTE_ADDR=address)


@pytest.fixture
def owner(person):
    """Bob, who created his account in this browser, and signed out."""
    bob = person("Reading club", "Bob")
    assert bob.post("/account/create/", {"name": "Bob", "password": SECRET}).status_code == 303
    bob.post("/account/sign-out/")
    return bob


@pytest.fixture
def now(monkeypatch):
    """A clock for the limits that only the test moves."""

    class Clock:
        seconds = 1_800_000_000

        def time(self):
            return self.seconds

    clock = Clock()
    monkeypatch.setattr("chat.limit_counters.time", clock)
    monkeypatch.setattr("django.core.cache.backends.base.time", clock)
    monkeypatch.setattr("django.core.cache.backends.locmem.time", clock)
    return clock


def test_the_owner_signs_in_in_a_known_browser_while_ten_addresses_guess(owner, person):
    for number in range(10):
        guess(person(), 20, address=f"203.0.113.{number}")
    assert sign_in(owner).status_code == 303


def test_a_browser_that_is_not_known_is_slowed_per_name(owner, person):
    guesses = [status for number in range(10) for status in guess(person(), 3, address=f"203.0.113.{number}")]
    assert guesses == [422] * 10 + [429] * 20


def test_a_browser_that_is_not_known_is_slowed_per_address(person):
    names = [f"N{number}" for number in range(30)]
    tried = [sign_in(person(), "guess", name, "203.0.113.1").status_code for name in names]
    assert tried == [422] * 20 + [429] * 10


def test_a_browser_that_knows_another_account_is_not_known_to_this_one(owner, person):
    eve = person("Elsewhere", "Eve")
    eve.post("/account/create/", {"name": "Eve", "password": SECRET})
    guess(person(), 10, address="203.0.113.1")
    assert guess(eve, 1, address="203.0.113.2") == [429]
    assert sign_in(eve, "wrong", "Eve", "203.0.113.2").status_code == 422


def test_a_known_browser_has_a_limit_too(owner):
    assert guess(owner, 12) == [422] * 10 + [429] * 2


def test_an_open_session_is_never_concerned(person):
    bob = person("Reading club", "Bob")
    bob.post("/account/create/", {"name": "Bob", "password": SECRET})
    for number in range(10):
        guess(person(), 20, address=f"203.0.113.{number}")
    form = {"old": SECRET, "new": "a longer walk home"}
    assert bob.post("/account/password/", form, REMOTE_ADDR="203.0.113.1").status_code == 303


def test_a_few_addresses_cannot_use_up_the_limit_of_the_site(owner, person, settings):
    """Not even for people who sign in for the first time in a browser."""
    settings.LIMIT_SIGN_IN_SITE = "25/60"
    for number in range(6):
        for name in range(20):
            sign_in(person(), "guess", f"N{name}", f"203.0.113.{number}")
    assert sign_in(person(), address="198.51.100.77").status_code == 303


def test_the_sites_limit_holds_for_many_addresses(owner, person, settings):
    settings.LIMIT_SIGN_IN_SITE = "5/3600"
    tried = [sign_in(person(), "guess", f"N{number}", f"203.0.113.{number}").status_code for number in range(7)]
    assert tried == [422] * 5 + [429] * 2
    assert sign_in(owner).status_code == 303


def test_pauses_grow_to_an_hour_and_end(now, person):
    guesser, waits = person(), []
    assert guess(guesser, 10) == [422] * 10
    for _try in range(9):
        refused = sign_in(guesser, "guess", address="203.0.113.1")
        assert refused.status_code == 429
        waits.append(int(refused.headers["Retry-After"]))
        now.seconds += waits[-1]
        assert sign_in(guesser, "guess", address="203.0.113.1").status_code == 422
    assert waits == [60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]


def test_refused_tries_make_no_pause_longer(now, person):
    guesser = person()
    guess(guesser, 10)
    assert guess(guesser, 50) == [429] * 50
    now.seconds += 60
    assert guess(guesser, 1) == [422]


def test_tries_that_come_at_the_same_time_are_counted_one_by_one():
    limit, outcomes = TryLimit("TRIES", 5, 600), []

    def use():
        try:
            outcomes.append(limit.spend("me"))
        except limits.LimitExceeded as exceeded:
            outcomes.append(exceeded)

    together([use] * 12)
    assert outcomes.count(None) == 5


def test_the_page_keeps_the_name_and_never_the_password(owner, person):
    guess(person(), 10)
    page = sign_in(person(), "not-to-be-shown", name="BOB")
    text = page.content.decode()
    assert page.status_code == 429
    assert 'value="BOB"' in text
    assert "not-to-be-shown" not in text
    assert "Your account isn’t locked. Try again in 60 seconds." in text
    assert page.headers["Retry-After"] == "60"


def test_a_refusal_writes_nothing_to_the_database(owner, person):
    guess(person(), 10)
    with CaptureQueriesContext(connection) as queries:
        assert sign_in(person()).status_code == 429
    assert [query["sql"] for query in queries if not query["sql"].startswith("SELECT")] == []


def test_right_passwords_do_not_count_for_a_name_or_an_address(owner, person):
    """A class of 30 behind one address signs in."""
    assert {sign_in(person()).status_code for _pupil in range(30)} == {303}


def test_a_right_password_leaves_the_tries_of_others_as_they_were(owner, person, now):
    assert sign_in(person()).status_code == 303
    assert guess(person(), 11) == [422] * 10 + [429]


def test_guessing_in_between_right_passwords_does_not_help(owner, person):
    eve = person("Elsewhere", "Eve")
    eve.post("/account/create/", {"name": "Eve", "password": SECRET})
    eve.cookies.clear()
    guesses = []
    for number in range(30):
        guesses.append(sign_in(person(), "guess", f"N{number}", "203.0.113.1").status_code)
        sign_in(person(), SECRET, "Eve", "203.0.113.1")
    assert guesses == [422] * 20 + [429] * 10


# The admin


def test_the_admin_counts_by_name_like_the_public_page(db, person):
    User.objects.create_superuser("root", password=SECRET)
    tried = [to_admin(person(), f"guess {n}", address=f"203.0.113.{n}").status_code for n in range(12)]
    assert tried == [200] * 10 + [429] * 2
    assert sign_in(person(), name="ROOT", address="203.0.113.99").status_code == 429, "the same tries"


def test_staff_sign_in_to_the_admin_in_a_known_browser_while_others_guess(db, person):
    User.objects.create_superuser("root", password=SECRET)
    root = Client()
    assert to_admin(root).status_code == 302
    root.post("/admin/logout/")
    for number in range(10):
        guess(person(), 20, "root", f"203.0.113.{number}")
    assert to_admin(person(), address="198.51.100.2").status_code == 429
    assert to_admin(root).status_code == 302


# The cookie


def test_the_cookie_of_a_known_browser_is_private_and_lasts_a_year(owner, settings):
    cookie = sign_in(owner).cookies["browser"]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/")
    assert cookie["max-age"] == 365 * 24 * 3600
    assert "Bob" not in cookie.value
    settings.SESSION_COOKIE_SECURE, settings.SESSION_COOKIE_PATH = True, "/chat/"
    cookie = sign_in(owner).cookies["browser"]
    assert (cookie["secure"], cookie["path"]) == (True, "/chat/"), "like the session's"


def test_a_wrong_password_sets_no_cookie(owner, person):
    assert "browser" not in sign_in(person(), "wrong").cookies


@pytest.mark.parametrize("value", ["x", "a.b:1:x", "é", ":::"])
def test_a_forged_cookie_is_ignored(owner, person, value):
    guess(person(), 10)
    eve = person()
    eve.cookies["browser"] = value
    assert sign_in(eve).status_code == 429


def test_a_browser_stays_known_to_several_accounts(person):
    shared = person()
    for number in range(7):
        shared.post("/account/create/", {"name": f"N{number}", "password": SECRET})
        shared.post("/account/sign-out/")
    for number in range(7):
        guess(person(), 10, f"N{number}", f"203.0.113.{number}")
    latest = [sign_in(shared, "wrong", f"N{number}", "203.0.113.99").status_code for number in range(7)]
    assert latest == [429, 429, 422, 422, 422, 422, 422]


def test_an_account_makes_few_new_browsers_known_in_a_day(owner, person, settings):
    settings.LIMIT_KNOWN_BROWSER_NAME = "2/86400"
    caches["limits"].clear()
    answers = [sign_in(person()) for _browser in range(3)]
    assert [answer.status_code for answer in answers] == [303] * 3
    assert ["browser" in answer.cookies for answer in answers] == [True, True, False]
    assert "browser" in sign_in(owner).cookies, "it is renewed"
