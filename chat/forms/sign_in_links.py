"""The forms that create and use a sign-in link."""

from django import forms
from django.utils.translation import gettext_lazy as _

from chat.forms.base import VerbForm


class SignInLinkForm(VerbForm):
    error_field = "hours"
    verb_fields = ["hours"]

    hours = forms.TypedChoiceField(
        label=_("Works for"), coerce=int, initial=1, choices=[(1, _("an hour")), (24, _("a day")), (168, _("a week"))]
    )


class UseSignInLinkForm(VerbForm):
    error_field = "sign_out_others"
    verb_fields = ["sign_out_others"]

    sign_out_others = forms.BooleanField(label=_("Sign out the browsers in which I was before"), required=False)
