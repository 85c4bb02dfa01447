"""What staff may type in at their door: name and password, and the codes of their second factor."""

from django import forms
from django.contrib.admin.forms import AdminAuthenticationForm
from django.utils.translation import gettext_lazy as _

from chat import limits, second_factor
from chat.forms import VerbForm
from chat.refusals import Refused


class CodeField(forms.CharField):
    """Letters, too: a recovery code is taken wherever a code is asked for."""

    def __init__(self, **kwargs):
        typed_once = {"autocomplete": "one-time-code", "autocapitalize": "none", "spellcheck": "false"}
        super().__init__(label=_("Code"), max_length=40, widget=forms.TextInput(attrs=typed_once), **kwargs)


class StaffSignInForm(AdminAuthenticationForm):
    code = CodeField(required=False, help_text=_("Empty, if you have set up no second factor."))

    def clean(self):
        limits.signing_in(self.request)
        cleaned = super().clean()
        user = self.get_user()
        if user and second_factor.is_set_up(user):
            self.prove(user, cleaned.get("code", ""))
        return cleaned

    def prove(self, user, code):
        """Only after the password, so that nobody else learns whose sign-in asks for a code."""
        try:
            user.otp_device = second_factor.prove(user, code)
        except Refused as refusal:
            self.add_error("code", refusal)


class CodeForm(VerbForm):
    speaks_at = "code"
    spoken = ["code"]

    code = CodeField()
