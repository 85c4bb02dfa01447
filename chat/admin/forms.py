"""The admin's forms: signing in with two-factor authentication, and editing a topic or a message."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.contrib.admin.forms import AdminAuthenticationForm
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from chat import limits
from chat.exceptions import Refused
from chat.forms.fields import MessageTextField
from chat.forms.two_factor import CodeField
from chat.models import Message, Room, User, two_factor
from chat.names.normalize import display_name
from chat.text import FORBIDDEN_CHARACTERS, one_line

if TYPE_CHECKING:
    from chat.types import Request


class AdminSignInForm(AdminAuthenticationForm):
    code = CodeField(required=False, help_text=_("Leave blank if you don’t use two-factor authentication."))

    def clean(self) -> dict[str, Any]:
        limits.check_signing_in(cast("Request", self.request), self.data.get("username", ""))
        cleaned = super().clean()
        user = self.get_user()
        if user and two_factor.is_set_up(user):
            self.check_code(user, cleaned.get("code", ""))
        return cleaned

    def check_code(self, user: User, code: str) -> None:
        """Check the code of a user with two-factor authentication. A refusal becomes an error of the field `code`.

        Called only after a correct password, so that others can't find out whether this account uses 2FA.
        """
        limits.check_code(cast("Request", self.request), user.get_username())
        try:
            user.otp_device = two_factor.verify_code(user, code)
        except Refused as refusal:
            self.add_error("code", refusal)


class RoomAdminForm(forms.ModelForm):
    class Meta:
        model = Room
        fields = ["topic"]

    def clean_topic(self) -> str:
        return visible(display_name(self.cleaned_data["topic"]))


class SiteAdminForm(forms.ModelForm):
    """The site's texts. Name, welcome and contact are one line each: the name becomes part of the subject of emails."""

    def clean_name(self) -> str:
        return visible(one_line(self.cleaned_data["name"]))

    def clean_welcome(self) -> str:
        return visible(one_line(self.cleaned_data["welcome"]))

    def clean_contact(self) -> str:
        return visible(one_line(self.cleaned_data["contact"]))


class MessageAdminForm(forms.ModelForm):
    text = MessageTextField(label=_("Text"))

    class Meta:
        model = Message
        fields = ["text"]


def visible(text: str) -> str:
    """Return the text. Raises ValidationError if it has characters that can't be shown."""
    if FORBIDDEN_CHARACTERS.search(text):
        raise ValidationError(_("This has characters that can’t be shown. Remove them."), code="characters")
    return text
