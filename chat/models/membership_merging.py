"""Merging memberships: when a guest becomes an account, what both have in a room becomes the account's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models

from chat.models.actor import SYSTEM
from chat.models.draft import Draft

if TYPE_CHECKING:
    from chat.models.membership import Membership
    from chat.models.participant import Participant

MERGED_FIELDS = ["status", "role", "muted", "nickname", "nickname_key", "holds_name", "namesake_number"]
MERGED_FIELDS += ["removed_until"]


class MergingMixin(models.Model):
    """The part of a membership that moves it, or what it holds, to the same person's account."""

    class Meta:
        abstract = True

    def transfer_to(self: Membership, participant: Participant) -> bool:
        """Move this membership to another participant, who has proved to be the same person.

        The room's epoch is increased. Returns False if it is theirs already.
        """
        with self.room.change() as room:
            self.refresh_from_db(fields=["participant"])
            if self.participant_id == participant.pk:
                return False
            self.participant = participant
            self.save(update_fields=["participant"])
            room.bump_epoch()
            return True

    def merge_into(self: Membership, known: Membership) -> bool:
        """Leave in favour of `known`, the same person's other membership, which takes over status, role and mute.

        Only more rights or a mute are taken over: `known` does not lose its own. If this membership is banned,
        it stays, and `known` is banned too, unless `known` is the owner or a moderator. If it was removed and can't
        rejoin yet, neither can `known`, unless that is in the room. Returns whether this membership ended or `known`
        has a new status, role or mute.
        """
        with self.room.change() as room:
            self.refresh_from_db(fields=MERGED_FIELDS)
            known.refresh_from_db(fields=MERGED_FIELDS)
            known.room = room
            if self.status == self.Status.BANNED and not known.is_moderator:
                return known.become_banned()
            outside = known.status in (self.Status.LEFT, self.Status.REMOVED, self.Status.JOIN_DECLINED)
            if self.is_kept_out and outside:
                known.take_removal_of(self)
            if self.is_inside and (outside or known.is_waiting):
                known.enter_room(room.available_nickname_for(known, known.nickname))
            elif self.is_waiting and outside:
                known.request_to_join(room.available_nickname_for(known, known.nickname))
            room.take_next_version()
            if known.is_inside and (draft := Draft.objects.filter(pk=self.pk).first()):
                draft.move_to(known.pk)
            rights = known.is_inside and self._transfer_rights_to(known)
            return self.leave(for_good=True) or rights

    def _transfer_rights_to(self: Membership, known: Membership) -> bool:
        """Give `known` invites, mute and role. Returns whether mute or role of `known` changed."""
        self.created_invites.update(created_by=known)
        muted = self.muted and not known.is_moderator and known.set_muted(True, SYSTEM)
        if not self.is_owner and (not self.is_moderator or known.is_moderator):
            return muted
        role = self.role
        self.save_role(self.Role.MEMBER)
        return known.set_role(role, SYSTEM) or muted
