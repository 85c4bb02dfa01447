"""Stylesheets that make a painting which all share one's own, or take back a part of it."""

from django.http import HttpResponse
from django.utils.cache import patch_cache_control

from chat import composers

TYPE = "text/css; charset=utf-8"


def of_reader(membership):
    """What sets a reader's own messages apart; nothing for who has no place in the room."""
    rule = f'[data-author="{membership.pk}"]{{background-color:var(--color-tint)}}\n' if membership else ""
    return HttpResponse(rule, content_type=TYPE)


def superseded(line, version):
    """What hides a line's earlier states in a page that can only be gone on with; the same for everybody, so kept."""
    rule = f'[id="m{line}"],[id^="m{line}v"]:not([id="m{line}v{version}"]){{display:none}}\n'
    response = HttpResponse(rule, content_type=TYPE)
    patch_cache_control(response, private=True, max_age=composers.KEPT_FOR)
    return response
