"""Turns text into safe HTML when it is stored: the only module that marks HTML as safe."""

from __future__ import annotations

import re
from itertools import cycle
from typing import TYPE_CHECKING

import nh3
from django.utils.html import escape, urlize
from django.utils.safestring import mark_safe

if TYPE_CHECKING:
    from django.utils.safestring import SafeString

    from chat.models import Room

    Html = SafeString  # HTML that is marked as safe

LINK_REL = "nofollow ugc noopener noreferrer"
# `urlize` would link what follows `ftp://` as a web address.
OTHER_ADDRESS = re.compile(r"((?<![\w+.-])(?!https?://)[a-z][\w+.-]*://\S*)", re.ASCII | re.IGNORECASE)


def render(text: str, room: Room | None = None) -> str:
    """The text as HTML that any page may show: escaped, with line breaks, and with links for URLs and emails.

    `urlize` escapes everything; nh3 then allows only the tags listed here, whatever `urlize` does. `room`, the
    message's room, is not used yet.
    """
    parts = OTHER_ADDRESS.split(text)
    linked = [escape(part) if odd else urlize(part, autoescape=True) for odd, part in zip(cycle((0, 1)), parts)]
    return nh3.clean(
        "".join(linked).replace("\n", "<br>"),
        tags={"a", "br"},
        attributes={"a": {"href"}},
        url_schemes={"http", "https", "mailto"},
        link_rel=LINK_REL,
    )


def stored(html: str) -> Html:
    """Mark HTML from the database or a cache as safe. It must come from `render` or a template."""
    return mark_safe(html)
