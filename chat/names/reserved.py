"""Names that nobody may take: people would believe that whoever bears one runs the site."""

import re

from django.conf import settings

from chat.names.normalize import nickname_key


def is_reserved(name):
    """Whether people would take this name for one of RESERVED_NAMES, or for a further one (`Admin 2`, `@Admin!`)."""
    keys = "|".join(re.escape(nickname_key(word)) for word in settings.RESERVED_NAMES)
    return bool(keys and re.fullmatch(rf"[\W_]*(?:{keys})[\W\d_lo]*", nickname_key(name)))
