"""Which names are allowed, and what to tell people who choose another one."""

import re
from functools import cache
from itertools import groupby
from unicodedata import category, normalize

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from chat.names.confusables import prototypes, to_prototypes
from chat.names.normalize import (
    ACCENTS,
    MAX_KEY_LENGTH,
    UNSEEN,
    display_name,
    nickname_key,
    room_key,
    room_lookalike_key,
)

MAX_NAME_LENGTH = 64  # characters of a name as it is shown, and of a slug
MAX_MARKS = 4  # on top of each other; no living script needs more


# What turns or annotates the text around it, or carries a hidden one. Joiners and variation selectors do not:
# Persian and emoji are written with them.
DISTURBING = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u206f\ufeff\ufff9-\ufffc\U000e0000-\U000e007f"


# Reserved for emoji for good: telephones have the new ones years before Python's tables, which call them unassigned.
EMOJI = "\U0001f000-\U0001faff"
LOOSE_ACCENT = re.compile(f".[{ACCENTS}]")


# As they are drawn: “ and ” and " are two apostrophes.
QUOTATION_MARKS = re.compile("''|[„«»〝〞〟❝❞]")
GERSHAYIM = re.compile("(?<=[\u05d0-\u05ea])\u05f4(?=[\u05d0-\u05ea])")  # inside Hebrew words, where they belong
FORBIDDEN = re.compile(f"[{DISTURBING}]")


def validate_name(name):
    """Raise ValidationError, in words for the person who typed it, if the name cannot be used."""
    _refuse(name, REFUSALS)


def validate_nickname(name):
    """The same for the name of a person, with which a room's own lines begin."""
    _refuse(name, REFUSALS_OF_NICKNAMES)


def _refuse(name, refusals):
    for is_so, code, message in refusals:
        if is_so(name):
            raise ValidationError(message, code=code, params={"longest": MAX_NAME_LENGTH, "marks": MAX_MARKS})


def _is_long(name):
    return len(display_name(name)) > MAX_NAME_LENGTH


def _has_forbidden(name):
    return bool(FORBIDDEN.search(name)) or any(map(_is_forbidden, name))


def _is_forbidden(character):
    if category(character) == "Cn":
        return not re.match(f"[{EMOJI}]", character)
    return category(character) in {"Cc", "Cs", "Co", "Zl", "Zp"} and character not in "\t\n\v\f\r\x85"


def _is_blank(name):
    return not nickname_key(display_name(name))


def has_too_many_marks(name):
    runs = groupby(UNSEEN.sub("", display_name(name)), key=lambda character: category(character) in {"Mn", "Me"})
    return any(is_mark and len(list(run)) > MAX_MARKS for is_mark, run in runs)


def _has_false_accent(name):
    """A Cyrillic e with an accent looks like é, a c with a comma below like ç.

    Unicode has no such letters, so keys have a bare e and c there, and José would meet another José.
    """
    text = normalize("NFC", UNSEEN.sub("", display_name(name)))
    return any(to_prototypes(pair.casefold()) in _accented_letters() for pair in LOOSE_ACCENT.findall(text))


@cache
def _accented_letters():
    letters = map(chr, [*range(0xC0, 0x2000), *prototypes()])
    return {letter for letter in map(to_prototypes, letters) if len(letter) == 2}


def _has_quotation_marks(name):
    text = GERSHAYIM.sub("", normalize("NFKC", display_name(name)))
    return bool(QUOTATION_MARKS.search(text) or QUOTATION_MARKS.search(to_prototypes(text)))


def _is_long_unfolded(name):
    return any(len(unfolded(name)) > MAX_KEY_LENGTH for unfolded in (nickname_key, room_key, room_lookalike_key))


# In this order: all but the first may count on a short name.
REFUSALS = (
    (_is_long, "long", _("Please choose a shorter name: %(longest)d characters at most.")),
    (_has_forbidden, "forbidden", _("Please leave out control characters and the like: a name cannot show them.")),
    (_is_blank, "blank", _("Please write a name: at least one letter, number or sign that can be seen.")),
    (has_too_many_marks, "marks", _("Please put fewer marks on one letter: %(marks)d at most.")),
    (_has_false_accent, "accent", _("Please leave out the accents that do not belong to their letters.")),
    (_is_long_unfolded, "long", _("Please choose a shorter name: some of these characters count as many.")),
)


# The lines in which a room tells what happened put names between quotation marks, so that no name can go on as one.
REFUSALS_OF_NICKNAMES = (
    *REFUSALS,
    (_has_quotation_marks, "quotes", _("Please leave out the quotation marks: only the room puts them around names.")),
)
