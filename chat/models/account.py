"""Accounts: a name that is its owner's in every room, kept by a password."""

from django.contrib.auth.models import User
from django.db import IntegrityError, models, transaction
from django.db.models.signals import post_delete, post_save, pre_delete, pre_save
from django.dispatch import receiver
from django.utils.translation import gettext_lazy as _

from chat import names
from chat.refusals import Refused
from chat.reserved_names import is_reserved

CHANGES_RIGHTS = ("password", "is_active")


class Account(models.Model):
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

    @classmethod
    def whose_name_is(cls, nickname):
        """The account that is called so, or looks as if it were; None where there is none."""
        return cls.objects.filter(account_key=names.nickname_key(nickname)).first()

    @transaction.atomic
    def keep_name(self, name, password, email=""):
        """Be an account from now on, with all rooms that one is in. Raises Refused where the name is another's."""
        if is_reserved(name):
            raise Refused(_("This name is kept for those who run this site. Choose another one."), code="reserved")
        try:
            with transaction.atomic():
                self.user = User.objects.create_user(name, email, password)
                self.account_key = names.nickname_key(name)
                self.save()
        except IntegrityError:
            self.user = self.account_key = None
            raise Refused(_("There is an account of this name, or one that looks like it."), code="taken") from None
        return self

    def change_password(self, old, new):
        """Another password; other browsers are signed out. Raises Refused where the old one is not it."""
        self._must_know(old)
        self.user.set_password(new)
        self.user.save()
        self.refresh_from_db(fields=["generation"])

    def change_email(self, email, password):
        self._must_know(password)
        self.user.email = email
        self.user.save(update_fields=["email"])

    @transaction.atomic
    def delete_account(self, password):
        """Leave all rooms and let the names go; what was said stays under them. Raises Refused."""
        self._must_know(password)
        for membership in self.memberships.filter(status="in").select_related("room").order_by("room"):
            membership.leave()
        self.memberships.update(holds_name=False)
        self.user.delete()

    def _must_know(self, password):
        if not self.user.check_password(password):
            raise Refused(_("This is not your password."), code="password")

    @transaction.atomic
    def bring_along(self, guest):
        """Take over what that guest is in rooms in which one is not oneself; elsewhere the guest leaves."""
        mine = set(self.memberships.values_list("room", flat=True))
        theirs = guest.memberships.filter(room__pair=None).select_related("room").order_by("room")
        for membership in theirs:
            if membership.room_id not in mine:
                membership.pass_to(self)
            elif membership.present:
                membership.leave()


@receiver(pre_save, sender=User)
def note_change_of_rights(instance, **kwargs):
    """Whether this will end what sessions of this person may do, here, in the admin or in a shell."""
    was = User.objects.filter(pk=instance.pk).values(*CHANGES_RIGHTS).first() if instance.pk else None
    instance.rights_change = bool(was) and any(was[name] != getattr(instance, name) for name in CHANGES_RIGHTS)


@receiver(post_save, sender=User)
@receiver(pre_delete, sender=User)
def end_sessions(instance, **kwargs):
    participant = getattr(instance, "participant", None)
    if participant and ("created" not in kwargs or instance.rights_change):
        participant.sign_out_everywhere()


@receiver(post_delete, sender=User)
def free_the_name(instance, **kwargs):
    from chat.models.participant import Participant

    Participant.objects.filter(user=None).exclude(account_key=None).update(account_key=None)
