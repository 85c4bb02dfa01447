"""The form that answers a join request."""

from django.utils.translation import gettext_lazy as _

from chat.forms.base import VerbForm
from chat.forms.fields import LineField


class JoinRequestAnswerForm(VerbForm):
    error_field = "answer"
    verb_fields = ["answer"]

    answer = LineField(label=_("Message"), max_length=200, required=False)
