"""Former addresses of rooms that were renamed or changed their access, and whom they redirect."""

from datetime import timedelta

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class FormerAddressQuerySet(models.QuerySet):
    def leading(self, slugs, now=None):
        """The addresses among these that still redirect."""
        return self.filter(slug__in=slugs).exclude(until__lte=now or timezone.now())

    def withdraw(self):
        """Redirect members only, for one more day."""
        self.filter(until=None).update(until=timezone.now() + FormerAddress.MEMBERS_REDIRECTED_FOR)


class FormerAddress(models.Model):
    """Redirects everyone while `until` is empty. With `until`, it redirects only members, until that time.

    Another room can take an address that redirects only members; otherwise it would reveal that a room was there.
    """

    MEMBERS_REDIRECTED_FOR = timedelta(days=1)

    room = models.ForeignKey("chat.Room", models.CASCADE, related_name="former_addresses", verbose_name=_("room"))
    slug = models.CharField(_("address"), max_length=80)
    until = models.DateTimeField(null=True)

    objects = FormerAddressQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["slug", "room"], name="one_of_a_room")]

    def __str__(self):
        return self.slug
