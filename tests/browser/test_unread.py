"""The first unread message in a browser."""

import pytest
from playwright.sync_api import expect

from chat.models import Membership, Participant, Room
from tests.support.browsing import EITHER_WAY, say


@EITHER_WAY
def test_a_returning_member_follows_the_link_to_the_first_unread_message(visitor, javascript):
    alice, bob = visitor(javascript).enter(), visitor(javascript).enter(nickname="Bob")
    url = bob.page.url
    bob.page.get_by_role("link", name="All rooms").click()
    bob.page.wait_for_url(bob.server + "/")
    alice.send("while you were away")
    alice.reads("while you were away")
    say(Membership.objects.get(nickname="Alice"), "two", "three", "four")
    bob.page.reload()
    expect(bob.page.locator(".rooms .count")).to_contain_text("4 new")
    bob.page.goto(url)
    line = bob.log.locator("#messages li", has_text="while you were away")
    drawn = "line => getComputedStyle(line, '::before').content"
    expect(line).to_be_visible()
    assert line.evaluate(drawn) == '"New messages"'
    link = bob.page.get_by_role("link", name="4 new messages")
    if javascript:
        expect(link).to_have_count(0)
    else:
        link.click()
    expect(line).to_be_visible()


@pytest.fixture
def comes_back(visitor):
    """A function that lets Bob open the room again after others have sent these texts."""
    bob = visitor().enter(nickname="Bob")
    room = Room.objects.get()
    alice, mine = room.join(Participant.objects.create(), "Alice"), room.memberships.get(nickname="Bob")

    def come_back_to(*texts):
        bob.page.goto("about:blank")
        first = say(alice, *texts)[0]
        room.refresh_from_db()
        read = {"read_version": first.first_version - 1, "read_message_count": room.message_count - len(texts)}
        Membership.objects.filter(pk=mine.pk).update(**read)
        bob.page.goto(bob.server + room.get_absolute_url())
        bob.reads(texts[0])
        return bob, bob.page.get_by_role("link", name="new messages")

    return come_back_to


def test_no_link_leads_to_unread_messages_that_are_in_sight(comes_back):
    bob, _link = comes_back(*map(str, range(6)))
    expect(bob.log.locator(".unread-mark")).to_be_attached()
    expect(bob.page.locator(".unread")).to_have_count(0)


def test_the_link_to_unread_messages_goes_for_good_when_the_first_of_them_is_in_sight(comes_back):
    bob, link = comes_back("the first of them", *map(str, range(40)))
    expect(link).to_be_visible()
    log = bob.page.locator("#log")
    strip, first_line = link.bounding_box(), log.bounding_box()
    assert strip["y"] + strip["height"] <= first_line["y"], "it covers no text"
    bob.log.get_by_text("the first of them").scroll_into_view_if_needed()
    expect(link).to_have_count(0)
    log.evaluate("log => log.scrollTo(0, 0)")
    expect(link).to_have_count(0)


def test_the_link_to_unread_messages_hides_when_the_reader_posts(comes_back):
    bob, link = comes_back(*map(str, range(40)))
    expect(link).to_be_visible()
    bob.send("an answer")
    bob.reads("an answer")
    expect(link).to_be_hidden()


@EITHER_WAY
def test_the_first_unread_message_shows_its_author_even_if_it_continues_a_read_one(visitor, javascript, gate):
    bob = visitor(javascript).enter(nickname="Bob")
    room = Room.objects.get()
    alice = room.join(Participant.objects.create(), "Alice")
    say(alice, "was read")
    mine = room.memberships.get(nickname="Bob")
    news = say(alice, "is new", "is newer")
    bob.page.goto("about:blank")
    gate.hub.polls.reading.clear()
    Membership.objects.filter(pk=mine.pk).update(read_version=news[0].first_version - 1, read_message_count=1)
    bob.page.goto(bob.server + room.get_absolute_url())
    first, second = (bob.log.locator(f"#m{line.pk} .byline") for line in news)
    expect(first).to_have_css("position", "static")
    expect(second).to_have_css("position", "absolute")
