"""Turns text into safe HTML: the only module that marks HTML as safe."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import nh3
from django.utils.html import format_html
from django.utils.safestring import mark_safe

from chat import links

if TYPE_CHECKING:
    from datetime import datetime

    from django.utils.safestring import SafeString

    from chat.models import Room

    Html = SafeString  # HTML that is marked as safe

RENDERER = 2  # raise it with every change of what `render` returns, which a test notices
LINK_REL = "nofollow ugc noopener noreferrer"
cleaner = nh3.Cleaner(
    tags={"a"},
    attributes={"a": {"href"}},
    url_schemes={"http", "https", "mailto"},
    url_relative="deny",
    link_rel=LINK_REL,
)


def render(text: str, room: Room | None = None) -> str:
    """The text as HTML that any page may show: escaped, with line breaks, and with links for URLs and emails.

    `room`, the message's room, is not used yet.
    """
    return _with_links(text).replace("\n", "<br>")


def with_links(text: str) -> Html:
    """The text as safe HTML with links, like `render`, but with its line breaks as they are."""
    return mark_safe(_with_links(text))


def stored(html: str) -> Html:
    """Mark HTML from the database or a cache as safe. It must come from `render` or a template."""
    return mark_safe(html)


def time_element(moment: datetime, text: str) -> Html:
    """A `<time>` element that shows this text."""
    return format_html('<time datetime="{}">{}</time>', moment.isoformat(timespec="seconds"), text)


def _with_links(text: str) -> str:
    """The text as HTML with links. Nothing of the text is lost or changed."""
    pieces: list[str] = []
    position = 0
    for start, end, href in links.find(text):
        pieces += _escape(text[position:start]), _link(href, text[start:end])
        position = end
    return "".join([*pieces, _escape(text[position:])])


def _link(href: str, text: str) -> str:
    """Return the link, or only its text if nh3 would change anything in it.

    nh3 reads HTML and URLs as browsers do. It removes tags, attributes and schemes that are not allowed in `cleaner`,
    and URLs that a browser can't open, such as `http://1.2.3.999/`.
    """
    html = f'<a href="{_escape(href)}" rel="{LINK_REL}">{_escape(text)}</a>'
    return html if cleaner.clean(html) == html else _escape(text)


def _escape(text: str) -> str:
    """Escape the text as nh3 does. Quotation marks are allowed: `links` finds no link with a double one."""
    return escape(text, quote=False)
