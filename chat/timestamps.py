"""When something happened, in words for the reader: the time, “Yesterday”, or a date."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from chat import markup

if TYPE_CHECKING:
    from datetime import datetime

    from chat.markup import Html


def timestamp(moment: datetime) -> Html:
    """A `<time>` that says when something happened, in the reader's time zone: `14:05`, `Yesterday`, `3 May 2026`."""
    local = timezone.localtime(moment)
    days = (timezone.localdate() - local.date()).days
    if days == 0:
        return markup.time_element(local, date_format(local, "H:i"))
    return markup.time_element(local, _("Yesterday") if days == 1 else date_format(local, "j M Y"))


def date_and_time(moment: datetime) -> Html:
    """A `<time>` with date and time in the reader's time zone: `3 May 2026, 14:05`."""
    local = timezone.localtime(moment)
    return markup.time_element(local, date_format(local, "j F Y, H:i"))
