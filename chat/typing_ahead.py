"""Text typed ahead: which form it came from, and which letters were typed into a form after it was sent."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import takewhile
from typing import NamedTuple, Self

from chat.text import start_digests, text_digest

MAX_ADDED = 500  # letters that can be told apart as typed before or after a text
TOKEN = re.compile(r"(?P<page>[\w-]+):(?P<number>\d{1,18})(?:\.(?P<part>\d{1,4}))?", re.ASCII)


class FormToken(NamedTuple):
    """Identifies a form that sends one message. Tokens of one page are ordered as their messages were typed.

    `page` is the page's random key, `number` the composer's. `part` is above 0 if Enter was pressed in the same form
    again, before the next composer had the focus: each Enter posts the text that was added.
    """

    page: str
    number: int
    part: int = 0

    @classmethod
    def read(cls, token: str | None) -> Self | None:
        match = TOKEN.fullmatch(token or "")
        return cls(match["page"], int(match["number"]), int(match["part"] or 0)) if match else None

    def __str__(self) -> str:
        return f"{self.page}:{self.number}" + (f".{self.part}" if self.part else "")

    @property
    def previous(self) -> Self:
        return self._replace(number=self.number - 1, part=0)

    @property
    def next(self) -> Self:
        return self._replace(number=self.number + 1, part=0)

    def is_same_form(self, other: FormToken | None) -> bool:
        return other is not None and (self.page, self.number) == (other.page, other.number)

    def is_related(self, other: FormToken, has_leftover: bool) -> bool:
        """Whether sending this form concerns the message of the other.

        It does if that is of the same or a later form, or has or had letters that belong to this form.
        """
        is_before = other.number == self.number - 1 and (has_leftover or other.part > 0)
        return self.page == other.page and (self.number <= other.number or is_before)

    def precedes(self, other: FormToken | None) -> bool:
        """Whether `other` is of the same page and was typed later."""
        return other is not None and self.page == other.page and self < other


def rest_of(typed: str, sent: Iterable[str]) -> str | None:
    """What was typed after the texts that were sent from the same field; None if it does not begin with them."""
    for text in sent:
        typed = typed.lstrip("\n")
        if not typed.startswith(text):
            return None
        typed = typed[len(text) :].lstrip()
    return typed


def own_part(typed: str, stored: str, digest: str) -> str | None:
    """The start of `typed` that was sent already; None if there is none. `digest` is of the text as sent.

    The stored text may have more in front: letters left over from the form before. If `typed` has them too, it begins
    with the stored text.
    """
    typed = typed.lstrip("\n")
    own = start_with_digest(typed, digest)
    return stored if own is None and typed.startswith(stored) else own


def start_with_digest(typed: str, digest: str) -> str | None:
    """The start of `typed` that has this digest; None if there is none."""
    starts = start_digests(typed, shortest=max(1, len(typed) - MAX_ADDED))
    return typed[: max((length for length, found in starts if found == digest), default=0)] or None


def start_of(typed: str, stored: str, digest: str) -> int | None:
    """Where the text that was sent starts in the stored text; None if it doesn't begin with `typed`."""
    starts = (start for start in range(min(len(stored), MAX_ADDED)) if stored.startswith(typed, start))
    return next((start for start in starts if text_digest(stored[start:]) == digest), None)


def inserted_in(typed: str, sent: str) -> str:
    """What was typed in the middle of the sent text: the part of `typed` that is not in `sent`."""
    start = _common_length(typed, sent)
    end = _common_length(typed[start:][::-1], sent[start:][::-1])
    return typed[start : len(typed) - end]


def _common_length(first: str, second: str) -> int:
    """How many letters at the start are the same."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(first, second, strict=False)))
