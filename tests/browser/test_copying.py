"""What is copied from the log is what the reader sees: names, times and texts."""

import pytest

from chat.models import Participant, Room
from tests.support.browsing import say

SELECTED = """([first, last]) => {
  const range = document.createRange()
  range.setStart(document.getElementById(first), 0)
  range.setEnd(document.getElementById(last), document.getElementById(last).childNodes.length)
  getSelection().removeAllRanges()
  getSelection().addRange(range)
  return getSelection().toString()
}"""


@pytest.fixture
def alice(visitor):
    return visitor().enter()


def copied(alice, first, last):
    """The text of a selection from one message to another, as it is on the clipboard."""
    text = alice.page.evaluate(SELECTED, [f"m{first.pk}", f"m{last.pk}"])
    return text.split("\n")


def times(alice, *messages):
    return [alice.page.locator(f"#m{message.pk} time").last.text_content() for message in messages]


def test_several_messages_are_copied_as_they_look(alice):
    room = Room.objects.get()
    ben = room.join(Participant.objects.create(), "Ben")
    mia = room.join(Participant.objects.create(), "Mia")
    one, two = say(ben, "first of Ben", "second of Ben\nin two lines")
    (three,) = say(mia, "first of Mia")
    alice.reads("first of Mia")
    first, _second, third = times(alice, one, two, three)
    assert copied(alice, one, three) == [
        "Ben",
        first,
        "first of Ben",
        "second of Ben",
        "in two lines",
        "Mia",
        third,
        "first of Mia",
    ]


def test_a_removed_message_is_copied_without_hidden_text(alice):
    ben = Room.objects.get().join(Participant.objects.create(), "Ben")
    one, two = say(ben, "stays", "goes")
    alice.reads("goes")
    two.remove()
    alice.page.locator(f"#m{two.pk} .tombstone").wait_for()
    assert copied(alice, one, two) == ["Ben", *times(alice, one), "stays", "Message removed by a site admin."]


def test_the_first_message_of_a_list_is_copied_with_the_author_that_it_shows(alice):
    room = Room.objects.get()
    ben = room.join(Participant.objects.create(), "Ben")
    messages = say(ben, *map(str, range(60)))
    alice.page.reload()
    first = messages[10]
    assert copied(alice, first, messages[11]) == ["Ben", *times(alice, first), "10", "11"]


def test_a_selection_made_with_the_mouse_copies_the_same(alice):
    ben = Room.objects.get().join(Participant.objects.create(), "Ben")
    one, _two, three = say(ben, "one", "two", "three")
    alice.reads("three")
    start, end = (alice.page.locator(f"#m{message.pk} .body").bounding_box() for message in (one, three))
    alice.page.mouse.move(start["x"] + 1, start["y"] + start["height"] / 2)
    alice.page.mouse.down()
    alice.page.mouse.move(end["x"] + end["width"] - 1, end["y"] + end["height"] / 2, steps=5)
    alice.page.mouse.up()
    text = alice.page.evaluate("getSelection().toString()")
    assert text.split() == ["one", "two", "three"]


def test_the_first_new_message_is_copied_with_the_author_that_it_shows(alice, gate):
    room = Room.objects.get()
    ben = room.join(Participant.objects.create(), "Ben")
    say(ben, "was read")
    new, newer = say(ben, "is new", "is newer")
    alice.page.goto("about:blank")
    gate.hub.polls.reading.clear()
    mine = room.memberships.filter(nickname="Alice")
    mine.update(read_version=new.first_version - 1, read_message_count=room.message_count - 2)
    alice.page.goto(alice.server + room.get_absolute_url())
    assert copied(alice, new, newer) == ["Ben", *times(alice, new), "is new", "is newer"]
