"""Painting: the HTML of messages, made once for all who read in the same language and see the same clock."""

from django.core.cache import cache as kept
from django.template.loader import get_template
from django.utils import timezone, translation

from chat import markup
from chat.models import Message
from chat.template_hash import template_hash

TEMPLATE = "partials/message.html"
PARTS = ("partials/day.html", *(f"events/{event}.html" for event in Message.Event))
CACHE_SECONDS = 24 * 3600  # seconds; what nobody looks at makes room for what they do
MAX_CACHED_LENGTH = 4096  # characters; the cache counts entries, not bytes, and these are rarely longer


def render_lines(messages):
    """The messages as lines of a list. Put together here: a loop in a template takes twenty times as long."""
    return markup.stored(
        "\n".join(f'<li id="m{message.pk}">{html}</li>' for message, html in render_messages(messages))
    )


def render_messages(messages):
    """Pairs of message and HTML, in the same order, in the language and time zone that are active."""
    keys = {message.pk: _key(message) for message in messages}
    found = kept.get_many(keys.values())
    made = {keys[m.pk]: _render(m) for m in messages if keys[m.pk] not in found}
    if made:
        kept.set_many({key: html for key, html in made.items() if len(html) <= MAX_CACHED_LENGTH}, CACHE_SECONDS)
        found |= made
    return [(message, markup.stored(found[keys[message.pk]])) for message in messages]


def _render(message):
    return get_template(TEMPLATE).render({"message": message})


def _key(message):
    """All that the painting depends on. Zones that agree on both clocks share it."""
    template, language = template_hash(TEMPLATE, *PARTS), translation.get_language()
    clocks = f"{_offset(message.sent_at)}:{_offset(message.previous_at)}"
    return f"paint:{message.pk}:{message.version}:{template}:{language}:{clocks}"


def _offset(moment):
    """Minutes between the active time zone and UTC at that moment."""
    return moment and int(timezone.localtime(moment).utcoffset().total_seconds() // 60)
