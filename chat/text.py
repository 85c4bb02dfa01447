"""The text of messages: its maximum length, forbidden characters and line ends."""

import re
from collections.abc import Iterator
from hashlib import blake2b

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from chat.names.normalize import VISIBLE

MAX_LENGTH = 4000  # characters, so at most 16,000 bytes

# All control characters but tab and line feed; the right-to-left override (U+202E), which disguises URLs (the other
# direction marks appear in pasted phone numbers, and their effect ends with the message); lone surrogates;
# noncharacters.
FORBIDDEN_CHARACTERS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")


def unify_line_ends(text: str) -> str:
    """Return the text with line feeds as line ends."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def one_line(text: str) -> str:
    """Return the text with each run of white space, line ends included, as one space."""
    return " ".join(text.split())


def tidy_text(text: str) -> str:
    """Return the text with line feeds as line ends, without line feeds at the start and blank space at the end."""
    return unify_line_ends(text).strip("\n").rstrip()


def draft_text(text: str) -> str:
    """The text as it is kept while it is typed: without forbidden characters, and cut at MAX_LENGTH.

    Blank space at its end is kept, unless there is nothing else.
    """
    text = FORBIDDEN_CHARACTERS.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))[:MAX_LENGTH]
    return text if VISIBLE.search(text) else ""


def validate_text(text: str) -> None:
    """Raise ValidationError if the text is empty, is too long or has forbidden characters."""
    if not VISIBLE.search(text):
        raise ValidationError(_("Nothing to send yet. Write something first."), code="empty")
    if FORBIDDEN_CHARACTERS.search(text):
        raise ValidationError(
            _("This has characters that can’t be shown, such as NUL or ESC. Remove them and send again."),
            code="characters",
        )
    if len(text) > MAX_LENGTH:
        raise ValidationError(_too_long(text), code="long")


def _too_long(text: str) -> str:
    return ngettext(
        "This is %(over)d character too long. The limit is %(longest)d. Shorten it, or send it in parts.",
        "This is %(over)d characters too long. The limit is %(longest)d. Shorten it, or send it in parts.",
        len(text) - MAX_LENGTH,
    ) % {"over": len(text) - MAX_LENGTH, "longest": MAX_LENGTH}


def text_digest(text: str) -> str:
    """Return a hash of the text, as 32 hexadecimal digits, to compare texts."""
    return blake2b(text.encode(), digest_size=16).hexdigest()


def start_digests(text: str, shortest: int) -> Iterator[tuple[int, str]]:
    """Yield the length and the `text_digest` of each start of the text, from `shortest` characters on.

    Each character is hashed once, however many starts there are.
    """
    digest = blake2b(text[:shortest].encode(), digest_size=16)
    yield shortest, digest.hexdigest()
    for length, character in enumerate(text[shortest:], shortest + 1):
        digest.update(character.encode())
        yield length, digest.hexdigest()
