"""The forms with a code of two-factor authentication."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from chat.forms.base import VerbForm
from chat.forms.fields import PasswordField


class CodeField(forms.CharField):
    """A field for a code of an authentication app or a recovery code. Both are digits, often typed in groups."""

    def __init__(self, **kwargs: Any) -> None:
        typed_once = {"autocomplete": "one-time-code", "inputmode": "numeric", "spellcheck": "false"}
        messages = {
            "required": _("Enter the current code from your app, or a recovery code."),
            "max_length": _("This is too long for a code."),
        }
        widget = forms.TextInput(attrs=typed_once)
        super().__init__(label=_("Code"), max_length=40, widget=widget, error_messages=messages, **kwargs)


class CodeForm(VerbForm):
    error_field = "code"
    verb_fields = ["code"]

    code = CodeField(help_text=_("From your authentication app, or a recovery code."))


class PasswordAndCodeForm(CodeForm):
    error_fields_by_code = {"password": "password"}
    verb_fields = ["password", "code"]
    field_order = verb_fields

    password = PasswordField("current-password", label=_("Your password"))


class SetUpTwoFactorForm(PasswordAndCodeForm):
    code = CodeField()
