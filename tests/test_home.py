"""The home page: for new people a form and the open rooms, for others their own rooms first."""

import re
from datetime import timedelta

import pytest
from django.db.models import F

from chat.models import Room, Site
from chat.models.previews import VERSIONS_BACK
from tests.support.browsing import say

REMOVED = "Buy watches"


@pytest.fixture
def chess(alice, bob):
    """A second room of Alice and Bob, used after the reading club."""
    alice.join("Chess", "Alice")
    bob.join("Chess", "Bob")
    return Room.objects.by_name("Chess")


def home(who):
    return who.get("/").content.decode()


def rows(who):
    """The text of each room in Alice's own list, by the room's name."""
    section = re.search(r'<section class="own-rooms".*?</section>', home(who), re.S)[0]
    links = [re.sub(r"<[^>]+>", " ", link) for link in re.findall(r"<a .*?</a>", section, re.S)]
    return [" ".join(link.split()) for link in links][1:]


def line_of(who, name):
    (line,) = re.findall(rf">{name}</bdi>.*?class=\"(?:preview|topic)\"[^>]*>(.*?)</span>", home(who), re.S)
    return " ".join(re.sub(r"<[^>]+>", "", line).split())


def test_rooms_with_unread_messages_come_first(alice, bob, room, chess):
    assert [row.split()[0] for row in rows(alice)] == ["Chess", "Reading"]
    say(room.memberships.get(nickname="Bob"), "Hello", "Anyone?")
    say(chess.memberships.get(nickname="Alice"), "Check")
    first, second = rows(alice)
    assert "Reading club" in first
    assert "2 new" in first
    assert "Chess" in second
    assert " new" not in second


def test_a_changed_setting_is_no_activity(alice, bob, room, chess):
    Room.objects.update(active_at=F("active_at") - timedelta(days=1))
    room.set_topic("Chapter two")
    room.lock()
    room.memberships.get(nickname="Bob").leave()
    assert [row.split()[0] for row in rows(alice)] == ["Chess", "Reading"]
    assert "Yesterday" in rows(alice)[1]
    room.unlock()
    bob.join("Reading club", "Bob")
    assert [row.split()[0] for row in rows(alice)] == ["Reading", "Chess"]
    assert "Yesterday" not in rows(alice)[0]


def test_each_room_shows_its_last_message_in_one_line(alice, bob, room):
    room.set_topic("Chapter two")
    assert line_of(alice, "Reading club") == "Chapter two", "as long as there is no message"
    say(room.memberships.get(nickname="Bob"), "<b>Hello\n\n  everyone</b>")
    assert line_of(alice, "Reading club") == "Bob: &lt;b&gt;Hello everyone&lt;/b&gt;"
    assert line_of(bob, "Reading club") == "You: &lt;b&gt;Hello everyone&lt;/b&gt;"
    say(room.memberships.get(nickname="Bob"), "x" * 4000)
    assert line_of(alice, "Reading club") == f"Bob: {'x' * 159}…"


def test_a_removed_message_is_not_shown_there(alice, bob, room):
    member = room.memberships.get(nickname="Bob")
    say(member, "Hello")
    say(member, REMOVED)[0].remove()
    assert REMOVED not in home(alice)
    assert line_of(alice, "Reading club") == "Bob: Hello"


def test_the_last_message_is_found_behind_a_limited_number_of_system_messages(alice, bob, room):
    say(room.memberships.get(nickname="Bob"), "Hello")
    room.set_topic("Chapter two")
    assert line_of(alice, "Reading club") == "Bob: Hello"
    Room.objects.filter(pk=room.pk).update(version=room.messages.last().version + VERSIONS_BACK)
    assert line_of(alice, "Reading club") == "Chapter two"


def test_only_members_see_the_last_message(alice, bob, room, mallory, person):
    say(room.memberships.get(nickname="Bob"), "Just for us")
    for who in (mallory, person()):
        assert "Reading club" in home(who)
        assert "Just for us" not in home(who)


def test_archived_rooms_are_folded_and_have_no_unread_count(alice, bob, room, chess):
    say(room.memberships.get(nickname="Bob"), "Good bye")
    room.set_archived(True)
    folded = re.search(r"<details>.*?</details>", home(alice), re.S)[0]
    assert "1 archived room" in folded
    assert "Reading club" in folded
    assert "new" not in folded
    assert [row.split()[0] for row in rows(alice)] == ["Chess", "Reading"]


def test_many_own_rooms_take_a_constant_number_of_queries(alice, room, mallory, django_assert_num_queries):
    me = alice.membership.participant
    for n in range(20):
        say(me.enter("Alice", room=f"Room {n}"), "Hello")
    # The session, the person, their last nickname, their rooms, the messages, the chat requests, the site; the number
    # of open rooms, and one page of them.
    with django_assert_num_queries(9):
        page = home(alice)
    assert page.count("You: Hello") == 20


def test_a_new_person_starts_in_the_form_and_others_see_their_rooms_first(alice, person):
    new, returning = home(person()), home(alice)
    assert re.search(r'<input id="id_room"[^>]* autofocus', new)
    assert new.index('id="id_room"') < new.index("Open rooms")
    assert "autofocus" not in returning
    assert returning.index("Your rooms") < returning.index('id="id_room"') < returning.index("Open rooms")
    assert '<a href="#id_room">' in returning
    refused = alice.join("", "Alice").content.decode()
    assert re.search(r'<input id="id_room"[^>]* autofocus', refused)


def test_there_is_no_link_to_a_form_that_needs_an_account(alice, settings):
    settings.ACCOUNTS = "required"
    assert 'href="#id_room"' not in home(alice)
    assert "Your rooms" in home(alice)


def test_a_new_person_learns_what_is_special_and_what_to_type(alice, person):
    page = home(person())
    assert "<p>Chat in any browser, without an account or an app.</p>" in page
    assert "A name you and your friends agree on." in page
    assert 'aria-describedby="id_room_helptext"' in page
    assert "Chat in any browser" not in home(alice).partition("<body")[2], "who has rooms knows it"


def test_the_sites_own_welcome_is_shown_to_everyone(alice, person):
    Site.objects.create(name="Club", welcome="Come in.")
    for who in (alice, person()):
        assert "<p>Come in.</p>" in home(who)
        assert "Chat in any browser" not in home(who)
