"""Drawings: what each character is drawn like, by the Unicode table of confusables (UTS 39)."""

from functools import cache
from pathlib import Path
from unicodedata import normalize

# "Combining Diacritical Marks", its Extended, its Supplement, those for Symbols, and "Combining Half Marks".
ACCENT_BLOCKS = ((0x300, 0x36F), (0x1AB0, 0x1AFF), (0x1DC0, 0x1DFF), (0x20D0, 0x20FF), (0xFE20, 0xFE2F))

# Another case of a letter, which UTS 39 keeps apart: small capitals (as which Cyrillic draws its small letters: В в),
# and small letters that lose their likeness with their case (Ь З Ζ Μ Χ are drawn like b 3 Z M X).
OTHER_CASES = dict(zip(map(ord, "ᴀʙᴅᴇꜰɢʜᴊĸʟʍɴᴘꞯʀᴛƅƨɜȝζμχ"), "abdefghjklmnpqrtb233zmx", strict=True))


def to_prototypes(text):
    return normalize("NFD", text).translate(prototypes())


@cache
def prototypes():
    """What each character is drawn like.

    Accents that are part of a letter, and other scripts' vowel signs drawn like accents, move to private use, which
    names cannot hold: the next step would take them for loose accents.
    """
    kept = {accent: chr(0xF0000 + accent) for first, last in ACCENT_BLOCKS for accent in range(first, last + 1)}
    lines = (Path(__file__).parents[1] / "data" / "confusables.txt").read_text(encoding="utf-8").splitlines()
    pairs = (line.split(";") for line in lines if not line.startswith("#"))
    table = {int(source, 16): "".join(chr(int(code, 16)) for code in target.split()) for source, target in pairs}
    return kept | {source: target.translate(kept) for source, target in (table | OTHER_CASES).items()}
