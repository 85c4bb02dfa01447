"""Roles: owner, moderators and members of a room, and who becomes owner next."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from chat.models.actor import SYSTEM
from chat.models.audit import Action, record


class RolesMixin(models.Model):
    """The part of a membership that holds its role. A room has one owner; moderators help the owner."""

    class Role(models.TextChoices):
        OWNER = "owner", _("owner")
        MODERATOR = "moderator", _("moderator")
        MEMBER = "member", _("member")

    role = models.CharField(_("role"), max_length=32, choices=Role, default=Role.MEMBER)

    class Meta:
        abstract = True

    @property
    def is_owner(self):
        return self.role == self.Role.OWNER

    @property
    def is_moderator(self):
        """True for moderators and for the owner."""
        return self.role != self.Role.MEMBER

    @property
    def can_unarchive(self):
        """Only the owner can unarchive a room, so only the owner can rejoin it while it is archived."""
        return self.is_owner

    @property
    def role_label(self):
        return self.is_moderator and self.Role(self.role).label

    def outranks(self, other):
        """Whether this member may mute or remove `other`: owners anyone else, moderators ordinary members."""
        return other.pk != self.pk and (self.is_owner or (self.is_moderator and not other.is_moderator))

    def still_outranks(self, other):
        """The same, read again from the database, inside the room's `change()`."""
        self.refresh_from_db(fields=["role", "status"])
        return self.is_inside and self.outranks(other)

    def set_role(self, role, by=None):
        """Change the role and announce it. A new owner or moderator is unmuted. Returns whether it changed."""
        with self.room.change() as room:
            self.refresh_from_db(fields=["role", "nickname", "status", "muted"])
            before = self.role
            if before == role or not self.is_inside:
                return False
            self.save_role(role)
            record(Action.SET_ROLE, by, room=room, member=self, before=before, after=role)
            room.append_event("role", by, self, role=role)
            return True

    def assign_role(self, to, role):
        """As the owner, promote or demote `to`, or transfer ownership to them. Returns whether it changed.

        A room has one owner, so an owner who transfers the room becomes a moderator.
        """
        with self.room.change():
            to.refresh_from_db(fields=["role", "status"])
            if not self.still_outranks(to) or not self.is_owner or not to.is_inside:
                return False
            assigned = to.set_role(role, by=self)
            if role == self.Role.OWNER:
                self.set_role(self.Role.MODERATOR, by=self)
            return assigned

    def make_owner(self, by=None):
        """Make this member the owner, as a site admin; the former owner becomes a moderator.

        Returns False for the owner, for people outside the room, and in direct messages, which have no owner.
        """
        with self.room.change() as room:
            self.refresh_from_db(fields=["status", "role"])
            if not self.is_inside or self.is_owner or room.is_direct_message:
                return False
            for owner in room.memberships.filter(role=self.Role.OWNER).exclude(pk=self.pk):
                owner.set_role(self.Role.MODERATOR, by)
                owner.save_role(self.Role.MODERATOR)  # An owner who has left is demoted without an event.
            return self.set_role(self.Role.OWNER, by)

    def save_role(self, role):
        """Save the role without an event, inside the room's `change()`. Members lose their invite links."""
        self.role, self.muted = role, self.muted and role == self.Role.MEMBER
        self.save(update_fields=["role", "muted"])
        if not self.is_moderator:
            self.revoke_created_invites()

    def pass_ownership_on(self, for_good=False):
        """When the owner leaves, make the longest-serving moderator the owner, if there is one.

        Without a moderator, the longest-standing member becomes the owner, but only if the old owner can't come back:
        `for_good`, or the room is private. Otherwise the old owner keeps the room.
        """
        if not self.is_owner:
            return
        successor = self.room.next_owner(any_member=for_good or self.room.access == self.room.Access.PRIVATE)
        if successor:
            successor.set_role(self.Role.OWNER, SYSTEM)
        if successor or for_good:
            self.save_role(self.Role.MEMBER if for_good else self.Role.MODERATOR)

    def revoke_created_invites(self):
        """Revoke this member's invite links: only the owner and moderators may have active ones."""
        self.created_invites.filter(revoked_at=None).update(revoked_at=timezone.now())
