"""The form to change your nickname in a room."""

from django.utils.translation import gettext_lazy as _

from chat.forms.base import VerbForm
from chat.forms.fields import NicknameField


class NicknameForm(VerbForm):
    error_field = "nickname"
    verb_fields = ["nickname"]

    nickname = NicknameField(label=_("Your name"))
