"""Colours of people: each nickname has one of twelve hues, the same in every room."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from django.db import models
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chat.models.participant import Participant

HUES = 12  # each is a class in messages.css


def random_hue(used: Iterable[int] = ()) -> int:
    """The number of a random hue, from 0 to 11, and not one of `used` if any other is left."""
    free = sorted({*range(HUES)} - {*used}) or range(HUES)
    return free[secrets.randbelow(len(free))]


class HueMixin(models.Model):
    """The part of a participant that chooses the hues of their memberships.

    Hues are random, so that they don't tell which nicknames belong to one person. `hue` is that of the person's first
    nickname, and with `same_hue` that of all.
    """

    hue = models.PositiveSmallIntegerField(default=random_hue, editable=False)
    same_hue = models.BooleanField(
        _("Use the same colour in all rooms"),
        default=False,
        help_text=_("Others could tell that your nicknames belong to one person."),
    )

    class Meta:
        abstract = True

    def hue_of(self: Participant, key: str) -> int:
        """The hue for the nickname with this key, in a room that the person joins for the first time."""
        if self.same_hue:
            return self.hue
        hues = dict(self.memberships.order_by("seen_at", "pk").values_list("nickname_key", "hue"))
        if key in hues:
            return hues[key]
        return random_hue({self.hue, *hues.values()}) if hues else self.hue

    def update_hues(self: Participant) -> None:
        """Give all memberships one hue or, without `same_hue`, each nickname its own. Messages keep theirs."""
        memberships = self.memberships.model.with_deleted.filter(participant=self)
        if self.same_hue:
            memberships.update(hue=self.hue)
            return
        hues: dict[str, int] = {}
        for key in memberships.order_by("-seen_at", "-pk").values_list("nickname_key", flat=True):
            if key not in hues:
                hues[key] = random_hue({self.hue, *hues.values()}) if hues else self.hue
                memberships.filter(nickname_key=key).update(hue=hues[key])
