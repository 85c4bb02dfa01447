"""The rules for names, each with the error message for names that break it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache
from itertools import groupby
from typing import TYPE_CHECKING
from unicodedata import category, normalize

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from chat.names.confusables import prototypes, to_prototypes
from chat.names.normalize import (
    ACCENTS,
    INVISIBLE_RUN,
    MAX_KEY_LENGTH,
    display_name,
    nickname_key,
    room_key,
    room_lookalike_key,
)

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise

    Rule = tuple[Callable[[str], bool], str, _StrOrPromise]  # whether a name breaks it, its code, the message

MAX_NAME_LENGTH = 64  # characters of a displayed name, and of a slug
MAX_STACKED_MARKS = 4  # combining marks on one letter; no living script needs more


# Format characters that change the direction of the text around them, annotate it, or carry hidden text. Joiners and
# variation selectors are allowed: Persian and emoji are written with them.
FORMAT_CHARACTERS = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u206f\ufeff\ufff9-\ufffc\U000e0000-\U000e007f"


# Unicode's range for emoji. Phones have new emoji years before Python's tables, which call them unassigned.
EMOJI = "\U0001f000-\U0001faff"
ACCENTED_PAIR = re.compile(f".[{ACCENTS}]")


# Two apostrophes are what “ and ” and " become when they are replaced by their prototypes (UTS 39).
QUOTATION_MARKS = re.compile("''|[„«»〝〞〟❝❞]")
GERSHAYIM = re.compile("(?<=[\u05d0-\u05ea])\u05f4(?=[\u05d0-\u05ea])")  # allowed inside a Hebrew word
FORBIDDEN = re.compile(f"[{FORMAT_CHARACTERS}]")


def validate_name(name: str) -> None:
    """Raise ValidationError, with a message for the user, if the name breaks a rule."""
    _check(name, RULES)


def validate_nickname(name: str) -> None:
    """Like `validate_name`; also refuses quotation marks, because system messages put them around nicknames."""
    _check(name, NICKNAME_RULES)


def _check(name: str, rules: Iterable[Rule]) -> None:
    for is_broken, code, message in rules:
        if is_broken(name):
            raise ValidationError(message, code=code, params={"longest": MAX_NAME_LENGTH, "marks": MAX_STACKED_MARKS})


def _is_long(name: str) -> bool:
    return len(display_name(name)) > MAX_NAME_LENGTH


def _has_forbidden(name: str) -> bool:
    return bool(FORBIDDEN.search(name)) or any(map(_is_forbidden, name))


def _is_forbidden(character: str) -> bool:
    """Whether it is unassigned, a control, a surrogate, private use, or a line or paragraph separator.

    Emoji and the white space among the controls (tabs, line ends) are allowed.
    """
    if category(character) == "Cn":
        return not re.match(f"[{EMOJI}]", character)
    return category(character) in {"Cc", "Cs", "Co", "Zl", "Zp"} and character not in "\t\n\v\f\r\x85"


def _is_blank(name: str) -> bool:
    return not nickname_key(display_name(name))


def has_too_many_marks(name: str) -> bool:
    """Whether any letter has more than MAX_STACKED_MARKS combining marks, which would cover the lines around it."""
    runs = groupby(INVISIBLE_RUN.sub("", display_name(name)), key=lambda character: category(character) in {"Mn", "Me"})
    return any(is_mark and len(list(run)) > MAX_STACKED_MARKS for is_mark, run in runs)


def _has_imitated_accent(name: str) -> bool:
    """Return whether a letter with a combining accent imitates an accented one, as a Cyrillic e with ´ imitates é.

    Unicode has no single character for such a pair, so the nickname key would ignore the accent: an imitated `José`
    would get the key of `Jose` instead of `José`.
    """
    text = normalize("NFC", INVISIBLE_RUN.sub("", display_name(name)))
    return any(to_prototypes(pair.casefold()) in _accented_letters() for pair in ACCENTED_PAIR.findall(text))


@cache
def _accented_letters() -> set[str]:
    """All prototypes (UTS 39) of two characters: most are a letter and an accent, some are not, such as `nj`."""
    letters = map(chr, [*range(0xC0, 0x2000), *prototypes()])
    return {letter for letter in map(to_prototypes, letters) if len(letter) == 2}


def _has_quotation_marks(name: str) -> bool:
    text = GERSHAYIM.sub("", normalize("NFKC", display_name(name)))
    return bool(QUOTATION_MARKS.search(text) or QUOTATION_MARKS.search(to_prototypes(text)))


def _has_long_key(name: str) -> bool:
    return any(len(make_key(name)) > MAX_KEY_LENGTH for make_key in (nickname_key, room_key, room_lookalike_key))


# Checked in this order. The length comes first, because the other rules take long for long names.
RULES = (
    (_is_long, "long", _("Choose a shorter name. The limit is %(longest)d characters.")),
    (_has_forbidden, "forbidden", _("Remove the invisible characters. A name can’t show them.")),
    (_is_blank, "blank", _("Enter a name with at least one visible character.")),
    (has_too_many_marks, "marks", _("Too many accents on one letter. The limit is %(marks)d.")),
    (_has_imitated_accent, "accent", _("Remove the accents that don’t belong to their letters.")),
    (_has_long_key, "long", _("Choose a shorter name. Some of these characters count as several.")),
)


# System messages put nicknames between quotation marks, so that a nickname cannot pass for the rest of the message.
NICKNAME_RULES = (
    *RULES,
    (_has_quotation_marks, "quotes", _("Remove the quotation marks. Names can’t have them.")),
)
