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
from chat.text import FORBIDDEN_CHARACTERS

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
        try:
            user.otp_device = two_factor.verify_code(user, code)
        except Refused as refusal:
            self.add_error("code", refusal)


class RoomAdminForm(forms.ModelForm):
    class Meta:
        model = Room
        fields = ["topic"]

    def clean_topic(self) -> str:
        topic = display_name(self.cleaned_data["topic"])
        if FORBIDDEN_CHARACTERS.search(topic):
            raise ValidationError(_("This has characters that cannot be shown. Take them out."), code="characters")
        return topic


class MessageAdminForm(forms.ModelForm):
    text = MessageTextField(label=_("Words"))

    class Meta:
        model = Message
        fields = ["text"]
