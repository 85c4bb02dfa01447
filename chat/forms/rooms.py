"""The forms for a room's settings and for deleting it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from chat.forms.base import VerbForm
from chat.forms.fields import LineField, NameField, PlainHiddenInput, TextField, whole_number_errors
from chat.models import Room
from chat.names.normalize import room_key

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise


GROUPS = (
    (_("About"), ("name", "topic", "rules")),
    (_("Who can join"), ("access", "approval", "accounts_only", "member_limit")),
    (_("Who can post"), ("announce_only",)),
)


class RoomSettingsForm(VerbForm):
    """The form for the settings that moderators may change."""

    error_field = "topic"
    field_order = [name for _heading, names in GROUPS for name in names]
    error_fields_by_code = {"full": "approval", "account": "approval"}

    topic = LineField(label=_("Topic"), max_length=200, required=False, help_text=_("One line below the room’s name."))
    rules = TextField(
        label=_("Rules"), max_length=2000, required=False, help_text=_("Everyone sees them before joining.")
    )
    announce_only = forms.BooleanField(
        label=_("Announcements only"),
        required=False,
        help_text=_("Only the owner and moderators can post. Everyone else can read."),
    )
    approval = forms.BooleanField(
        label=_("New members need approval"),
        required=False,
        help_text=_("People with an invite link join without approval. Turning this off approves everyone waiting."),
    )

    def __init__(self, data: QueryDict | None = None, *, room: Room) -> None:
        super().__init__(data, initial={name: getattr(room, name) for name in self.base_fields})
        if settings.ACCOUNTS != "on":
            self.fields.pop("accounts_only", None)
        for field in self.fields.values():
            field.show_hidden_initial, field.hidden_widget = True, PlainHiddenInput
        if "name" in self.fields and room.access == Room.Access.PRIVATE:
            self.fields["name"].help_text = ""  # The address of a private room does not contain its name.

    def groups(self) -> list[tuple[_StrOrPromise, list[forms.BoundField]]]:
        """The fields of this form in groups, each with its heading."""
        shown = [(heading, [self[name] for name in names if name in self.fields]) for heading, names in GROUPS]
        return [(heading, fields) for heading, fields in shown if fields]

    @property
    def verb_fields(self) -> list[str]:
        """The names of the fields to submit: those that were changed on this page, and those that it didn't show.

        Other settings may have been changed by others since the page was opened, and are kept.
        """
        return [name for name in self.fields if name in self.changed_data or not self._was_shown(name)]

    @property
    def changes_name(self) -> bool:
        """Whether the form is valid and changes the room's name; renaming counts towards the limit on new rooms."""
        return self.is_valid() and "name" in self.changed_data

    def _was_shown(self, name: str) -> bool:
        return self[name].html_initial_name in self.data


class OwnerSettingsForm(RoomSettingsForm):
    """The settings of RoomSettingsForm, and those that only the owner may change."""

    error_field = "name"

    name = NameField(label=_("Name"), help_text=_("Links to the old name lead to the new one."))
    access = forms.ChoiceField(
        label=_("Visibility"),
        choices=Room.Access,
        widget=forms.RadioSelect,
        help_text=_(
            "A private room gets a secret address, and its name becomes free for others. New members "
            "need an invite link. Current members stay."
        ),
    )

    accounts_only = forms.BooleanField(
        label=_("Only people with an account can join"), required=False, help_text=_("Current members stay.")
    )
    member_limit = forms.IntegerField(
        label=_("Member limit"),
        min_value=2,
        max_value=1_000_000,
        error_messages=whole_number_errors(2, "1,000,000"),
        required=False,
        help_text=_("Leave empty for no limit. Current members stay."),
    )


class DeleteRoomForm(forms.Form):
    """Confirms that a room is to be deleted: its name has to be typed, to prevent accidents."""

    name = NameField(label=_("Type the room’s name to confirm"))

    def __init__(self, data: QueryDict | None = None, *, room: Room) -> None:
        super().__init__(data)
        self.room = room

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if room_key(name) != room_key(self.room.name):
            raise ValidationError(_("This isn’t the name of the room. Nothing was deleted."), code="other")
        return name
