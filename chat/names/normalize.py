"""Which names are the same: the key of a nickname or a room, and the form in which a name is shown."""

import re
from functools import cache
from unicodedata import normalize

from chat.names.confusables import ACCENT_BLOCKS, prototypes, to_prototypes

MAX_KEY_LENGTH = 256  # characters of a key or look; 64 Hangul syllables need about 200, but one U+FDFA unfolds to 15
LONGEST_TO_COMPOSE = 1000  # characters; composing takes the square of the accents in a row


# Default_Ignorable_Code_Point and category Cf of Unicode 17 (of which Python may know less), and what else leaves no
# ink: fillers, the Braille blank, a note without a head.
INVISIBLE = (
    "\u00ad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u202a-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U000110bd\U000110cd"
    "\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d159\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
ACCENTS = "".join(f"{chr(first)}-{chr(last)}" for first, last in ACCENT_BLOCKS)
SPACES = re.compile(r"[^\S\x1c-\x1f]+")
VISIBLE = re.compile(rf"[^{INVISIBLE}\s]")
UNSEEN = re.compile(f"[{INVISIBLE}]+")
NOT_IN_KEYS = re.compile(rf"[{INVISIBLE}{ACCENTS}\s]+")
GREEK = re.compile(r"[\u0370-\u03ff\u1f00-\u1fff]+")


def display_name(name):
    text = _trimmed(SPACES.sub(" ", name))
    return normalize("NFC", text) if len(text) <= LONGEST_TO_COMPOSE else text


def _trimmed(text):
    first, last = VISIBLE.search(text), VISIBLE.search(text[::-1])
    if not first:
        return ""
    end = len(text) - last.start()
    # The selector after a symbol belongs to it: without it a red heart is a black one.
    if not text[end - 1].isalnum() and text.startswith(("\ufe0e", "\ufe0f"), end):
        end += 1
    return text[first.start() : end]


def nickname_key(name):
    """Equal for nicknames that people would take for one another. For short names: validate first."""
    words = UNSEEN.sub("", name).split()
    return _folded("".join(map(_with_latin_read, words)))


def room_key(name):
    """Equal for one room: `Mail` and `MAIL` are one, `mail` and `mall` two. For short names: validate first."""
    return _settled(_one_step_to_plain, name)


def room_lookalike_key(name):
    """Equal for rooms that look alike.

    Case goes first, so `mail`, `MAIL` and `maIl` look the same, and unlike `mall`: a capital I is an i, never an l.
    Digits have no case, so with UTS 39 `room 1` and `room |` look like `room l` (but not like `room i`), `room 0`
    like `room o`; and `modern` like `modem`.
    """
    return _skeleton(room_key(name))


def _folded(text):
    return _skeleton(text).translate(str.maketrans("i1|0", "lllo"))


def _skeleton(text):
    return _settled(_one_step_to_skeleton, text)


def _settled(step, text):
    """What mapping brings in may have to be mapped or taken out again: go on until a key is its own key."""
    for _round in range(10):
        before, text = text, step(text)
        if before == text:
            break
    return text


def _one_step_to_plain(text):
    return "".join(UNSEEN.sub("", _caseless(text)).split())


def _one_step_to_skeleton(text):
    return to_prototypes(NOT_IN_KEYS.sub("", _caseless(text)))


def _caseless(text):
    return normalize("NFKC", normalize("NFKC", UNSEEN.sub("", text)).casefold())


@cache
def _false_latin():
    """Letters drawn like a Latin one or a digit, whose small or plain (NFKC) form is drawn like another: Ν is an N, but
    ν a v; Ƽ is a 5, but ƽ an s."""
    latin = {chr(code): target for code, target in prototypes().items() if re.fullmatch("[A-Za-z0-9]", target)}
    lost = {c: t for c, t in latin.items() if _folded(c) != _folded(t) and not normalize("NFKC", c).isascii()}
    return str.maketrans(lost)


def _with_latin_read(word):
    """False Latin is read as Latin beside Latin letters, and where all of the word could be Latin.

    Not in a Greek word with small letters, though: Νανα and νανα are to stay one name.
    """
    read = normalize("NFKD", word.translate(_false_latin())).translate(_false_latin())
    greek = GREEK.fullmatch(word) and not word.isupper()
    mixed = re.search("[A-Za-z]", normalize("NFKD", word))
    return read if mixed or (not greek and to_prototypes(read).isascii()) else word
