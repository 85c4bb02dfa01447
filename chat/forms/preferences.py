"""The forms of a person's preferences."""

from typing import Any

from django import forms
from django.db import transaction

from chat.forms.base import OwnFieldsForm
from chat.models import Participant
from chat.time_zones import TimeZoneField


class PreferencesForm(OwnFieldsForm):
    class Meta:
        model = Participant
        fields = [
            "color_scheme",
            "text_size",
            "enter_sends",
            "less_noise",
            "same_hue",
            "time_zone",
            "poll_seconds",
            "refresh_seconds",
        ]
        widgets = {"color_scheme": forms.RadioSelect, "text_size": forms.RadioSelect}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["time_zone"] = TimeZoneField(self.instance.time_zone)

    @transaction.atomic
    def save(self) -> None:  # type: ignore[override]  # always commits
        super().save()
        if "same_hue" in self.changed_data:
            self.instance.update_hues()


class RefreshForm(OwnFieldsForm):
    """The form for how often the log reloads without JavaScript."""

    class Meta:
        model = Participant
        fields = ["refresh_seconds"]
        help_texts = {"refresh_seconds": ""}
