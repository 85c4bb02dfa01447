"""Composers: where people type, numbered, so that each is the same for everybody and the next can wait in a cache."""

import secrets
from dataclasses import dataclass, replace

from django.urls import reverse
from django.utils import translation

from chat.template_hash import template_hash

COMPOSER_TEMPLATES = tuple(
    f"partials/{name}.html"
    for name in (
        "composer_form",
        "composer_fields",
        "composer_label",
        "message_field",
        "message_field_attributes",
        "toggle",
        "icon",
        "send_status",
    )
)
PREFETCHED = 4  # how many composers are fetched before they are needed
LAST_NUMBER = 9999  # the highest number at an address; above are numbers for what was refused
CACHE_SECONDS = 24 * 3600  # seconds in the browser's cache


@dataclass(frozen=True)
class Composer:
    """Number `number` of a page. `opening`: the first of its kind there, which fetches those that follow it."""

    slug: str
    number: int = 1
    many: bool = False  # several lines
    text: str = ""
    error: str = ""
    opening: bool = False

    @property
    def url(self):
        lines = "&lines=many" if self.many else ""
        return f"{reverse('composer', args=[self.slug, self.number])}?v={composer_version()}{lines}"

    @property
    def send_status_url(self):
        return f"{reverse('send_status', args=[self.slug])}?v={composer_version()}"

    @property
    def next(self):
        return replace(self, number=self.number + 1, text="", error="", opening=False)

    @property
    def to_fetch(self):
        """The composers to bring into the cache while this one is typed into."""
        first = self.number + 1 if self.opening else self.number + PREFETCHED
        return [replace(self.next, number=n) for n in range(first, self.number + PREFETCHED + 1) if n <= LAST_NUMBER]

    def toggled(self, text):
        """The other kind, with what was typed so far; several lines become one with spaces between them."""
        return replace(self, many=not self.many, text=" ".join(text.splitlines()) if self.many else text, opening=True)


def first_composer(membership, query=()):
    """The composer with which a page opens; of several lines where its address or its reader says so."""
    many = query["lines"] == "many" if "lines" in query else not membership.participant.enter_sends
    return Composer(membership.room.slug, many=many, opening=True)


def refused_composer(slug, typed, error, number=1):
    """The composer that holds words which were not sent, and says why; number 1 is that of a new page."""
    many = typed.get("lines") == "many"
    return Composer(slug, number, many=many, text=typed.get("text", ""), error=error, opening=True)


def unused_number():
    """A number that no form of the same page has used."""
    return LAST_NUMBER + 1 + secrets.randbelow(10**15)


def composer_version():
    """Changes with the language and with the templates, so that no cache gives out an old composer."""
    return f"{translation.get_language()}-{template_hash(*COMPOSER_TEMPLATES)}"
