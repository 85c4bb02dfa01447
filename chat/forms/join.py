"""The form to join a room, by its name or on the room's own page."""

import secrets
from functools import partial
from urllib.parse import quote

from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from chat.forms.base import KEY, VerbForm
from chat.forms.fields import NameField, NicknameField


class JoinForm(VerbForm):
    """For any room by its name or, at the door of one, for that room alone."""

    error_field = "nickname"
    error_fields_by_code = {"looks_alike": "room", "not_opened": "room"}

    room = NameField(label=_("Room"))
    nickname = NicknameField(label=_("Your name"))

    def __init__(self, data=None, *, door=None, invite=None, address="", membership=None, **kwargs):
        super().__init__(data, **kwargs)
        self.door, self.invite, self.address, self.membership = door, invite, address, membership
        if door:
            del self.fields["room"]

    def joins(self, participant):
        """Whether that person is now in, through the membership in `result`."""
        return self.does(partial(participant.enter, door=self.door, invite=self.invite))

    @property
    def verb_fields(self):
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
    def focuses_nickname(self):
        """Whether the cursor belongs into the name: at a door, or where only the name was refused."""
        return self.door is not None or (bool(self.errors) and "room" not in self.errors)

    @property
    def focuses_room(self):
        return not self.focuses_nickname
