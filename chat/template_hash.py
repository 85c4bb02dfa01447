"""Fingerprints of templates: what was made from them is made anew after an upgrade."""

import hashlib
from functools import cache

from django.conf import settings
from django.template.loader import get_template


def template_hash(*templates):
    """A short text that changes when one of these templates does."""
    return _compute(*templates) if settings.DEBUG else _remembered(*templates)


def _compute(*templates):
    sources = "".join(get_template(name).template.source for name in templates)
    return hashlib.blake2b(sources.encode(), digest_size=6).hexdigest()


_remembered = cache(_compute)
