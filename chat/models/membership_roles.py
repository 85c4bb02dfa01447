"""Keeping a room: what its members are in it, how that is given, taken and handed over, and who comes after whom."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class RolesMixin(models.Model):
    """The half of a membership that says what a person is in the room: one owns it, moderators keep order with them."""

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
        """Whether this person keeps order in the room."""
        return self.role != self.Role.MEMBER

    @property
    def can_unarchive(self):
        """Whether they come back into the room while it is archived: nobody else could use it again."""
        return self.is_owner

    @property
    def role_label(self):
        return self.is_moderator and self.Role(self.role).label

    def outranks(self, other):
        """Whether this person may mute or show out the other: the owner everybody, moderators ordinary members."""
        return other.pk != self.pk and (self.is_owner or (self.is_moderator and not other.is_moderator))

    def still_outranks(self, other):
        """The same as it is by now, inside the room's `change()`."""
        self.refresh_from_db(fields=["role", "status"])
        return self.is_inside and self.outranks(other)

    def set_role(self, role):
        """Be owner, moderator or member from now on; the room says so. Who keeps the room is not muted in it."""
        with self.room.change() as room:
            self.refresh_from_db(fields=["role", "nickname", "status", "muted"])
            if self.role == role or not self.is_inside:
                return
            self._save_role(role)
            room.append(event="role", nickname=self.nickname, namesake_number=self.namesake_number, text=role)

    def assign_role(self, to, role):
        """Promote, demote or hand over, as the owner; nothing happens where either is not who they were any more.

        A room has one owner: whoever gives that away is a moderator then.
        """
        with self.room.change():
            to.refresh_from_db(fields=["role", "status"])
            if not self.still_outranks(to) or not self.is_owner or not to.is_inside:
                return
            to.set_role(role)
            if role == self.Role.OWNER:
                self.set_role(self.Role.MODERATOR)

    def make_owner(self):
        """Own the room by word of the site's staff; who did is a moderator then. Nobody owns a room of two."""
        with self.room.change() as room:
            self.refresh_from_db(fields=["status"])
            if not self.is_inside or room.is_direct_message:
                return
            for owner in room.memberships.filter(role=self.Role.OWNER).exclude(pk=self.pk):
                owner.set_role(self.Role.MODERATOR)
                owner._save_role(self.Role.MODERATOR)  # also where they have left
            self.set_role(self.Role.OWNER)

    def _save_role(self, role):
        self.role, self.muted = role, self.muted and role == self.Role.MEMBER
        self.save(update_fields=["role", "muted"])
        if not self.is_moderator:
            self._revoke_invites()

    def _pass_ownership_on(self, for_good=False):
        """The room of an owner who is out belongs to whoever has been its moderator for longest.

        Where nobody could own it any more - the owner does not come back, or cannot, as it is private - to whoever has
        been in it for longest; otherwise it stays theirs.
        """
        if not self.is_owner:
            return
        heir = self.room.next_owner(anybody=for_good or self.room.access == self.room.Access.PRIVATE)
        if heir:
            heir.set_role(self.Role.OWNER)
        if heir or for_good:
            self._save_role(self.Role.MEMBER if for_good else self.Role.MODERATOR)

    def _revoke_invites(self):
        """Who does not keep the room any more has nobody come in."""
        self.created_invites.filter(revoked_at=None).update(revoked_at=timezone.now())
