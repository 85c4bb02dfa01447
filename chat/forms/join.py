"""The form to join a room, by its name or on the room's own page."""

from __future__ import annotations

import secrets
from functools import partial
from typing import Any
from urllib.parse import quote

from django.http import QueryDict
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from chat.forms.base import KEY, VerbForm
from chat.forms.fields import NameField, NicknameField
from chat.message_links import with_message
from chat.models import Invite, Membership, Participant, Room


class JoinForm(VerbForm):
    """The form to join or create a room by its name, or with `target_room` to join that room only.

    `address` is the path to submit to, if it is not the room's own. The page of an invite link sets it. `message` is
    the id of the message to show after joining, or None.
    """

    message: int | None = None
    starts_focused = True  # whether a new form has the focus; a refused one always has it

    error_field = "nickname"
    error_fields_by_code = {"looks_alike": "room", "not_opened": "room"}

    room = NameField(label=_("Room"), help_text=_("A name you and your friends agree on. A new name creates a room."))
    nickname = NicknameField(label=_("Your name"))

    def __init__(
        self,
        data: QueryDict | None = None,
        *,
        target_room: Room | None = None,
        invite: Invite | None = None,
        address: str = "",
        membership: Membership | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data, **kwargs)
        self.target_room, self.invite, self.address, self.membership = target_room, invite, address, membership
        if target_room:
            del self.fields["room"]

    def join(self, participant: Participant) -> bool:
        """Join or ask to join, and return whether that succeeded; then `result` is the membership.

        Otherwise the form has an error.
        """
        return self.submit(partial(participant.enter, target_room=self.target_room, invite=self.invite))

    @property
    def action(self) -> str:
        """The URL that this form is submitted to."""
        if self.address or not self.target_room:
            return self.address or reverse("join")
        return reverse("join_here", args=[self.target_room.slug])

    @property
    def back(self) -> str:
        """The percent-encoded path of the room's join page, to return to after signing in; "" without a room."""
        page = self.address or (self.target_room.get_absolute_url() if self.target_room else "")
        return quote(with_message(page, self.message))

    @cached_property
    def key(self) -> str:
        """The key that was submitted with this form, or a new one for a new form.

        A form that is submitted twice has the same key, so it creates only one guest.
        """
        sent = self.data.get("key", "")
        return sent if KEY.match(sent) else secrets.token_urlsafe(16)

    @property
    def focuses_nickname(self) -> bool:
        """Whether the nickname field gets the focus: if the room is known, or if only the nickname has errors."""
        return self.target_room is not None or (bool(self.errors) and "room" not in self.errors)

    @property
    def focuses_room(self) -> bool:
        return not self.focuses_nickname and (self.is_bound or self.starts_focused)
