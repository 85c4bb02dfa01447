"""Words to safe HTML, once, when they are written: the only place that marks HTML safe."""

import nh3
from django.utils.html import urlize
from django.utils.safestring import mark_safe

LINK_REL = "nofollow ugc noopener noreferrer"


def render(text):
    """The words as HTML that any page may show: escaped, line breaks kept, web and mail addresses linked.

    `urlize` escapes everything; nh3 then lets through a closed list and nothing else, whatever came before.
    """
    html = urlize(text, nofollow=False, autoescape=True).replace("\n", "<br>")
    return nh3.clean(
        html,
        tags={"a", "br"},
        attributes={"a": {"href"}},
        url_schemes={"http", "https", "mailto"},
        link_rel=LINK_REL,
    )


def stored(html):
    """HTML that `render` made, on its way out of the database or the cache into a page."""
    return mark_safe(html)
