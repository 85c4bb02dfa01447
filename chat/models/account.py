"""Accounts: a name that is reserved in every room, protected by a password."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import IntegrityError, models, transaction
from django.utils.translation import gettext_lazy as _

from chat.exceptions import Refused
from chat.models.direct_message import move_to_account
from chat.models.membership import Membership
from chat.models.user import User
from chat.names.normalize import MAX_KEY_LENGTH, nickname_key
from chat.names.reserved import is_reserved

if TYPE_CHECKING:
    from chat.models.actor import Actor
    from chat.models.participant import Participant


class AccountMixin(models.Model):
    """The part of a participant that is about their account; a guest has none.

    `account_key` is the nickname key of the account's name. It is None for guests, and if another account has that key.
    """

    user = models.OneToOneField(
        User, models.SET_NULL, null=True, blank=True, related_name="participant", verbose_name=_("account")
    )
    account_key = models.CharField(max_length=256, unique=True, null=True, editable=False)

    class Meta:
        abstract = True

    @property
    def is_guest(self) -> bool:
        return self.user_id is None

    @classmethod
    def by_account_name(cls: type[Participant], nickname: str) -> Participant | None:
        """The participant whose account has this name or a look-alike, or None."""
        return cls.objects.filter(account_key=nickname_key(nickname)).first()

    @transaction.atomic
    def create_account(self: Participant, name: str, password: str, email: str = "") -> Participant:
        """Turn this guest into an account with this name and password; all memberships are kept.

        Returns this participant. Raises Refused if the name is taken or reserved, or if this is an account
        already.
        """
        if is_reserved(name):
            raise Refused(_("This name is reserved for this site’s admins. Choose another one."), code="reserved")
        self._check_is_guest()
        taken = Refused(_("An account with this name, or a nearly identical one, already exists."), code="taken")
        if self.by_account_name(name):
            raise taken
        user = User(username=name, email=User.objects.normalize_email(email))
        user.set_password(password)
        user.new_participant = self
        try:
            with transaction.atomic():
                user.save()
        except IntegrityError:
            self.user = self.account_key = None
            raise taken from None
        return self

    def _check_is_guest(self: Participant) -> None:
        """Raise Refused if this is an account already, for example because the same form was sent twice at once."""
        if self.pk and type(self).objects.select_for_update().get(pk=self.pk).user_id:
            raise Refused(_("You have an account already. Reload this page."), code="kept")

    def claim_name(self: Participant, user: User) -> None:
        """Link the participant to this user, and reserve the user's name.

        It is not reserved if another account has it or a look-alike, or if its key is too long.
        """
        key = nickname_key(user.username)
        theirs = type(self).objects.filter(account_key=key).exclude(pk=self.pk).exists()
        self.user, self.account_key = user, None if theirs or len(key) > MAX_KEY_LENGTH else key
        self.save(update_fields=["user", "account_key"] if self.pk else None)

    def change_password(self: Participant, old: str, new: str) -> None:
        """Change the password, and end all sessions; the caller signs this browser in again.

        Raises Refused if the old password is wrong. Hashing takes a tenth of a second, so it is done before the
        transaction, which locks SQLite for all other writers.
        """
        user = self._check_password(old)
        user.set_password(new)
        with transaction.atomic():
            user.save(update_fields=["password"])
            self.refresh_from_db(fields=["generation"])

    def change_email(self: Participant, email: str, password: str) -> None:
        user = self._check_password(password)
        user.email = email
        user.save(update_fields=["email"])

    def delete_account(self: Participant, password: str) -> None:
        """Delete the user, leave all rooms and free all names; messages stay, with their nicknames.

        Raises Refused if the password is wrong.
        """
        self._check_password(password).delete()

    @transaction.atomic
    def leave_all_rooms(self: Participant, by: Actor | None = None) -> None:
        """Leave all rooms, cancel all join requests and free all nicknames.

        With `by`, a site admin, the memberships end as removals by that admin.
        """
        for membership in self.memberships.select_related("room").order_by("room"):
            if by:
                membership.remove(by)
            membership.leave(for_good=True)
        Membership.with_deleted.filter(participant=self).update(holds_name=False)

    def _check_password(self: Participant, password: str) -> User:
        user = self.user or User()  # without a user, no password is right
        user.confirm_password(password)
        return user

    @transaction.atomic
    def merge_guest(self: Participant, guest: Participant) -> None:
        """Take over a guest's memberships; in a room that both are in, the guest's is merged into the account's."""
        mine = {membership.room_id: membership for membership in self.memberships.all()}
        for membership in guest.memberships.select_related("room").order_by("room"):
            if membership.room.is_direct_message:
                move_to_account(membership, self)
            elif known := mine.get(membership.room_id):
                membership.merge_into(known)
            else:
                membership.transfer_to(self)
        if self.same_hue:
            self.update_hues()
