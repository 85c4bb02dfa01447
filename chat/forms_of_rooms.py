"""What those who keep a room may type in: its settings, who is what in it, and whom they invite."""

from functools import partial

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from chat import names, words
from chat.forms import NameField, VerbForm
from chat.models import Invitation, Membership, Room


class KeptField(forms.CharField):
    """A field without `maxlength`: a browser cuts off what is pasted beyond it without a word."""

    default_error_messages = {
        "max_length": _("This has %(show_value)d characters, and at most %(limit_value)d fit. Make it shorter.")
    }

    def widget_attrs(self, widget):
        return {}


class LineField(KeptField):
    """Something short that is shown in one line, or nothing."""

    def to_python(self, value):
        return names.display(super().to_python(value))

    def validate(self, value):
        super().validate(value)
        _must_be_shown(value)
        if names.has_pile_of_marks(value):
            raise ValidationError(_("Please put fewer marks on one letter."), code="marks")


class TextField(KeptField):
    """Several lines as typed, or none."""

    def __init__(self, **kwargs):
        super().__init__(widget=forms.Textarea(attrs={"rows": 5, "dir": "auto"}), strip=False, **kwargs)

    def to_python(self, value):
        return words.tidy(super().to_python(value))

    def validate(self, value):
        super().validate(value)
        _must_be_shown(value)


def number_from(least, most):
    """What refuses all that is not such a number, in one sentence."""
    sentence = _("Type a whole number from {least} to {most}, or leave it empty.")
    return dict.fromkeys(("invalid", "min_value", "max_value"), format_lazy(sentence, least=least, most=most))


def _must_be_shown(text):
    if words.FORBIDDEN.search(text):
        raise ValidationError(_("This has characters that cannot be shown. Take them out."), code="characters")


class RoomSettingsForm(VerbForm):
    """What each moderator decides."""

    speaks_at = "topic"
    refused_at = {"full": "approval", "account": "approval"}

    topic = LineField(label=_("Topic"), max_length=200, required=False, help_text=_("One line under the room’s name."))
    rules = TextField(
        label=_("Rules"), max_length=2000, required=False, help_text=_("Shown to everybody before they come in.")
    )
    locked = forms.BooleanField(
        label=_("Locked: everybody can read, nobody can write"), required=False, help_text=_("Until you unlock it.")
    )
    announce_only = forms.BooleanField(
        label=_("Announcements only: the owner and moderators write, everybody else reads"), required=False
    )
    approval = forms.BooleanField(
        label=_("Newcomers wait until the owner or a moderator lets them in"),
        required=False,
        help_text=_("Who comes by an invitation comes straight in. When you take this back, all who wait are let in."),
    )

    def __init__(self, data=None, *, room):
        super().__init__(data, initial={name: getattr(room, name) for name in self.base_fields})
        if settings.ACCOUNTS != "on":
            self.fields.pop("accounts_only", None)
        for field in self.fields.values():
            field.show_hidden_initial = True
        if "name" in self.fields and room.access == Room.Access.PRIVATE:
            self.fields["name"].help_text = ""  # Its address has no name in it.

    @property
    def spoken(self):
        """What was changed on the page: what others decided since it was opened stays as they decided."""
        return [name for name in self.fields if name in self.changed_data or not self._was_shown(name)]

    @property
    def takes_another_name(self):
        """Whether one name and address more are used up, as by another room."""
        return self.is_valid() and "name" in self.changed_data

    def _was_shown(self, name):
        return self[name].html_initial_name in self.data


class OwnerSettingsForm(RoomSettingsForm):
    """What the owner decides beside that."""

    speaks_at = "name"

    name = NameField(label=_("Name"), help_text=_("The old address leads to the new one."))
    access = forms.ChoiceField(
        label=_("Who finds it"),
        choices=Room.Access,
        widget=forms.RadioSelect,
        help_text=_(
            "A private room gets a secret address, its name becomes free for others, and nobody comes in without an "
            "invitation; whoever is in stays in."
        ),
    )

    accounts_only = forms.BooleanField(
        label=_("Only people with an account come in"), required=False, help_text=_("Whoever is in stays in.")
    )
    most_members = forms.IntegerField(
        label=_("How many people can be in at once"),
        min_value=2,
        max_value=1_000_000,
        error_messages=number_from(2, "1,000,000"),
        required=False,
        help_text=_("Empty: any number. Whoever is in stays in."),
    )
    archived = forms.BooleanField(
        label=_("Archived: out of use"),
        required=False,
        help_text=_("Nobody writes or comes in, and the home page does not list it. Whoever is in can read it."),
    )

    field_order = [
        "name",
        "topic",
        "rules",
        "access",
        "approval",
        "accounts_only",
        "most_members",
        "announce_only",
        "locked",
        "archived",
    ]


class DeleteRoomForm(forms.Form):
    """Asks for the room's name, so that none is deleted by a slip."""

    name = NameField(label=_("Type the room’s name to delete it"))

    def __init__(self, data=None, *, room):
        super().__init__(data)
        self.room = room

    def clean_name(self):
        name = self.cleaned_data["name"]
        if names.room_key(name) != names.room_key(self.room.name):
            raise ValidationError(_("This is not the name of this room. Nothing was deleted."), code="other")
        return name


class AnswerForm(VerbForm):
    """What is said to somebody who waits to be let in."""

    speaks_at = "answer"
    spoken = ["answer"]

    answer = LineField(label=_("A word to them"), max_length=200, required=False)


class RoleForm(forms.Form):
    role = forms.ChoiceField(choices=Membership.Role)
    confirmed = forms.BooleanField(required=False)

    @property
    def is_meant(self):
        return self.cleaned_data["role"] != Membership.Role.OWNER or self.cleaned_data["confirmed"]


class InvitationForm(VerbForm):
    speaks_at = "most_uses"
    spoken = ["days", "most_uses"]

    most_uses = forms.IntegerField(
        label=_("For how many people"),
        min_value=1,
        max_value=1000,
        error_messages=number_from(1, "1,000"),
        initial=1,
        required=False,
        help_text=_("Empty: for any number."),
    )
    days = forms.TypedChoiceField(
        label=_("Works for"),
        coerce=int,
        initial=7,
        choices=[(1, _("a day")), (7, _("a week")), (30, _("a month")), (365, _("a year"))],
    )

    def makes(self, membership):
        """Whether there is an invitation now; it and the key of its link are in `result`."""
        return self.does(partial(Invitation.objects.make, membership))
