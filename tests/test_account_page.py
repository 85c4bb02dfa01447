"""The account page: what comes first, nicknames by name, and what a guest loses by signing out."""

import re

import pytest


@pytest.fixture
def account_holder(bob):
    """Bob, a guest who created an account."""
    bob.post("/account/create/", {"name": "Bob", "password": "a long walk home"})
    return bob


def words_of(page):
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def account_page(who, path=""):
    return who.get(f"/account/{path}").content.decode()


def headings(page):
    return re.findall(r"<h2[^>]*>([^<]+)</h2>", page)


def test_the_account_comes_first_and_its_deletion_last(account_holder):
    page = account_page(account_holder)
    order = ["Account", "Use another device", "Your nicknames", "Sign out", "Delete account"]
    assert [" ".join(heading.split()) for heading in headings(page)] == order


def test_a_guest_can_create_an_account_and_delete_none(bob):
    page = account_page(bob)
    assert 'href="/account/create/"' in page
    assert "/account/delete/" not in page


def test_rooms_are_grouped_by_nickname_the_most_used_first(bob, room):
    for name in ("Choir", "Allotments"):
        bob.join(name, "Bertie")
    words = words_of(account_page(bob))
    assert words.index("Bertie in 2 rooms") < words.index("Allotments") < words.index("Choir")
    assert words.index("Choir") < words.index("Bob in 1 room") < words.index(room.name)


def test_a_room_that_was_left_is_not_listed(bob, room):
    bob.membership.leave()
    assert "You’re not in any room." in words_of(account_page(bob))


def test_a_guest_reads_which_nicknames_are_lost_before_signing_out(bob):
    bob.join("Choir", "Bertie")
    page = account_page(bob)
    assert 'method="post" action="/account/sign-out/"' not in page
    assert 'href="/account/sign-out/"' in page
    words = words_of(account_page(bob, "sign-out/"))
    assert "You lose these nicknames: Bertie in 1 room Bob in 1 room" in words
    assert bob.get("/account/").context["participant"], "only shown, not done"
    assert bob.post("/account/sign-out/").headers["Location"] == "/"
    assert not bob.get("/account/").context["participant"]


def test_an_account_signs_out_at_once(account_holder):
    assert 'method="post" action="/account/sign-out/"' in account_page(account_holder)
    assert "You can sign in again" in account_page(account_holder, "sign-out/")
