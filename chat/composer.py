"""Composers: the numbered forms in which people type; browsers cache the next ones before they are needed."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import translation

from chat.template_hash import template_hash
from chat.typing_ahead import FormToken

if TYPE_CHECKING:
    from chat.models import Membership
    from chat.realtime.drafts import Entry

COMPOSER_TEMPLATE = "partials/composer_form.html"
TARGET_KINDS = ("reply", "edit")
MAX_ID_LENGTH = 18  # digits
MAX_TOKENS = 4  # of forms whose draft one form may have
PREFETCHED = 4  # how many composers are fetched before they are needed
ENTERS_AGAIN = 12  # how often Enter can be pressed in a sent field before the next composer has the focus
LAST_NUMBER = 9999  # the highest number in a URL; refused text gets a higher one
CACHE_SECONDS = 24 * 3600  # seconds in the browser's cache


@dataclass(frozen=True)
class Target:
    """The message that the typed text replies to or replaces. `kind` is "reply" or "edit", `message` the id."""

    kind: str
    message: int

    @classmethod
    def read(cls, data: Mapping[str, str]) -> Target | None:
        """Read the target from a query or form; None if there is none. Raises ValueError if incomplete or invalid."""
        kind, message = data.get("target", ""), data.get("target_message", "")
        if not kind and not message:
            return None
        if kind not in TARGET_KINDS or not (message.isascii() and message.isdigit() and len(message) <= MAX_ID_LENGTH):
            raise ValueError("Not a valid target.")
        return cls(kind, int(message))

    @property
    def fields(self) -> dict[str, str | int]:
        """The form fields, by name, from which `Target.read` makes the target again."""
        return {"target": self.kind, "target_message": self.message}


@dataclass(frozen=True)
class Composer:
    """The form in which people type; `number` counts the composers of a page.

    With `opening` it prefetches the next four composers, otherwise only the fourth one ahead. Without a target, text or
    error it is the same for everyone, so it may be cached. `drafts` are the tokens of earlier forms whose text it has:
    sending it deletes their draft.
    """

    slug: str
    number: int = 1
    multiline: bool = False
    text: str = ""
    error: str = ""
    opening: bool = False
    target: Target | None = None
    drafts: tuple[str, ...] = ()

    @property
    def enter_again(self) -> list[tuple[str, str]]:
        """The elements that post what was added to a sent field: the id of each, and what is busy when it is used."""
        busy = [".next", *(f"#enter-again-{n}" for n in range(1, ENTERS_AGAIN))]
        return [(f"enter-again-{n}", busy[n - 1]) for n in range(ENTERS_AGAIN, 0, -1)]

    @property
    def is_cacheable(self) -> bool:
        return not (self.target or self.text or self.error)

    @property
    def url(self) -> str:
        query = {"v": composer_version()} | ({"lines": "many"} if self.multiline else {})
        target = self.target.fields if self.target else {}
        return f"{reverse('composer', args=[self.slug, self.number])}?{urlencode(query | target)}"

    @property
    def previous_number(self) -> int:
        return self.number - 1

    @property
    def send_status_url(self) -> str:
        return f"{reverse('send_status', args=[self.slug])}?v={composer_version()}"

    @property
    def discard_url(self) -> str:
        return f"{reverse('discarded', args=[self.slug])}?v={composer_version()}"

    @property
    def next(self) -> Composer:
        """The empty composer that follows when this one is sent."""
        return replace(self, number=self.number + 1, text="", error="", opening=False, target=None, drafts=())

    @property
    def prefetch(self) -> list[Composer]:
        """The composers that the browser should load into its cache while this one is shown."""
        first = self.number + 1 if self.opening else self.number + PREFETCHED
        return [replace(self.next, number=n) for n in range(first, self.number + PREFETCHED + 1) if n <= LAST_NUMBER]

    def toggled(self, text: str) -> Composer:
        """Return the composer in its other mode, one line or several, with this text. One line has no line breaks."""
        text = " ".join(text.splitlines()) if self.multiline else text
        return replace(self, multiline=not self.multiline, text=text, opening=True)


def first_composer(membership: Membership, query: Mapping[str, str], draft: Entry | None) -> Composer:
    """Return the composer of a page as it opens, with the member's draft.

    It is in the mode of the query's `lines`, else in that of the draft, else as the member prefers. A draft with line
    breaks always has several lines.
    """
    lines = query.get("lines")
    preferred = draft.multiline if draft else not membership.participant.enter_sends
    multiline = preferred if lines is None else lines == "many"
    if draft is None:
        return Composer(membership.room.slug, multiline=multiline, opening=True)
    multiline = multiline or "\n" in draft.text
    return Composer(membership.room.slug, 1, multiline, draft.text, opening=True, drafts=(draft.token,))


def draft_tokens(form: Mapping[str, str]) -> tuple[str, ...]:
    """The tokens of earlier forms whose text this submitted form had when it was opened."""
    return tuple(form.get("drafts", "").split()[-MAX_TOKENS:])


def refused_composer(slug: str, typed: Mapping[str, str], error: str, number: int = 1) -> Composer:
    """The composer with text that was not sent, and `error`, the reason. Number 1 is for a new page."""
    target = None
    with suppress(ValueError):  # An invalid target has made the form an error already.
        target = Target.read(typed)
    multiline = typed.get("lines") == "many"
    drafts = submitted_tokens(typed)
    return Composer(slug, number, multiline, typed_text(typed), error, opening=True, target=target, drafts=drafts)


def submitted_tokens(typed: Mapping[str, str]) -> tuple[str, ...]:
    """The tokens of all forms in which the text of this submitted form was typed, its own last."""
    return *draft_tokens(typed), f"{typed.get('page', '')}:{typed.get('n', '')}"


def typed_text(data: Mapping[str, str]) -> str:
    """The text of a submitted composer: letters carried over from the form before it, then the field's text."""
    return data.get("carried", "") + data.get("text", "")


def new_page_key() -> str:
    return secrets.token_urlsafe(12)


def new_token() -> FormToken:
    """A random token for a refused text. Its number is above LAST_NUMBER, so it has no place in the order of a page."""
    return FormToken(new_page_key(), LAST_NUMBER + 1 + secrets.randbelow(10**15))


def composer_version() -> str:
    """Return a text for composer URLs. It changes with language and template, so browsers load the new composer."""
    return f"{translation.get_language()}-{template_hash(COMPOSER_TEMPLATE)}"
