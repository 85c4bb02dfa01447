"""What may be said: how long it may be, which characters are refused, and how line ends are kept."""

import hashlib
import re

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from chat.names.normalize import VISIBLE

MAX_LENGTH = 4000  # characters, so at most 16,000 bytes

# All control characters but tab and line feed; the one that writes backwards, which only disguises addresses (others
# that turn text around come with telephone numbers, and end with the message); lone halves of a character;
# noncharacters.
FORBIDDEN_CHARACTERS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")


def tidy_text(text):
    """Line ends as line feeds, nothing blank around the words; single spaces and tabs inside stay as typed."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip("\n").rstrip()


def validate_text(text):
    """Raise ValidationError, in words that say what to do, where the text cannot be sent."""
    if not VISIBLE.search(text):
        raise ValidationError(_("Nothing to send yet: write something first."), code="empty")
    if FORBIDDEN_CHARACTERS.search(text):
        raise ValidationError(
            _("This has characters that cannot be shown, such as NUL or ESC. Take them out and send again."),
            code="characters",
        )
    if len(text) > MAX_LENGTH:
        raise ValidationError(_too_long(text), code="long")


def _too_long(text):
    return ngettext(
        "This is %(over)d character too long: %(longest)d is the most. Shorten it, or send it in parts.",
        "This is %(over)d characters too long: %(longest)d is the most. Shorten it, or send it in parts.",
        len(text) - MAX_LENGTH,
    ) % {"over": len(text) - MAX_LENGTH, "longest": MAX_LENGTH}


def text_digest(text):
    """A short fingerprint that tells whether two texts are the same words."""
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
