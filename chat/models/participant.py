"""A participant: a person as the server knows them, here a guest bound to one browser session."""

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from chat.models.room import Room


class Participant(models.Model):
    REFRESH_CHOICES = [
        (2, _("every 2 seconds")),
        (5, _("every 5 seconds")),
        (10, _("every 10 seconds")),
        (30, _("every 30 seconds")),
        (0, _("only when I ask")),
    ]

    time_zone = models.CharField(_("time zone"), max_length=64, blank=True, help_text=_("Empty: the site's own."))
    refresh_seconds = models.PositiveSmallIntegerField(
        _("look for new messages"), choices=REFRESH_CHOICES, default=5, help_text=_("Where JavaScript is off.")
    )
    created_at = models.DateTimeField(_("first seen"), auto_now_add=True)

    class Meta:
        verbose_name = _("participant")
        verbose_name_plural = _("participants")

    def __str__(self):
        return f"#{self.pk}"

    @property
    def zone(self):
        """The time zone to show times in; one that is not known any more counts as none."""
        try:
            return ZoneInfo(self.time_zone) if self.time_zone else timezone.get_default_timezone()
        except (ZoneInfoNotFoundError, ValueError):
            return timezone.get_default_timezone()

    @transaction.atomic
    def enter(self, nickname, room=None, door=None, time_zone=""):
        """Join `door`, or the room named `room`, which is made where there is none. Raises Refused."""
        self.time_zone = time_zone or self.time_zone
        self.save()
        if door:
            return door.join(self, nickname)
        return Room.objects.enter(room, self, nickname)
