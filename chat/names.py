"""What counts as a name, which names are one and the same, and the addresses, suggestions and initials made of them."""

import re
import secrets
import string
from functools import cache
from itertools import count, groupby
from pathlib import Path
from unicodedata import category, normalize

from django.core.exceptions import ValidationError
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

LONGEST = 64  # characters of a name as it is shown, and of a slug
LONGEST_KEY = 256  # characters of a key or look; 64 Hangul syllables need about 200, but one U+FDFA unfolds to 15
LONGEST_TO_COMPOSE = 1000  # characters; composing takes the square of the accents in a row
MOST_MARKS = 4  # on top of each other; no living script needs more

# Default_Ignorable_Code_Point and category Cf of Unicode 17 (of which Python may know less), and what else leaves no
# ink: fillers, the Braille blank, a note without a head.
INVISIBLE = (
    "\u00ad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u202a-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U000110bd\U000110cd"
    "\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d159\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
# What turns or annotates the text around it, or carries a hidden one. Joiners and variation selectors do not:
# Persian and emoji are written with them.
DISTURBING = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u206f\ufeff\ufff9-\ufffc\U000e0000-\U000e007f"
# Reserved for emoji for good: telephones have the new ones years before Python's tables, which call them unassigned.
EMOJI = "\U0001f000-\U0001faff"
# "Combining Diacritical Marks", its Extended, its Supplement, those for Symbols, and "Combining Half Marks".
ACCENT_BLOCKS = ((0x300, 0x36F), (0x1AB0, 0x1AFF), (0x1DC0, 0x1DFF), (0x20D0, 0x20FF), (0xFE20, 0xFE2F))
ACCENTS = "".join(f"{chr(first)}-{chr(last)}" for first, last in ACCENT_BLOCKS)

SPACES = re.compile(r"[^\S\x1c-\x1f]+")
SEEN = re.compile(rf"[^{INVISIBLE}\s]")
UNSEEN = re.compile(f"[{INVISIBLE}]+")
NOT_IN_KEYS = re.compile(rf"[{INVISIBLE}{ACCENTS}\s]+")
LOOSE_ACCENT = re.compile(f".[{ACCENTS}]")
GREEK = re.compile(r"[\u0370-\u03ff\u1f00-\u1fff]+")
FORBIDDEN = re.compile(f"[{DISTURBING}]")
# A flag, or any sign with what colours, encloses or joins on to it.
FIRST_SIGN = re.compile(
    rf"[\U0001f1e6-\U0001f1ff]{{2}}|[^{INVISIBLE}\s]"
    rf"(?:[\ufe0e\ufe0f\u20e3\U0001f3fb-\U0001f3ff]|\u200d[\u2190-\u2bff{EMOJI}])*"
)


def display(name):
    text = _trimmed(SPACES.sub(" ", name))
    return normalize("NFC", text) if len(text) <= LONGEST_TO_COMPOSE else text


def _trimmed(text):
    first, last = SEEN.search(text), SEEN.search(text[::-1])
    if not first:
        return ""
    end = len(text) - last.start()
    # The selector after a symbol belongs to it: without it a red heart is a black one.
    if not text[end - 1].isalnum() and text.startswith(("\ufe0e", "\ufe0f"), end):
        end += 1
    return text[first.start() : end]


def validate(name):
    """Raise ValidationError, in words for the person who typed it, if the name cannot be used."""
    for is_so, code, message in REFUSALS:
        if is_so(name):
            raise ValidationError(message, code=code, params={"longest": LONGEST, "marks": MOST_MARKS})


def _is_long(name):
    return len(display(name)) > LONGEST


def _has_forbidden(name):
    return bool(FORBIDDEN.search(name)) or any(map(_is_forbidden, name))


def _is_forbidden(character):
    if category(character) == "Cn":
        return not re.match(f"[{EMOJI}]", character)
    return category(character) in {"Cc", "Cs", "Co", "Zl", "Zp"} and character not in "\t\n\v\f\r\x85"


def _is_blank(name):
    return not nickname_key(display(name))


def _has_pile_of_marks(name):
    runs = groupby(UNSEEN.sub("", display(name)), key=lambda character: category(character) in {"Mn", "Me"})
    return any(is_mark and len(list(run)) > MOST_MARKS for is_mark, run in runs)


def _has_false_accent(name):
    """A Cyrillic e with an accent looks like é, a c with a comma below like ç.

    Unicode has no such letters, so keys have a bare e and c there, and José would meet another José.
    """
    text = normalize("NFC", UNSEEN.sub("", display(name)))
    return any(_drawn(pair.casefold()) in _accented_letters() for pair in LOOSE_ACCENT.findall(text))


def _is_long_unfolded(name):
    return any(len(unfolded(name)) > LONGEST_KEY for unfolded in (nickname_key, room_key, room_look))


# In this order: all but the first may count on a short name.
REFUSALS = (
    (_is_long, "long", _("Please choose a shorter name: %(longest)d characters at most.")),
    (_has_forbidden, "forbidden", _("Please leave out control characters and the like: a name cannot show them.")),
    (_is_blank, "blank", _("Please write a name: at least one letter, number or sign that can be seen.")),
    (_has_pile_of_marks, "marks", _("Please put fewer marks on one letter: %(marks)d at most.")),
    (_has_false_accent, "accent", _("Please leave out the accents that do not belong to their letters.")),
    (_is_long_unfolded, "long", _("Please choose a shorter name: some of these characters count as many.")),
)


def nickname_key(name):
    """Equal for nicknames that people would take for one another. For short names: validate first."""
    words = UNSEEN.sub("", name).split()
    return _folded("".join(map(_with_latin_read, words)))


def room_key(name):
    """Equal for one room: `Mail` and `MAIL` are one, `mail` and `mall` two. For short names: validate first."""
    return _settled(_one_step_to_plain, name)


def room_look(name):
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
    return _drawn(NOT_IN_KEYS.sub("", _caseless(text)))


def _caseless(text):
    return normalize("NFKC", normalize("NFKC", UNSEEN.sub("", text)).casefold())


def _drawn(text):
    return normalize("NFD", text).translate(_drawings())


# Another case of a letter, which UTS 39 keeps apart: small capitals (as which Cyrillic draws its small letters: В в),
# and small letters that lose their likeness with their case (Ь З Ζ Μ Χ are drawn like b 3 Z M X).
OTHER_CASES = dict(zip(map(ord, "ᴀʙᴅᴇꜰɢʜᴊĸʟʍɴᴘꞯʀᴛƅƨɜȝζμχ"), "abdefghjklmnpqrtb233zmx", strict=True))


@cache
def _drawings():
    """What each character is drawn like.

    Accents that are part of a letter, and other scripts' vowel signs drawn like accents, move to private use, which
    names cannot hold: the next step would take them for loose accents.
    """
    kept = {accent: chr(0xF0000 + accent) for first, last in ACCENT_BLOCKS for accent in range(first, last + 1)}
    lines = (Path(__file__).parent / "data" / "confusables.txt").read_text(encoding="utf-8").splitlines()
    pairs = (line.split(";") for line in lines if not line.startswith("#"))
    table = {int(source, 16): "".join(chr(int(code, 16)) for code in target.split()) for source, target in pairs}
    return kept | {source: target.translate(kept) for source, target in (table | OTHER_CASES).items()}


@cache
def _accented_letters():
    letters = map(chr, [*range(0xC0, 0x2000), *_drawings()])
    return {drawn for drawn in map(_drawn, letters) if len(drawn) == 2}


@cache
def _false_latin():
    """Letters drawn like a Latin one, whose small or plain (NFKC) form is drawn like another: Ν is an N, but ν a v."""
    drawn = {chr(code): target for code, target in _drawings().items() if re.fullmatch("[A-Za-z]", target)}
    lost = {c: t for c, t in drawn.items() if _folded(c) != _folded(t) and not normalize("NFKC", c).isascii()}
    return str.maketrans(lost)


def _with_latin_read(word):
    """False Latin is read as Latin beside Latin letters, and where all of the word could be Latin.

    Not in a Greek word with small letters, though: Νανα and νανα are to stay one name.
    """
    read = normalize("NFKD", word.translate(_false_latin())).translate(_false_latin())
    greek = GREEK.fullmatch(word) and not word.isupper()
    mixed = re.search("[A-Za-z]", normalize("NFKD", word))
    return read if mixed or (not greek and _drawn(read).isascii()) else word


def slugs(name):
    """For a caller who looks for a free one: ann, ann-2, ..., ann-9, and then ann-h3k9x2pq at random, without end."""
    whole = slugify(UNSEEN.sub("", name), allow_unicode=True)[:LONGEST].strip("-_")
    if whole:
        yield whole
        yield from (_cut(whole, f"-{number}") for number in range(2, 10))
    while True:
        yield _cut(whole, f"-{_random_slug()}").lstrip("-")


def suggestions(name):
    return (_cut(display(name), f" {number}") for number in count(2))


def initials(name):
    signs = [sign[0] for sign in map(FIRST_SIGN.search, display(name).split()) if sign]
    return "".join(map(_capital, signs[:1] + signs[1:][-1:]))


def _random_slug():
    return "".join(secrets.choice(string.ascii_lowercase + string.digits) for _place in range(8))


def _cut(text, ending):
    return display(text[: LONGEST - len(ending)]) + ending


def _capital(sign):
    # Not upper(): Georgian has capitals for headlines, but no name begins with one, and few fonts have them.
    return sign.title() if len(sign.title()) == len(sign) else sign
