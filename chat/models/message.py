"""A message: words by a membership as they were said, or one line in which the room tells what happened."""

from datetime import timedelta

from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from chat import markup
from chat.exceptions import Refused
from chat.models.membership import Membership
from chat.names.slugs import initials
from chat.text import text_digest


class Message(models.Model):
    """`first_version` is the change that said it and orders the log; `version` the last change to it.

    A message keeps nickname, mark and role under which it was said; `mark` is 1 for the first who had that name in the
    room, 2 for the second. `event` is empty for words.
    """

    GROUPING_WINDOW = timedelta(minutes=5)

    class Event(models.TextChoices):
        OPENED = "opened", _("opened the room")
        JOINED = "joined", _("joined")
        LEFT = "left", _("left")
        REMOVED = "removed", _("was removed")
        RENAMED = "renamed", _("goes by another name")
        ROLE = "role", _("role changed")
        TOPIC = "topic", _("topic changed")
        RULES = "rules", _("rules changed")
        NAMED = "named", _("room renamed")
        ACCESS = "access", _("access changed")
        LOCKED = "locked", _("room locked")
        UNLOCKED = "unlocked", _("room unlocked")
        POSTING = "posting", _("who writes changed")
        ARCHIVED = "archived", _("room archived")
        RESTORED = "restored", _("room restored")
        MUTED = "muted", _("was muted")
        UNMUTED = "unmuted", _("writes again")
        BANNED = "banned", _("was shown out for good")
        DECLINED = "declined", _("does not want to")

    room = models.ForeignKey(
        "chat.Room", models.CASCADE, related_name="messages", verbose_name=_("room"), db_index=False
    )
    membership = models.ForeignKey(
        "chat.Membership", models.CASCADE, null=True, related_name="messages", verbose_name=_("member"), db_index=False
    )
    event = models.CharField(_("event"), max_length=32, choices=Event, blank=True)
    nickname = models.CharField(_("name"), max_length=64, blank=True)
    namesake_number = models.PositiveSmallIntegerField(default=1, editable=False)
    role = models.CharField(_("role"), max_length=32, blank=True)
    by_account = models.BooleanField(_("by an account"), default=False, editable=False)
    text = models.TextField(_("words"), blank=True)
    html = models.TextField(blank=True, editable=False)

    first_version = models.PositiveBigIntegerField(editable=False)
    version = models.PositiveBigIntegerField(editable=False)
    sent_at = models.DateTimeField(_("sent"), editable=False)
    previous_at = models.DateTimeField(null=True, editable=False)
    continues = models.BooleanField(default=False, editable=False)
    edited_at = models.DateTimeField(_("edited"), null=True, editable=False)
    removed_at = models.DateTimeField(_("removed"), null=True, editable=False)

    token = models.CharField(max_length=64, null=True, editable=False)
    digest = models.CharField(max_length=32, blank=True, editable=False)

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        constraints = [
            models.UniqueConstraint(fields=["room", "first_version"], name="one_line_per_version"),
            models.UniqueConstraint(fields=["membership", "token"], name="one_message_per_token"),
        ]
        indexes = [models.Index(fields=["room", "version"], name="message_changes")]

    def __str__(self):
        return self.text[:60] or self.get_event_display()

    def get_absolute_url(self):
        return reverse("message", args=[self.pk]) + f"#m{self.pk}"

    @property
    def starts_day(self):
        """Whether a new day begins with this line, in the active time zone."""
        return not self.previous_at or timezone.localdate(self.sent_at) != timezone.localdate(self.previous_at)

    @property
    def is_long(self):
        """Whether this would push everything else off the screen, so that it is shown in a box of its own."""
        return len(self.text) > 1500 or self.text.count("\n") > 20

    @property
    def role_label(self):
        return self.role and self.role != Membership.Role.MEMBER and Membership.Role(self.role).label

    @property
    def initials(self):
        return initials(self.nickname)

    @property
    def hue(self):
        """One of twelve colours, the same for a member for ever."""
        return self.membership_id % 12

    @property
    def safe_html(self):
        return markup.stored(self.html)

    def as_repeat(self, text):
        """This message, as the answer to its own form sent again. Raises Refused where the words are others."""
        if self.digest != text_digest(text):
            raise Refused(_("This page has sent other words already. Send once more to add these."), code="used")
        return self

    def edit(self, text):
        """Say it in other words; the page shows that it was edited."""
        self._changed(text=text, html=markup.render(text, self.room), edited_at=timezone.now())

    def remove(self):
        """Put a tombstone in its place; the words stay in the database, so that it can be restored."""
        self._changed(removed_at=timezone.now())

    def restore(self):
        self._changed(removed_at=None)

    def _changed(self, **fields):
        """Write these fields under the room's next version, so that every open page hears of it."""
        with self.room.change() as room:
            for name, value in (fields | {"version": room.version}).items():
                setattr(self, name, value)
            self.save(update_fields=[*fields, "version"])
