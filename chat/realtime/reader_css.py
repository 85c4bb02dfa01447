"""Stylesheets that adapt the HTML that all readers share: to the reader, and to edits of streamed messages."""

from django.http import HttpResponse
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext

from chat.composer import CACHE_SECONDS
from chat.models import Membership

MODERATOR_RULES = ".state .join-requests{display:block}\n"
# If only moderators may post, members don't see an empty composer.
MEMBER_RULES = """\
.state:has(.announce) ~ .composer .write:last-of-type:has(:placeholder-shown){display:none}
"""
LESS_NOISE_RULES = ":is([data-event=joined],[data-event=left],[data-event=renamed]){display:none}\n"
CONTENT_TYPE = "text/css; charset=utf-8"
# Puts a label above the first unread message. Where that message continues the one before it, so that its author and
# time are hidden, they are shown again. The link to it is hidden once the reader has posted.
UNREAD_RULES = """\
.room:has(#news [data-author="{me}"]) .unread.js{{display:none}}
[id="m{line}"]::before{{content:"{label}"}}
[id="m{line}"] .continued{{margin-block-start:.375rem}}
[id="m{line}"] .continued > a{{grid-area:1/3;justify-self:start;font-size:var(--text-small);opacity:1}}
[id="m{line}"] .continued .byline{{position:static;inline-size:auto;block-size:auto;clip-path:none}}
[id="m{line}"] .continued :is(.byline,time){{-webkit-user-select:auto;user-select:auto}}
[id="m{line}"] .continued .avatar{{visibility:visible;block-size:2.25rem}}
[id="m{line}"] .continued :is(.body,.tombstone){{grid-row:2}}
"""
OWN_RULES = """\
[data-author="{me}"]{{background-color:var(--color-tint)}}
[data-typing~="{me}"]{{display:none}}
[data-without="{me}"]{{display:inline}}
.room:has([data-message]:not([data-author="{me}"])) .new-room{{display:none}}
"""


def reader_stylesheet(membership: Membership | None, first_unread: int | None = None) -> HttpResponse:
    """Return the CSS for what differs between readers: own messages, moderators' notices, the first unread message.

    `first_unread` is the id of that message, or None. Without a membership the CSS is empty, so that it tells
    nothing about the room.
    """
    if membership is None:
        return HttpResponse(content_type=CONTENT_TYPE)
    rules = OWN_RULES.format(me=membership.pk) + (MODERATOR_RULES if membership.is_moderator else MEMBER_RULES)
    if membership.participant.less_noise:
        rules += LESS_NOISE_RULES
    if first_unread:
        label = gettext("New messages").replace('"', "")
        rules += UNREAD_RULES.format(line=first_unread, label=label, me=membership.pk)
    return HttpResponse(rules, content_type=CONTENT_TYPE)


def superseded_stylesheet(line: int, version: int | None) -> HttpResponse:
    """Hides all states of a message but that of `version`. `line` is the message's id.

    Without a version: a system message whose run goes on in a later one. The day heading above it stays.

    For a streamed page, to which HTML can only be added. It is the same for every reader, so browsers may cache it.
    """
    copies = f'[id="m{line}"],[id^="m{line}v"]:not([id="m{line}v{version}"])'
    hidden = f'[id="m{line}"] > .event' if version is None else copies
    response = HttpResponse(f"{hidden}{{display:none}}\n", content_type=CONTENT_TYPE)
    patch_cache_control(response, private=True, max_age=CACHE_SECONDS)
    return response
