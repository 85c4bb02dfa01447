"""Hashes of templates, for cache keys: an upgrade that changes a template makes its cached HTML invalid."""

import hashlib
from functools import cache

from django.conf import settings
from django.template import Engine


def template_hash(*templates: str) -> str:
    """A short hash of these templates' sources."""
    return _compute(*templates) if settings.DEBUG else _remembered(*templates)


def _compute(*templates: str) -> str:
    engine = Engine.get_default()
    sources = "".join(engine.get_template(name).source for name in templates)
    return hashlib.blake2b(sources.encode(), digest_size=6).hexdigest()


_remembered = cache(_compute)
