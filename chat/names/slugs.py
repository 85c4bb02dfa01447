"""What is made from a name: URL slugs, suggestions for another name, initials."""

import re
import secrets
import string
from collections.abc import Iterator
from itertools import count

from django.utils.text import slugify

from chat.names.normalize import INVISIBLE, INVISIBLE_RUN, display_name
from chat.names.validators import EMOJI, MAX_NAME_LENGTH

# The first character as a reader sees it: a flag (two regional indicators), or any character with the variation
# selectors, keycaps, skin tones and joined emoji that follow it.
FIRST_CHARACTER = re.compile(
    rf"[\U0001f1e6-\U0001f1ff]{{2}}|[^{INVISIBLE}\s]"
    rf"(?:[\ufe0e\ufe0f\u20e3\U0001f3fb-\U0001f3ff]|\u200d[\u2190-\u2bff{EMOJI}])*"
)


def slug_candidates(name: str) -> Iterator[str]:
    """Yield slugs to try until one is free: ann, ann-2 to ann-9, then ann-h3k9x2pq with a random ending, without end.

    For a name without letters or digits, all slugs are random.
    """
    slug = slugify(INVISIBLE_RUN.sub("", name), allow_unicode=True)[:MAX_NAME_LENGTH].strip("-_")
    if slug:
        yield slug
        yield from (_cut(slug, f"-{number}") for number in range(2, 10))
    while True:
        yield _cut(slug, f"-{_random_slug()}").lstrip("-")


def name_suggestions(name: str) -> Iterator[str]:
    """Yield names to offer when this one is taken: Ann 2, Ann 3 and so on, without end."""
    return (_cut(display_name(name), f" {number}") for number in count(2))


def initials(name: str) -> str:
    """Return the first characters of the first and the last word, for an avatar. One word gives one character."""
    first_characters = [found[0] for found in map(FIRST_CHARACTER.search, display_name(name).split()) if found]
    return "".join(map(_title_case, first_characters[:1] + first_characters[1:][-1:]))


def _random_slug() -> str:
    return "".join(secrets.choice(string.ascii_lowercase + string.digits) for _place in range(8))


def _cut(text: str, ending: str) -> str:
    """The text with this ending, cut so that both fit into MAX_NAME_LENGTH."""
    return display_name(text[: MAX_NAME_LENGTH - len(ending)]) + ending


def _title_case(character: str) -> str:
    # title(), not upper(): Georgian capitals are for headlines only, and few fonts have them. ß stays as it is, as its
    # title case is two letters.
    return character.title() if len(character.title()) == len(character) else character
