"""Form fields for names, message text and passwords, with errors in plain words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from chat.names.normalize import display_name
from chat.names.validators import has_too_many_marks, validate_name, validate_nickname
from chat.text import FORBIDDEN_CHARACTERS, tidy_text, validate_text

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise


class NameField(forms.CharField):
    """A form field for the name of a room or a person, normalized for display. An empty name is validated too."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, **kwargs)

    def to_python(self, value: Any) -> str:
        return display_name(super().to_python(value) or "")

    def run_validators(self, value: str) -> None:
        validate_name(value)  # Also for an empty value, which Django would not validate.


class NicknameField(NameField):
    def run_validators(self, value: str) -> None:
        validate_nickname(value)


class MessageTextField(forms.CharField):
    """The text of a message. Only its line ends, empty first lines and blank space at the end are changed."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(strip=False, required=False, **{"widget": forms.Textarea, **kwargs})

    def to_python(self, value: Any) -> str:
        return tidy_text(super().to_python(value) or "")

    def run_validators(self, value: str) -> None:
        validate_text(value)


class UntrimmedField(forms.CharField):
    """A text field without `maxlength` in its HTML, because browsers silently cut off longer pasted text."""

    default_error_messages = {"max_length": _("This has %(show_value)d characters. The limit is %(limit_value)d.")}

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {}


class LineField(UntrimmedField):
    """A single line of text, trimmed, without unprintable characters or too many marks on one letter.

    Pass `required=False` where it may be empty.
    """

    def to_python(self, value: Any) -> str:
        return display_name(super().to_python(value) or "")

    def validate(self, value: str) -> None:
        super().validate(value)
        _check_printable(value)
        if has_too_many_marks(value):
            raise ValidationError(_("Too many accents on one letter. Remove some."), code="marks")


class TextField(UntrimmedField):
    """Several lines of text, without empty first lines, blank space at the end or unprintable characters.

    Pass `required=False` where it may be empty.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(widget=forms.Textarea(attrs={"rows": 5, "dir": "auto"}), strip=False, **kwargs)

    def to_python(self, value: Any) -> str:
        return tidy_text(super().to_python(value) or "")

    def validate(self, value: str) -> None:
        super().validate(value)
        _check_printable(value)


class PlainHiddenInput(forms.HiddenInput):
    """A hidden input without the ARIA attributes that Django adds, which HTML allows for visible fields only."""

    def build_attrs(self, *attributes: Any) -> dict[str, Any]:
        built = super().build_attrs(*attributes)
        return {name: value for name, value in built.items() if not name.startswith("aria-")}


def _check_printable(text: str) -> None:
    if FORBIDDEN_CHARACTERS.search(text):
        raise ValidationError(_("This has characters that can’t be shown. Remove them."), code="characters")


def whole_number_errors(least: int, most: str) -> dict[str, _StrOrPromise]:
    """The error messages of a number field: one sentence for everything but a whole number in this range."""
    sentence = _("Enter a whole number from {least} to {most}, or leave it empty.")
    return dict.fromkeys(("invalid", "min_value", "max_value"), format_lazy(sentence, least=least, most=most))


class PasswordField(forms.CharField):
    """A field for a password: spaces at its ends are kept, and a page never contains what was typed."""

    def __init__(self, autocomplete: str, **kwargs: Any) -> None:
        widget = forms.PasswordInput(attrs={"autocomplete": autocomplete})
        words = {"required": _("Enter a password."), "max_length": _("This is longer than 256 characters.")}
        super().__init__(strip=False, max_length=256, widget=widget, error_messages=words, **kwargs)
