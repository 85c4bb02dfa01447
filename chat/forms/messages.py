"""The form that sends a message."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from chat.composer import Target
from chat.forms.base import KEY, VerbForm
from chat.forms.fields import MessageTextField


class MessageForm(VerbForm):
    """The form that sends a message. It has a token, so sending it twice posts one message.

    The token consists of `n`, the composer's number, and `page`, the page's key. The form may name a target message;
    one of a kind outside `target_kinds` is an error, never ignored.
    """

    error_field = "text"
    verb_fields = ["text", "token"]
    target_kinds: tuple[str, ...] = ()  # what the sending verb can handle

    n = forms.RegexField(re.compile(r"\A[0-9]{1,18}\Z", re.ASCII), required=False)
    page = forms.RegexField(KEY, required=False)
    text = MessageTextField()

    def clean(self) -> dict[str, Any]:
        n, page = self.cleaned_data.get("n"), self.cleaned_data.get("page")
        if not n or not page:
            raise self._incomplete("token")
        return self.cleaned_data | {"token": f"{page}:{n}", "target": self._target()}

    def _target(self) -> Target | None:
        try:
            target = Target.read(self.data)
        except ValueError:
            raise self._incomplete("target") from None
        if target and target.kind not in self.target_kinds:
            raise self._incomplete("target")
        return target

    def _incomplete(self, code: str) -> ValidationError:
        message = _("This form was not whole. Send it once more.")
        return ValidationError({"text": ValidationError(message, code=code)})
