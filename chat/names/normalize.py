"""Names: the form in which they are displayed, and keys that are equal for names that count as the same."""

import re
from collections.abc import Callable
from functools import cache
from unicodedata import normalize

from chat.names.confusables import ACCENT_BLOCKS, prototypes, to_prototypes

MAX_KEY_LENGTH = 256  # characters; 64 Hangul syllables need about 200, and U+FDFA alone expands to 15
MAX_LENGTH_TO_COMPOSE = 1000  # characters; NFC takes quadratic time in the number of accents on one letter


# Characters that show nothing: Default_Ignorable_Code_Point and category Cf of Unicode 17 (newer than the tables of
# some Python versions), and the Hangul fillers, the blank Braille pattern and the null notehead, which are drawn empty.
INVISIBLE = (
    "\u00ad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u202a-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U000110bd\U000110cd"
    "\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d159\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
ACCENTS = "".join(f"{chr(first)}-{chr(last)}" for first, last in ACCENT_BLOCKS)
SPACES = re.compile(r"[^\S\x1c-\x1f]+")
VISIBLE = re.compile(rf"[^{INVISIBLE}\s]")
INVISIBLE_RUN = re.compile(f"[{INVISIBLE}]+")
IGNORED_IN_SKELETON = re.compile(rf"[{INVISIBLE}{ACCENTS}\s]+")
GREEK = re.compile(r"[\u0370-\u03ff\u1f00-\u1fff]+")


def display_name(name: str) -> str:
    """Return the name as it is displayed: composed (NFC), with single spaces and nothing invisible at either end.

    More than 1000 characters are not composed, because that takes too long.
    """
    text = _trim(SPACES.sub(" ", name))
    return normalize("NFC", text) if len(text) <= MAX_LENGTH_TO_COMPOSE else text


def _trim(text: str) -> str:
    first, last = VISIBLE.search(text), VISIBLE.search(text[::-1])
    if not first or not last:
        return ""
    end = len(text) - last.start()
    # A variation selector after a symbol is kept: without it, a red heart becomes a black one.
    if not text[end - 1].isalnum() and text.startswith(("\ufe0e", "\ufe0f"), end):
        end += 1
    return text[first.start() : end]


def nickname_key(name: str) -> str:
    """Return a key that is equal for nicknames that look alike.

    Validate the name first, because very long names take much time.
    """
    words = INVISIBLE_RUN.sub("", name).split()
    return _nickname_skeleton("".join(map(_read_as_latin, words)))


def room_key(name: str) -> str:
    """Return a key that is equal for spellings of the same room name.

    `Mail` and `MAIL` share it, `mail` and `mall` don't. Validate the name first, because very long names take much
    time.
    """
    return _repeat_until_stable(_fold, name)


def room_lookalike_key(name: str) -> str:
    """Return a key that is equal for room names that look alike.

    Case is folded first, so `mail`, `MAIL` and `maIl` share a key that `mall` doesn't: a capital I counts as i,
    never as l. UTS 39, the Unicode standard for look-alikes, then makes `room 1` and `room |` equal to `room l`,
    `room 0` to `room o`, and `modern` to `modem`. `room 1` is not equal to `room i`, as digits have no case.
    """
    return _skeleton(room_key(name))


def _nickname_skeleton(text: str) -> str:
    """Like `_skeleton`, but for nicknames: i, l, 1 and | become one letter, and o and 0 too."""
    return _skeleton(text).translate(str.maketrans("i1|0", "lllo"))


def _skeleton(text: str) -> str:
    """A key that is equal for texts which look alike: the skeleton of UTS 39, without case and spaces.

    Combining accents that belong to no precomposed letter are left out too.
    """
    return _repeat_until_stable(_skeleton_step, text)


def _repeat_until_stable(step: Callable[[str], str], text: str) -> str:
    """Repeat the step until the text no longer changes, at most ten times: one replacement can make another possible.

    So a key made from a key is the same key.
    """
    for _round in range(10):
        before, text = text, step(text)
        if before == text:
            break
    return text


def _fold(text: str) -> str:
    return "".join(INVISIBLE_RUN.sub("", _nfkc_casefold(text)).split())


def _skeleton_step(text: str) -> str:
    return to_prototypes(IGNORED_IN_SKELETON.sub("", _nfkc_casefold(text)))


def _nfkc_casefold(text: str) -> str:
    """Return the text with compatibility forms (full-width, circled) made plain and its case folded.

    This is close to NFKC_Casefold of the Unicode standard.
    """
    return normalize("NFKC", normalize("NFKC", INVISIBLE_RUN.sub("", text)).casefold())


@cache
def _latin_lookalikes() -> dict[int, str]:
    """Return letters that look like a Latin letter or a digit, each mapped to that letter or digit.

    Only those whose look changes when case is folded or NFKC is applied, so that a skeleton misses them: Greek Ν looks
    like N, but ν like v; Ƽ looks like 5, but ƽ like s.
    """
    latin = {chr(code): target for code, target in prototypes().items() if re.fullmatch("[A-Za-z0-9]", target)}
    lost = {
        c: t
        for c, t in latin.items()
        if _nickname_skeleton(c) != _nickname_skeleton(t) and not normalize("NFKC", c).isascii()
    }
    return str.maketrans(lost)


def _read_as_latin(word: str) -> str:
    """Replace look-alikes of Latin letters by Latin ones, if the word has Latin letters or could be all Latin.

    A Greek word with lowercase letters stays as it is: `Νανα` and `νανα` are one name.
    """
    latin = normalize("NFKD", word.translate(_latin_lookalikes())).translate(_latin_lookalikes())
    greek = GREEK.fullmatch(word) and not word.isupper()
    mixed = re.search("[A-Za-z]", normalize("NFKD", word))
    return latin if mixed or (not greek and to_prototypes(latin).isascii()) else word
