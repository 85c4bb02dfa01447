"""Accounts: a name that is its owner's in every room, kept by a password."""

from django.db import IntegrityError, models, transaction
from django.db.models.signals import post_delete, post_save, pre_delete, pre_save
from django.dispatch import receiver
from django.utils.translation import gettext_lazy as _

from chat.exceptions import Refused
from chat.models.direct_message import move_to_account
from chat.models.user import User
from chat.names.normalize import MAX_KEY_LENGTH, nickname_key
from chat.names.reserved import is_reserved

CHANGES_RIGHTS = ("password", "is_active")


class AccountMixin(models.Model):
    """The half of a participant that is empty for a guest. `account_key` is the key of the account's name."""

    user = models.OneToOneField(
        User, models.SET_NULL, null=True, blank=True, related_name="participant", verbose_name=_("account")
    )
    account_key = models.CharField(max_length=256, unique=True, null=True, editable=False)

    class Meta:
        abstract = True

    @property
    def is_guest(self):
        return self.user_id is None

    @property
    def is_active(self):
        """Whoever is a guest, or an account that is not switched off, be it in the database itself."""
        return self.is_guest or self.user.is_active

    @classmethod
    def with_name(cls, nickname):
        """The account that is called so, or looks as if it were; None where there is none."""
        return cls.objects.filter(account_key=nickname_key(nickname)).first()

    @transaction.atomic
    def create_account(self, name, password, email=""):
        """Be an account from now on, with all rooms that one is in. Raises Refused where the name is another's."""
        if is_reserved(name):
            raise Refused(_("This name is kept for those who run this site. Choose another one."), code="reserved")
        self._check_is_guest()
        taken = Refused(_("There is an account of this name, or one that looks like it."), code="taken")
        if self.with_name(name):
            raise taken
        user = User(username=name, email=User.objects.normalize_email(email))
        user.set_password(password)
        user.kept_by = self
        try:
            with transaction.atomic():
                user.save()
        except IntegrityError:
            self.user = self.account_key = None
            raise taken from None
        return self

    def _check_is_guest(self):
        """Raises Refused where the same form was sent twice at once, and the other one was first."""
        if self.pk and type(self).objects.select_for_update().get(pk=self.pk).user_id:
            raise Refused(_("You keep a name already. Load this page again."), code="kept")

    def claim_name(self, user):
        """Be the person who is this account; nobody else bears its name, unless another account had it before."""
        key = nickname_key(user.username)
        theirs = type(self).objects.filter(account_key=key).exclude(pk=self.pk).exists()
        self.user, self.account_key = user, None if theirs or len(key) > MAX_KEY_LENGTH else key
        self.save(update_fields=["user", "account_key"] if self.pk else None)

    def change_password(self, old, new):
        """Another password; other browsers are signed out. Raises Refused where the old one is not it."""
        self._check_password(old)
        self.user.set_password(new)
        self.user.save(update_fields=["password"])
        self.refresh_from_db(fields=["generation"])

    def change_email(self, email, password):
        self._check_password(password)
        self.user.email = email
        self.user.save(update_fields=["email"])

    def delete_account(self, password):
        """Leave all rooms and let the names go; what was said stays under them. Raises Refused."""
        self._check_password(password)
        self.user.delete()

    @transaction.atomic
    def leave_all_rooms(self):
        """Be in no room any more, wait nowhere, and hold no name."""
        for membership in self.memberships.select_related("room").order_by("room"):
            membership.leave(for_good=True)
        self.memberships.update(holds_name=False)

    def _check_password(self, password):
        if not self.user.check_password(password):
            raise Refused(_("This is not your password."), code="password")

    @transaction.atomic
    def bring_along(self, guest):
        """Take over what that guest is, and in which rooms; where one is known oneself, the guest leaves."""
        mine = {membership.room_id: membership for membership in self.memberships.all()}
        for membership in guest.memberships.select_related("room").order_by("room"):
            if membership.room.is_direct_message:
                move_to_account(membership, self)
            elif known := mine.get(membership.room_id):
                membership.merge_into(known)
            else:
                membership.transfer_to(self)


@receiver(pre_save, sender=User)
def note_change_of_rights(instance, **kwargs):
    """Whether this will end what sessions of this person may do, here, in the admin or in a shell."""
    was = User.objects.filter(pk=instance.pk).values(*CHANGES_RIGHTS).first() if instance.pk else None
    instance.rights_change = bool(was) and any(was[name] != getattr(instance, name) for name in CHANGES_RIGHTS)


@receiver(post_save, sender=User)
def end_sessions(instance, created, **kwargs):
    participant = getattr(instance, "participant", None)
    if participant and not created and instance.rights_change:
        participant.sign_out_everywhere()


@receiver(post_save, sender=User)
def keep_the_name(instance, raw=False, update_fields=None, **kwargs):
    """The name of an account is nobody else's, wherever the account was made or renamed."""
    if not raw and (update_fields is None or "username" in update_fields):
        from chat.models.participant import Participant

        participant = getattr(instance, "kept_by", None) or Participant.objects.filter(user=instance).first()
        (participant or Participant()).claim_name(instance)


@receiver(pre_delete, sender=User)
def go_for_good(instance, **kwargs):
    participant = getattr(instance, "participant", None)
    if participant:
        participant.leave_all_rooms()
        participant.sign_out_everywhere()


@receiver(post_delete, sender=User)
def free_the_name(instance, **kwargs):
    from chat.models.participant import Participant

    Participant.objects.filter(user=None).exclude(account_key=None).update(account_key=None)
