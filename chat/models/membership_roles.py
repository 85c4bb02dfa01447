"""Roles: owner, moderators and members of a room, and who becomes owner next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from chat.models.actor import SYSTEM, Actor
from chat.models.audit import Action, record

if TYPE_CHECKING:
    from django.db.models.expressions import Combinable
    from django.utils.functional import _StrOrPromise

    from chat.models.actor import ActedBy
    from chat.models.membership import Membership
    from chat.models.room import Room


class RolesMixin(models.Model):
    """The part of a membership that holds its role. A room has at most one owner; moderators help the owner."""

    class Role(models.TextChoices):
        OWNER = "owner", _("owner")
        MODERATOR = "moderator", _("moderator")
        MEMBER = "member", _("member")

    role = models.CharField(_("role"), max_length=32, choices=Role, default=Role.MEMBER)
    muted: models.BooleanField[bool | Combinable, bool]  # see StatusMixin
    room_id: int

    class Meta:
        abstract = True

    @property
    def is_owner(self) -> bool:
        return self.role == self.Role.OWNER

    @property
    def is_moderator(self) -> bool:
        """True for moderators and for the owner."""
        return self.role != self.Role.MEMBER

    @property
    def can_invite(self: Membership) -> bool:
        """Whether this member may invite others. Everyone may share the room's link, but a private room has none."""
        return self.is_moderator or self.room.access != self.room.Access.PRIVATE

    @property
    def can_unarchive(self) -> bool:
        """Whether this member can unarchive the room: only the owner can, so only they can rejoin an archived room."""
        return self.is_owner

    @property
    def role_label(self) -> _StrOrPromise | Literal[False]:
        return self.is_moderator and self.Role(self.role).label

    def outranks(self, other: Membership) -> bool:
        """Whether this member may mute or remove `other`, a past or present member of the same room.

        The owner outranks everyone else, and moderators outrank ordinary members.
        """
        if other.pk == self.pk or other.room_id != self.room_id:
            return False
        return self.is_owner or (self.is_moderator and not other.is_moderator)

    def still_outranks(self: Membership, other: Membership) -> bool:
        """Read this member again, and return whether they are inside and outrank `other`. Call it in `change()`."""
        self.refresh_from_db(fields=["role", "status"])
        return self.is_inside and self.outranks(other)

    def still_moderates(self: Membership, room: Room, owner: bool = False) -> bool:
        """Read this member again, and return whether they still moderate the room, or with `owner`, own it.

        Call it inside the room's `change()`.
        """
        self.refresh_from_db(fields=["role", "status"])
        holds_role = self.is_owner if owner else self.is_moderator
        return self.room_id == room.pk and self.is_inside and holds_role

    def set_role(self: Membership, role: str, by: ActedBy = None) -> bool:
        """Change this member's role and announce it. Returns whether it changed.

        A new owner or moderator is unmuted. If there is a new owner, the former one becomes a moderator. Nothing
        changes if the member is not in the room, or `by` does not outrank them. Raises Refused if `by` is a member who
        no longer owns the room.
        """
        actor = Actor.of(by)
        with self.room.change_by(actor, owner=True) as room:
            self.refresh_from_db(fields=["role", "nickname", "namesake_number", "status", "muted"])
            if self.role == role or not self.is_inside or not actor.may_act_on(self):
                return False
            former = room.memberships.filter(role=self.Role.OWNER).exclude(pk=self.pk)
            demoted = list(former) if role == self.Role.OWNER else []
            self._replace_role(role, actor)
            for owner in demoted:
                owner._replace_role(self.Role.MODERATOR, actor)
            return True

    def _replace_role(self: Membership, role: str, by: Actor) -> None:
        """Save the role and record it in the audit log, inside the room's `change()`.

        The role of a current member is also announced in the room.
        """
        before = self.role
        self.save_role(role)
        record(Action.SET_ROLE, by, room=self.room, member=self, before=before, after=role)
        if self.is_inside:
            self.room.append_event("role", by, self, role=role)

    def assign_role(self: Membership, to: Membership, role: str) -> bool:
        """As the owner, give `to` this role. A new owner replaces this one. Returns whether the role changed.

        It does not change if this member is no longer the owner, or `to` is not in the room.
        """
        with self.room.change():
            to.refresh_from_db(fields=["role", "status"])
            if not self.still_outranks(to) or not self.is_owner or not to.is_inside:
                return False
            assigned = to.set_role(role, by=self)
            self.refresh_from_db(fields=["role"])
            return assigned

    def make_owner(self: Membership, by: ActedBy = None) -> bool:
        """Make this member the owner, as the site admin `by`; the former owner becomes a moderator.

        Returns False if nothing changes: for the owner, for people outside the room, and in direct messages,
        which have no owner.
        """
        return not self.room.is_direct_message and self.set_role(self.Role.OWNER, by)

    def save_role(self: Membership, role: str) -> None:
        """Save the role without a system message, inside the room's `change()`.

        Moderators are no longer muted. Invite links are revoked if their creator is no longer a moderator.
        """
        self.role, self.muted = role, self.muted and role == self.Role.MEMBER
        self.save(update_fields=["role", "muted"])
        if not self.is_moderator:
            self.revoke_created_invites()

    def pass_ownership_on(self: Membership, for_good: bool = False) -> bool:
        """Pass ownership on from this member, if they are the owner. Returns whether their role changed.

        The next owner is the moderator who joined first. Without a moderator, it is the member who joined first
        (unmuted members before muted ones), but only `for_good` or in a private room, to which the old owner could not
        return. The old owner becomes a moderator; `for_good`, an ordinary member, even if nobody is left to follow.
        """
        if not self.is_owner:
            return False
        with self.room.change():
            self.refresh_from_db(fields=["role", "status"])
            successor = self.successor(for_good)
            if not self.is_owner or not (successor or for_good):
                return False
            self._replace_role(self.Role.MEMBER if for_good else self.Role.MODERATOR, SYSTEM)
            if successor:
                successor.set_role(self.Role.OWNER, SYSTEM)
            return True

    def successor(self: Membership, for_good: bool = False) -> Membership | None:
        """Who would own the room if this member left: None if nobody would, or if they don't own it.

        See `pass_ownership_on`.
        """
        any_member = for_good or self.room.access == self.room.Access.PRIVATE
        return self.room.next_owner(any_member) if self.is_owner else None

    def revoke_created_invites(self: Membership) -> None:
        """Revoke this member's invite links: only the owner and moderators may have active ones."""
        self.created_invites.filter(revoked_at=None).update(revoked_at=timezone.now())
