"""A thousand names that imitate one of a member, made by every known trick: all are refused."""

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
    """The letters of a script that look like a Latin letter, by that letter."""
    alike = {}
    for source, target in DRAWN_ALIKE:
        if named(source, "").startswith(script) and re.fullmatch("[A-Za-z]", target):
            alike.setdefault(target, []).append(source)
    return alike


def with_letters(script):
    """Replace one letter by a look-alike from another script."""
    alike = in_script(script)
    return lambda name: [
        name[:at] + other + name[at + 1 :] for at, letter in enumerate(name) for other in alike.get(letter, ())
    ]


def with_inserted(*characters):
    """Insert a character that is invisible or hard to see between two letters."""
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


def imitations(trick):
    return list(itertools.chain.from_iterable(map(TRICKS[trick], PRESENT)))


def test_there_are_a_thousand_imitations_and_some_of_each_trick():
    count = {trick: len(set(imitations(trick))) for trick in TRICKS}
    assert sum(count.values()) >= 1000, count
    assert min(count.values()) >= 20, count


@pytest.fixture
def full_room(room):
    for name in PRESENT:
        if name != "Alice":  # she created the room
            room.join(Participant.objects.create(), name)
    return room


def can_join(room, name):
    """Whether the form accepts the name, and the room too."""
    form = JoinForm({"nickname": name}, target_room=room)
    return form.is_valid() and form.join(Participant.objects.create())


@pytest.mark.parametrize("trick", TRICKS)
def test_no_imitation_of_a_members_name_can_join(full_room, trick):
    assert [ascii(name) for name in imitations(trick) if can_join(full_room, name)] == []
    assert full_room.memberships.count() == len(PRESENT)


@pytest.mark.parametrize("trick", TRICKS)
def test_the_join_page_refuses_imitations(person, full_room, settings, trick):
    settings.LIMITS = False
    some = imitations(trick)[:: max(1, len(imitations(trick)) // 4)]
    assert {person().join(full_room.name, name).status_code for name in some} == {422}
    assert full_room.memberships.count() == len(PRESENT)


def test_a_name_that_imitates_none_can_join(full_room):
    assert can_join(full_room, "Quentin")
