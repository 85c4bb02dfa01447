"""Confusable characters: Unicode's table (UTS 39), and the replacement of each one by its prototype."""

from functools import cache
from pathlib import Path
from unicodedata import normalize

# The Unicode blocks of combining accents: Combining Diacritical Marks, its Extended and Supplement blocks, those for
# Symbols, and Combining Half Marks.
ACCENT_BLOCKS = ((0x300, 0x36F), (0x1AB0, 0x1AFF), (0x1DC0, 0x1DFF), (0x20D0, 0x20FF), (0xFE20, 0xFE2F))

# Added to the table of UTS 39: keys fold case before they look for prototypes, and some small letters look unlike their
# capitals. On the left: small capitals, which are the prototypes of Cyrillic small letters (в of В), and prototypes of
# other small letters whose capital looks Latin or like a digit (those of Ь З Ζ Μ Χ). On the right: what they count as.
CASE_PROTOTYPES = dict(zip(map(ord, "ᴀʙᴅᴇꜰɢʜᴊĸʟʍɴᴘꞯʀᴛƅƨɜȝζμχ"), "abdefghjklmnpqrtb233zmx", strict=True))


def to_prototypes(text: str) -> str:
    """Replace each character by its prototype: one character that stands for all that look like it (UTS 39)."""
    return normalize("NFD", text).translate(prototypes())


@cache
def prototypes() -> dict[int, str]:
    """Return the prototype of each confusable code point, from `chat/data/confusables.txt` and CASE_PROTOTYPES.

    Keys are made without combining accents. Some accents must stay: those of precomposed letters, and those that are a
    prototype or part of one. They are moved to a private use area, which names cannot contain.
    """
    protected = {accent: chr(0xF0000 + accent) for first, last in ACCENT_BLOCKS for accent in range(first, last + 1)}
    lines = (Path(__file__).parents[1] / "data" / "confusables.txt").read_text(encoding="utf-8").splitlines()
    pairs = (line.split(";") for line in lines if not line.startswith("#"))
    table = {int(source, 16): "".join(chr(int(code, 16)) for code in target.split()) for source, target in pairs}
    return protected | {source: target.translate(protected) for source, target in (table | CASE_PROTOTYPES).items()}
