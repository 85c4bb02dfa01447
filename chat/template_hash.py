"""Hashes of templates, for cache keys: an upgrade that changes a template makes its cached HTML invalid."""

import hashlib
from functools import cache

from django.conf import settings
from django.template import Engine
from django.template.base import Template
from django.template.loader_tags import IncludeNode


def template_hash(*templates: str) -> str:
    """Return a short hash of the sources of these templates and of those that they include by name."""
    return _compute(*templates) if settings.DEBUG else _remembered(*templates)


def _compute(*templates: str) -> str:
    sources: dict[str, str] = {}
    for name in templates:
        _collect(name, sources)
    # Rendered links contain the sub-path.
    text = "".join([settings.FORCE_SCRIPT_NAME or "", *sources.values()])
    return hashlib.blake2b(text.encode(), digest_size=6).hexdigest()


def _collect(name: str, sources: dict[str, str]) -> None:
    if name not in sources:
        template = Engine.get_default().get_template(name)
        sources[name] = template.source
        for included in _included(template):
            _collect(included, sources)


def _included(template: Template) -> list[str]:
    """The names of included templates; a name that is an expression is known only when the template is rendered."""
    names = [node.template.var for node in template.nodelist.get_nodes_by_type(IncludeNode)]  # type: ignore[attr-defined]
    return [name for name in names if isinstance(name, str)]


_remembered = cache(_compute)
