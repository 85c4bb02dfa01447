"""Reserved names, such as Admin: a person with such a name would seem to run the site."""

import re

from django.conf import settings

from chat.names.normalize import nickname_key


def is_reserved(name: str) -> bool:
    """Whether this name looks like one in the setting RESERVED_NAMES, also with a number or punctuation: `@Admin 2`."""
    keys = "|".join(re.escape(nickname_key(word)) for word in settings.RESERVED_NAMES)
    return bool(keys and re.fullmatch(rf"[\W_]*(?:{keys})[\W\d_lo]*", nickname_key(name)))
