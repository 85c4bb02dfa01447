"""What is made of a name: URL slugs, free variants, initials."""

import re
import secrets
import string
from itertools import count

from django.utils.text import slugify

from chat.names.normalize import INVISIBLE, UNSEEN, display_name
from chat.names.validators import EMOJI, MAX_NAME_LENGTH

# A flag, or any sign with what colours, encloses or joins on to it.
FIRST_SIGN = re.compile(
    rf"[\U0001f1e6-\U0001f1ff]{{2}}|[^{INVISIBLE}\s]"
    rf"(?:[\ufe0e\ufe0f\u20e3\U0001f3fb-\U0001f3ff]|\u200d[\u2190-\u2bff{EMOJI}])*"
)


def slug_candidates(name):
    """For a caller who looks for a free one: ann, ann-2, ..., ann-9, and then ann-h3k9x2pq at random, without end."""
    whole = slugify(UNSEEN.sub("", name), allow_unicode=True)[:MAX_NAME_LENGTH].strip("-_")
    if whole:
        yield whole
        yield from (_cut(whole, f"-{number}") for number in range(2, 10))
    while True:
        yield _cut(whole, f"-{_random_slug()}").lstrip("-")


def name_suggestions(name):
    return (_cut(display_name(name), f" {number}") for number in count(2))


def initials(name):
    signs = [sign[0] for sign in map(FIRST_SIGN.search, display_name(name).split()) if sign]
    return "".join(map(_capital, signs[:1] + signs[1:][-1:]))


def _random_slug():
    return "".join(secrets.choice(string.ascii_lowercase + string.digits) for _place in range(8))


def _cut(text, ending):
    return display_name(text[: MAX_NAME_LENGTH - len(ending)]) + ending


def _capital(sign):
    # Not upper(): Georgian has capitals for headlines, but no name begins with one, and few fonts have them.
    return sign.title() if len(sign.title()) == len(sign) else sign
