"""A thousand names that look like one in the room, made by every trick that is known: all are refused."""

import itertools
import re
from pathlib import Path
from unicodedata import name as named

import pytest

from chat.forms.join import JoinForm
from chat.models import Participant
from chat_app.settings import BASE_DIR

PRESENT = ["Alice", "Bob Marley", "Paolo", "Xenia", "Coco", "Jonas", "Hope", "Yves", "Mike", "Tom Bones"]
LINES = Path(BASE_DIR / "chat/data/confusables.txt").read_text(encoding="utf-8").splitlines()
PAIRS = [line.split(";")[:2] for line in LINES if not line.startswith("#")]
DRAWN_ALIKE = [(chr(int(source, 16)), chr(int(target, 16))) for source, target in PAIRS if " " not in target.strip()]


def in_script(script):
    """For each Latin letter, the letters of that script which are drawn like it."""
    alike = {}
    for source, target in DRAWN_ALIKE:
        if named(source, "").startswith(script) and re.fullmatch("[A-Za-z]", target):
            alike.setdefault(target, []).append(source)
    return alike


def with_letters(script):
    """One letter of another script in place of one's own."""
    alike = in_script(script)
    return lambda name: [
        name[:at] + other + name[at + 1 :] for at, letter in enumerate(name) for other in alike.get(letter, ())
    ]


def with_inserted(*characters):
    """Something between two letters that is not seen, or hardly."""
    return lambda name: [name[:at] + c + name[at:] for at in range(1, len(name)) for c in characters]


def wide(name):
    letters = [chr(ord(c) + 0xFEE0) if c != " " else "\u3000" for c in name]
    return ["".join(letters), *(name[:at] + letters[at] + name[at + 1 :] for at in range(len(name)))]


def in_other_cases(name):
    one_by_one = (name[:at] + name[at].swapcase() + name[at + 1 :] for at in range(len(name)) if name[at] != " ")
    return [name.upper(), name.lower(), name.swapcase(), *one_by_one]


TRICKS = {
    "Cyrillic": with_letters("CYRILLIC"),
    "Greek": with_letters("GREEK"),
    "full width": wide,
    "zero width": with_inserted("\u200b", "\u200c", "\u200d", "\u2060", "\u00ad"),
    "combining": with_inserted("\u034f", "\u0332", "\u0336", "\u20dd"),
    "bidi": with_inserted("\u202e", "\u2066", "\u200f"),
    "case": in_other_cases,
    "spaces": with_inserted(" ", "\u00a0", "\u2009", "\u3000", "\u2800"),
}


def made(trick):
    return list(itertools.chain.from_iterable(map(TRICKS[trick], PRESENT)))


def test_a_thousand_are_made_and_some_by_each_trick():
    count = {trick: len(set(made(trick))) for trick in TRICKS}
    assert sum(count.values()) >= 1000, count
    assert min(count.values()) >= 20, count


@pytest.fixture
def full_room(room):
    for name in PRESENT:
        if name != "Alice":  # who has opened the room
            room.join(Participant.objects.create(), name)
    return room


def is_let_in(room, name):
    """Whether the form takes this name, and the room too."""
    form = JoinForm({"nickname": name}, door=room)
    return form.is_valid() and form.joins(Participant.objects.create())


@pytest.mark.parametrize("trick", TRICKS)
def test_none_of_them_comes_in_beside_the_one_it_looks_like(full_room, trick):
    assert [ascii(name) for name in made(trick) if is_let_in(full_room, name)] == []
    assert full_room.memberships.count() == len(PRESENT)


@pytest.mark.parametrize("trick", TRICKS)
def test_some_of_each_are_refused_by_the_page_too(person, full_room, settings, trick):
    settings.LIMITS = False
    some = made(trick)[:: max(1, len(made(trick)) // 4)]
    assert {person().join(full_room.name, name).status_code for name in some} == {422}
    assert full_room.memberships.count() == len(PRESENT)


def test_a_name_that_looks_like_nobodys_is_let_in(full_room):
    assert is_let_in(full_room, "Quentin")
