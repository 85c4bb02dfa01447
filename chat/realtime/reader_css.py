"""Stylesheets that make a painting which all share one's own, or take back a part of it."""

from django.http import HttpResponse
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext

from chat.composer import CACHE_SECONDS

KEEPER = ".state .join-requests{display:block}\n"
# An empty field in which nobody can write only asks for words in vain.
MEMBER = """\
.state:has(.announce) ~ .composer .write:last-of-type:has(:placeholder-shown){display:none}
.room:has(> .foot .announce) .first-message-hint{display:none}
"""
QUIET = ":is([data-event=joined],[data-event=left],[data-event=renamed]){display:none}\n"
TYPE = "text/css; charset=utf-8"
# The first unread line may go on with what somebody said before: below the line above it, it says who again. The link
# to it goes where it is among the last three lines, which are in sight as the page opens, or the reader has answered.
UNREAD = """\
.room:has(#older>[id="m{line}"]:nth-last-child(-n+3)):not(:has(#older>li:nth-last-child(-n+3) .long)) .unread.js,
.room:has(#news [data-author="{me}"]) .unread.js{{display:none}}
[id="m{line}"]::before{{content:"{label}"}}
[id="m{line}"] .continued{{margin-block-start:.375rem}}
[id="m{line}"] .continued > a{{opacity:1}}
[id="m{line}"] .continued .byline{{position:static;inline-size:auto;block-size:auto;clip-path:none}}
[id="m{line}"] .continued .avatar{{visibility:visible;block-size:2.25rem}}
[id="m{line}"] .continued :is(.body,.tombstone){{grid-row:2;grid-column:2/4}}
"""
OWN = """\
[data-author="{me}"]{{background-color:var(--color-tint)}}
[data-typing~="{me}"]{{display:none}}
[data-without="{me}"]{{display:inline}}
"""


def reader_stylesheet(membership, first_unread=None):
    """What makes the painting one's own: my messages set apart, a line above the first that I have not read, the others
    who type, and what concerns only those who keep the room. Nothing for who has no place in it."""
    if membership is None:
        return HttpResponse(content_type=TYPE)
    rules = OWN.format(me=membership.pk) + (KEEPER if membership.is_moderator else MEMBER)
    if membership.participant.less_noise:
        rules += QUIET
    if first_unread:
        label = gettext("New since you were here").replace('"', "")
        rules += UNREAD.format(line=first_unread, label=label, me=membership.pk)
    return HttpResponse(rules, content_type=TYPE)


def superseded_stylesheet(line, version):
    """What hides a line's earlier states in a page that can only be gone on with; the same for everybody, so kept."""
    rule = f'[id="m{line}"],[id^="m{line}v"]:not([id="m{line}v{version}"]){{display:none}}\n'
    response = HttpResponse(rule, content_type=TYPE)
    patch_cache_control(response, private=True, max_age=CACHE_SECONDS)
    return response
