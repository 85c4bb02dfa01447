"""What counts as a name, which names are one and the same, and the addresses, suggestions and initials made of them."""

import re
import secrets
import string
from functools import cache
from itertools import count, groupby
from unicodedata import category, normalize

from django.core.exceptions import ValidationError
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from chat.drawings import ACCENT_BLOCKS, drawings, drawn

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
ACCENTS = "".join(f"{chr(first)}-{chr(last)}" for first, last in ACCENT_BLOCKS)

SPACES = re.compile(r"[^\S\x1c-\x1f]+")
SEEN = re.compile(rf"[^{INVISIBLE}\s]")
UNSEEN = re.compile(f"[{INVISIBLE}]+")
NOT_IN_KEYS = re.compile(rf"[{INVISIBLE}{ACCENTS}\s]+")
LOOSE_ACCENT = re.compile(f".[{ACCENTS}]")
# As they are drawn: “ and ” and " are two apostrophes.
QUOTATION_MARKS = re.compile("''|[„«»〝〞〟❝❞]")
GERSHAYIM = re.compile("(?<=[\u05d0-\u05ea])\u05f4(?=[\u05d0-\u05ea])")  # inside Hebrew words, where they belong
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
    _refuse(name, REFUSALS)


def validate_nickname(name):
    """The same for the name of a person, with which a room's own lines begin."""
    _refuse(name, REFUSALS_OF_NICKNAMES)


def _refuse(name, refusals):
    for is_so, code, message in refusals:
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


def has_pile_of_marks(name):
    runs = groupby(UNSEEN.sub("", display(name)), key=lambda character: category(character) in {"Mn", "Me"})
    return any(is_mark and len(list(run)) > MOST_MARKS for is_mark, run in runs)


def _has_false_accent(name):
    """A Cyrillic e with an accent looks like é, a c with a comma below like ç.

    Unicode has no such letters, so keys have a bare e and c there, and José would meet another José.
    """
    text = normalize("NFC", UNSEEN.sub("", display(name)))
    return any(drawn(pair.casefold()) in _accented_letters() for pair in LOOSE_ACCENT.findall(text))


def _has_quotation_marks(name):
    text = GERSHAYIM.sub("", normalize("NFKC", display(name)))
    return bool(QUOTATION_MARKS.search(text) or QUOTATION_MARKS.search(drawn(text)))


def _is_long_unfolded(name):
    return any(len(unfolded(name)) > LONGEST_KEY for unfolded in (nickname_key, room_key, room_look))


# In this order: all but the first may count on a short name.
REFUSALS = (
    (_is_long, "long", _("Please choose a shorter name: %(longest)d characters at most.")),
    (_has_forbidden, "forbidden", _("Please leave out control characters and the like: a name cannot show them.")),
    (_is_blank, "blank", _("Please write a name: at least one letter, number or sign that can be seen.")),
    (has_pile_of_marks, "marks", _("Please put fewer marks on one letter: %(marks)d at most.")),
    (_has_false_accent, "accent", _("Please leave out the accents that do not belong to their letters.")),
    (_is_long_unfolded, "long", _("Please choose a shorter name: some of these characters count as many.")),
)
# The lines in which a room tells what happened put names between quotation marks, so that no name can go on as one.
REFUSALS_OF_NICKNAMES = (
    *REFUSALS,
    (_has_quotation_marks, "quotes", _("Please leave out the quotation marks: only the room puts them around names.")),
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
    return drawn(NOT_IN_KEYS.sub("", _caseless(text)))


def _caseless(text):
    return normalize("NFKC", normalize("NFKC", UNSEEN.sub("", text)).casefold())


@cache
def _accented_letters():
    letters = map(chr, [*range(0xC0, 0x2000), *drawings()])
    return {letter for letter in map(drawn, letters) if len(letter) == 2}


@cache
def _false_latin():
    """Letters drawn like a Latin one or a digit, whose small or plain (NFKC) form is drawn like another: Ν is an N, but
    ν a v; Ƽ is a 5, but ƽ an s."""
    latin = {chr(code): target for code, target in drawings().items() if re.fullmatch("[A-Za-z0-9]", target)}
    lost = {c: t for c, t in latin.items() if _folded(c) != _folded(t) and not normalize("NFKC", c).isascii()}
    return str.maketrans(lost)


def _with_latin_read(word):
    """False Latin is read as Latin beside Latin letters, and where all of the word could be Latin.

    Not in a Greek word with small letters, though: Νανα and νανα are to stay one name.
    """
    read = normalize("NFKD", word.translate(_false_latin())).translate(_false_latin())
    greek = GREEK.fullmatch(word) and not word.isupper()
    mixed = re.search("[A-Za-z]", normalize("NFKD", word))
    return read if mixed or (not greek and drawn(read).isascii()) else word


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
