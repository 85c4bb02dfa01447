"""Former addresses of rooms that were renamed or changed their access, and whom they redirect."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Self

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from chat.prepared_query import Parameter


class FormerAddressQuerySet(models.QuerySet["FormerAddress"]):
    def redirecting(self, slugs: Iterable[str | Parameter], now: datetime | Parameter | None = None) -> Self:
        """Former addresses with one of these slugs that still redirect at `now` (None: the current time)."""
        return self.filter(slug__in=slugs).exclude(until__lte=now or timezone.now())

    def withdraw(self) -> None:
        """Make these addresses redirect only members, for one more day."""
        self.filter(until=None).update(until=timezone.now() + FormerAddress.MEMBERS_REDIRECTED_FOR)


class FormerAddress(models.Model):
    """An earlier slug of a room, which redirects to the room.

    While `until` is None, it redirects everyone. Once `until` is set, it redirects only members, until that time.
    Another room can take an address that redirects only members. If it couldn't, people could find out that a room
    was there.
    """

    MEMBERS_REDIRECTED_FOR = timedelta(days=1)

    room = models.ForeignKey("chat.Room", models.CASCADE, related_name="former_addresses", verbose_name=_("room"))
    slug = models.CharField(_("address"), max_length=80)
    until = models.DateTimeField(null=True)

    objects = FormerAddressQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["slug", "room"], name="one_of_a_room")]

    def __str__(self) -> str:
        return self.slug
