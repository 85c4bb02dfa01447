"""The form that sends a message."""

import re

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from chat.forms.base import KEY, VerbForm
from chat.forms.fields import MessageTextField


class MessageForm(VerbForm):
    error_field = "text"
    verb_fields = ["text", "token"]

    n = forms.RegexField(re.compile(r"\A[0-9]{1,18}\Z", re.ASCII), required=False)
    page = forms.RegexField(KEY, required=False)
    text = MessageTextField()

    def clean(self):
        n, page = self.cleaned_data.get("n"), self.cleaned_data.get("page")
        if not n or not page:
            raise ValidationError({"text": _("This form was not whole. Send it once more.")}, code="token")
        return self.cleaned_data | {"token": f"{page}:{n}"}
