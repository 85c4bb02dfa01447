"""Former addresses of rooms: where a room was before it was renamed or became private, and whom that leads on."""

from datetime import timedelta
from itertools import islice

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from chat.names.slugs import slug_candidates


class FormerAddressQuerySet(models.QuerySet):
    def leading(self, slugs):
        """Those that still lead on from these addresses."""
        return self.filter(slug__in=slugs).exclude(until__lte=timezone.now())

    def rooms_by_expiry(self, slug):
        """Until when it leads to which rooms; None is for good."""
        until, now = dict(self.filter(slug=slug).values_list("room", "until")), timezone.now()
        return {room: ends for room, ends in until.items() if ends is None or ends > now}

    def withdraw(self):
        """From now on they lead nobody but members, and soon not even those."""
        self.filter(until=None).update(until=timezone.now() + FormerAddress.MEMBERS_REDIRECTED_FOR)


class FormerAddress(models.Model):
    """Leads everybody on while `until` is empty; only members of the room, and until then, where it is set.

    The latter is free for other rooms, so that nobody learns by it that a room is hidden there.
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


def available_slugs(name, room=None, insiders=()):
    """Addresses for a room of that name which nobody else had when they were looked up, some at a time.

    Those that still lead `insiders` on, who are people, are not free to them: they would never find the new room.
    """
    slugs = slug_candidates(name)
    while True:
        some = list(islice(slugs, 20))
        taken = set(_taken(some, room, insiders))
        yield from (slug for slug in some if slug not in taken)


def _taken(slugs, room, insiders):
    from chat.models.membership import Membership
    from chat.models.room import Room

    mine = Q(pk=room.pk) if room else Q(pk=None)
    yield from Room.objects.filter(slug__in=slugs).exclude(mine).values_list("slug", flat=True)
    inside = Membership.objects.inside().filter(participant__in=insiders, room=OuterRef("room"))
    theirs = Q(until=None) | Exists(inside)
    yield from FormerAddress.objects.leading(slugs).filter(theirs).exclude(room=room).values_list("slug", flat=True)
