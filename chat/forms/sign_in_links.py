"""The forms that create and use a sign-in link."""

from django import forms
from django.utils.translation import gettext_lazy as _

from chat.forms.base import VerbForm
from chat.forms.two_factor import CodeField


class SignInLinkForm(VerbForm):
    error_field = "hours"
    verb_fields = ["hours"]

    hours = forms.TypedChoiceField(
        label=_("Expires after"),
        coerce=int,
        initial=1,
        choices=[(1, _("1 hour")), (24, _("1 day")), (168, _("1 week"))],
    )


class UseSignInLinkForm(VerbForm):
    error_field = "sign_out_others"

    sign_out_others = forms.BooleanField(label=_("Sign out my other browsers"), required=False)


class UseSignInLinkWithCodeForm(UseSignInLinkForm):
    """The form for accounts with two-factor authentication."""

    error_field = "code"
    field_order = ("code", "sign_out_others")

    code = CodeField(help_text=_("From your authentication app, or a recovery code."))
