"""What people may type in, checked before any verb runs; what a verb refuses is said beside the same field."""

import re
import secrets
from functools import partial
from urllib.parse import quote

from django import forms
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from chat import names, words
from chat.models import Message, Participant, Room
from chat.refusals import Refused
from chat.zones import ZoneField

KEY = re.compile(r"\A[A-Za-z0-9_-]{8,40}\Z", re.ASCII)  # of a form or a page, as `secrets` makes them


class NameField(forms.CharField):
    """A room's or a person's name, as it will be shown."""

    def __init__(self, **kwargs):
        super().__init__(required=False, **kwargs)

    def to_python(self, value):
        return names.display(super().to_python(value))

    def run_validators(self, value):
        names.validate(value)  # Also where nothing was typed: Django's own would skip that.


class NicknameField(NameField):
    def run_validators(self, value):
        names.validate_nickname(value)


class WordsField(forms.CharField):
    """What somebody says: line ends made equal, otherwise as typed."""

    def __init__(self, **kwargs):
        super().__init__(strip=False, required=False, widget=forms.Textarea, **kwargs)

    def to_python(self, value):
        return words.tidy(super().to_python(value))

    def run_validators(self, value):
        words.validate(value)


class VerbForm(forms.Form):
    """A form that ends in a verb of a model."""

    refusal = None
    refused_at = {}

    def does(self, verb):
        """Whether the input was good and the verb agreed; what it answered is then in `result`."""
        if not self.is_valid():
            return False
        try:
            self.result = verb(**{field: self.cleaned_data[field] for field in self.spoken})
        except Refused as refusal:
            if refusal.code == "deleted":
                raise  # There is nothing left to show this form in.
            self.refusal = refusal
            self.add_error(self.refused_at.get(refusal.code, self.speaks_at), refusal)
        return not self.errors


class JoinForm(VerbForm):
    """For any room by its name or, at the door of one, for that room alone."""

    speaks_at = "nickname"
    refused_at = {"looks_alike": "room", "not_opened": "room"}

    room = NameField(label=_("Room"))
    nickname = NicknameField(label=_("Your name"))

    def __init__(self, data=None, *, door=None, invitation=None, address="", membership=None, **kwargs):
        super().__init__(data, **kwargs)
        self.door, self.invitation, self.address, self.membership = door, invitation, address, membership
        if door:
            del self.fields["room"]

    def joins(self, participant):
        """Whether that person is now in, through the membership in `result`."""
        return self.does(partial(participant.enter, door=self.door, invitation=self.invitation))

    @property
    def spoken(self):
        return list(self.fields)

    @property
    def action(self):
        """Where it is sent: its own address, the room at whose door it stands, or wherever its room is."""
        return self.address or (reverse("join_here", args=[self.door.slug]) if self.door else reverse("join"))

    @property
    def back(self):
        """Where one goes on after signing in, to be let in: the address of the door."""
        return quote(self.address or (self.door.get_absolute_url() if self.door else ""))

    @cached_property
    def key(self):
        """The same for as long as this is the same form, however often it is sent."""
        sent = self.data.get("key", "")
        return sent if KEY.match(sent) else secrets.token_urlsafe(16)

    @property
    def starts_at_name(self):
        """Whether the cursor belongs into the name: at a door, or where only the name was refused."""
        return self.door is not None or (bool(self.errors) and "room" not in self.errors)

    @property
    def starts_at_room(self):
        return not self.starts_at_name


class NicknameForm(VerbForm):
    """Another name for somebody who is in."""

    speaks_at = "nickname"
    spoken = ["nickname"]

    nickname = NicknameField(label=_("Your name"))


class MessageForm(VerbForm):
    speaks_at = "text"
    spoken = ["text", "token"]

    n = forms.RegexField(re.compile(r"\A[0-9]{1,18}\Z", re.ASCII), required=False)
    page = forms.RegexField(KEY, required=False)
    text = WordsField()

    def clean(self):
        n, page = self.cleaned_data.get("n"), self.cleaned_data.get("page")
        if not n or not page:
            raise ValidationError({"text": _("This form was not whole. Send it once more.")}, code="token")
        return self.cleaned_data | {"token": f"{page}:{n}"}


class OwnRowForm(forms.ModelForm):
    """Writes its own fields alone, so that it undoes nothing else of the row, such as another generation."""

    def save(self):
        self.instance.save(update_fields=self._meta.fields)


class PreferencesForm(OwnRowForm):
    class Meta:
        model = Participant
        fields = [
            "color_scheme",
            "text_size",
            "enter_sends",
            "less_noise",
            "time_zone",
            "poll_seconds",
            "refresh_seconds",
        ]
        widgets = {"color_scheme": forms.RadioSelect, "text_size": forms.RadioSelect}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["time_zone"] = ZoneField(self.instance.time_zone)


class RefreshForm(OwnRowForm):
    """How often the log looks for new messages where JavaScript is off."""

    class Meta:
        model = Participant
        fields = ["refresh_seconds"]
        help_texts = {"refresh_seconds": ""}


def typed(request):
    """What was sent with a form, or None where it is only shown."""
    return request.POST if request.method == "POST" else None


class RoomAdminForm(forms.ModelForm):
    class Meta:
        model = Room
        fields = ["topic"]

    def clean_topic(self):
        topic = names.display(self.cleaned_data["topic"])
        if words.FORBIDDEN.search(topic):
            raise ValidationError(_("This has characters that cannot be shown. Take them out."), code="characters")
        return topic


class MessageAdminForm(forms.ModelForm):
    text = WordsField(label=_("Words"))

    class Meta:
        model = Message
        fields = ["text"]
