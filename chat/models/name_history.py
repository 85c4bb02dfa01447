"""Which members held a nickname in a room, in order, so that a later holder is not mistaken for an earlier one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models

if TYPE_CHECKING:
    from chat.models.membership import Membership


class NameHolderQuerySet(models.QuerySet["NameHolder"]):
    def namesake_number(self, membership: Membership, key: str) -> int:
        """The number of this member among the holders of this nickname in the room, in order: 1 for the first.

        Records that the member holds it. A member who takes it again gets the same number.
        """
        mine, _new = self.get_or_create(room_id=membership.room_id, key=key, membership=membership)
        return self.filter(room_id=membership.room_id, key=key, pk__lte=mine.pk).count()


class NameHolder(models.Model):
    room = models.ForeignKey("chat.Room", models.CASCADE, related_name="+", db_index=False)
    key = models.CharField(max_length=256)
    membership = models.ForeignKey("chat.Membership", models.CASCADE, related_name="held_names")

    objects = NameHolderQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["room", "key", "membership"], name="one_holding_per_member")]

    def __str__(self) -> str:
        return self.key
