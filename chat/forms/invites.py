"""The form that creates an invite link."""

from __future__ import annotations

from functools import partial

from django import forms
from django.utils.translation import gettext_lazy as _

from chat.forms.base import VerbForm
from chat.forms.fields import whole_number_errors
from chat.models import Invite, Membership


class InviteForm(VerbForm):
    error_field = "max_uses"
    verb_fields = ["days", "max_uses"]

    max_uses = forms.IntegerField(
        label=_("Maximum uses"),
        min_value=1,
        max_value=1000,
        error_messages=whole_number_errors(1, "1,000"),
        required=False,
        help_text=_("Leave empty for no limit."),
    )
    days = forms.TypedChoiceField(
        label=_("Expires after"),
        coerce=int,
        initial=7,
        choices=[(1, _("1 day")), (7, _("1 week")), (30, _("1 month")), (365, _("1 year"))],
    )

    def create(self, membership: Membership) -> bool:
        """Create an invite to the member's room. Returns whether that succeeded.

        Then `result` is the invite and the key for its link.
        """
        return self.submit(partial(Invite.objects.issue, membership))
