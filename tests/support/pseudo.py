"""A pseudo-language: each text is accented, longer and in brackets, so that a text outside gettext stands out."""

import re
from contextlib import contextmanager

from django.test import override_settings
from django.utils.translation import trans_real

ACCENTED = str.maketrans("aceinosuyACEINOSUY", "áćéíñóśúýÁĆÉÍÑÓŚÚÝ")
KEPT = re.compile(r"(%\(\w+\)[sd]|%[sd%]|\{\w*\}|<[^>]+>|&\w+;)")  # placeholders and markup
BEGIN, END = "⟦⟧"
LONGER = 0.4  # of a text's length; German and Finnish need about as much


def pseudo(text):
    parts = KEPT.split(text)
    accented = "".join(part if number % 2 else part.translate(ACCENTED) for number, part in enumerate(parts))
    return BEGIN + accented + " ······"[: round(len(text) * LONGER)] * max(1, round(len(text) * LONGER / 7)) + END


def untranslated(texts):
    """The parts of these texts that are outside the brackets."""
    depth, found = 0, []
    for text in texts:
        outside = ""
        for character in text:
            depth += (character == BEGIN) - (character == END)
            outside += character if not depth and character != END else ""
        found.append(outside.strip())
    return [part for part in found if part]


class PseudoTranslation:
    """Stands in for the catalogue of a language. It notes which texts were asked for."""

    def __init__(self):
        self.asked = set()

    def gettext(self, text):
        self.asked.add(text)
        return pseudo(text)

    def ngettext(self, one, many, n):
        self.asked |= {one, many}
        return pseudo(one if n == 1 else many)

    def to_language(self):
        return "en"

    language = to_language


@contextmanager
def pseudo_language(rtl=False):
    """Show all texts in the pseudo-language, which is written from right to left with `rtl`."""
    catalogues = trans_real._translations
    trans_real._translations, trans_real._default = {"en": (translation := PseudoTranslation())}, None
    trans_real.deactivate()
    try:
        with override_settings(LANGUAGES_BIDI=["en"] if rtl else []):
            yield translation
    finally:
        trans_real._translations, trans_real._default = catalogues, None
        trans_real.deactivate()
