"""The forms of the composer: a message, and what was typed into it after it was sent."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from chat.composer import Target, typed_text
from chat.forms.base import KEY, VerbForm
from chat.forms.fields import MessageTextField
from chat.text import FORBIDDEN_CHARACTERS, MAX_LENGTH, unify_line_ends
from chat.typing_ahead import FormToken

N = re.compile(r"\A[0-9]{1,18}\Z", re.ASCII)


class TypedText(forms.Textarea):
    """Reads the whole text that a composer shows: letters carried over from the form before it, then the field."""

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> Any:
        return typed_text(data)


class MessageForm(VerbForm):
    """The form that sends a message. It has a token, so sending it twice posts one message.

    The token consists of `n`, the composer's number, and `page`, the page's key. The form may name a target message;
    one of a kind outside `target_kinds` is an error, never ignored.
    """

    error_field = "text"
    verb_fields = ["text", "token", "has_leftover", "more"]
    target_kinds: tuple[str, ...] = ()  # what the sending verb can handle

    n = forms.RegexField(N, required=False)
    page = forms.RegexField(KEY, required=False)
    text = MessageTextField(widget=TypedText)

    def clean(self) -> dict[str, Any]:
        n, page = self.cleaned_data.get("n"), self.cleaned_data.get("page")
        if not n or not page:
            raise self._incomplete("token")
        token = FormToken(page, int(n))
        return self.cleaned_data | {
            "token": str(token),
            "target": self._target(),
            "has_leftover": "carried" in self.data,
            "more": "next" if self.data.get("more") == "next" else "more" in self.data,
        }

    @property
    def needs_new_token(self) -> bool:
        """Whether the form can't be sent again with its token: it was used for another text, or isn't one."""
        return "token" not in self.cleaned_data or (self.refusal is not None and self.refusal.code == "used")

    def _target(self) -> Target | None:
        try:
            target = Target.read(self.data)
        except ValueError:
            raise self._incomplete("target") from None
        if target and target.kind not in self.target_kinds:
            raise self._incomplete("target")
        return target

    def _incomplete(self, code: str) -> ValidationError:
        message = _("Something was missing. Please send it again.")
        return ValidationError({"text": ValidationError(message, code=code)})


def validate_characters(text: str) -> None:
    if FORBIDDEN_CHARACTERS.search(unify_line_ends(text)):
        raise ValidationError(_("This has characters that can’t be shown."), code="characters")


class LeftoverForm(forms.Form):
    """A form that was sent before: its token, and the text that its field has now."""

    n = forms.RegexField(N)
    page = forms.RegexField(KEY)
    text = forms.CharField(strip=False, max_length=2 * MAX_LENGTH, required=False, validators=[validate_characters])
    carried = forms.CharField(strip=False, max_length=MAX_LENGTH, required=False, validators=[validate_characters])

    @property
    def typed(self) -> dict[str, str]:
        """The arguments of `Membership.take_leftover`."""
        texts = {name: unify_line_ends(self.cleaned_data[name]) for name in ("text", "carried")}
        token = str(FormToken(self.cleaned_data["page"], int(self.cleaned_data["n"])))
        return {"typed": texts["text"], "carried": texts["carried"], "token": token}
