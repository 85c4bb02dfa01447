"""Words to safe HTML, once, when they are written: the only place that marks HTML safe."""

import re
from itertools import cycle

import nh3
from django.utils.html import escape, urlize
from django.utils.safestring import mark_safe

LINK_REL = "nofollow ugc noopener noreferrer"
# `urlize` takes what follows `ftp://` for a web address.
OTHER_ADDRESS = re.compile(r"((?<![\w+.-])(?!https?://)[a-z][\w+.-]*://\S*)", re.ASCII | re.IGNORECASE)


def render(text):
    """The words as HTML that any page may show: escaped, line breaks kept, web and mail addresses linked.

    `urlize` escapes everything; nh3 then lets through a closed list and nothing else, whatever came before.
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


def stored(html):
    """HTML that `render` made, on its way out of the database or the cache into a page."""
    return mark_safe(html)
