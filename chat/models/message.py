"""Messages: text that a member posted, or a system message about an event in the room."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

from django.db import models, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from chat import markup
from chat.exceptions import Refused
from chat.models.actor import Actor
from chat.models.audit import Action, record
from chat.models.hue import HUES
from chat.models.membership import Membership
from chat.models.message_queryset import MessageQuerySet
from chat.names.slugs import initials
from chat.prepared_query import Parameter, PreparedQuery
from chat.text import text_digest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.utils.functional import _StrOrPromise

    from chat.models.actor import ActedBy


def new_nonce() -> str:
    return secrets.token_urlsafe(9)  # 12 characters


class Message(models.Model):
    """Text that a member sent, or a system message (`event` is not empty).

    `first_version` is the room's version that added it and orders the log; `version` is that of its last change.
    A message keeps its author's nickname, namesake number, role and hue. The namesake number is 1 for the first member
    who had that nickname in the room, 2 for the second. In a system message, `actor` is who did it and `subject` whom
    it is about; `detail` has their names as they were then, and what changed (see `EventsMixin.append_event`).
    """

    GROUPING_WINDOW = timedelta(minutes=5)

    class Event(models.TextChoices):
        OPENED = "opened", _("created the room")
        JOINED = "joined", _("joined")
        LEFT = "left", _("left")
        REMOVED = "removed", _("was removed")
        RENAMED = "renamed", _("changed nickname")
        ROLE = "role", _("role changed")
        TOPIC = "topic", _("topic changed")
        RULES = "rules", _("rules changed")
        NAMED = "named", _("room renamed")
        ACCESS = "access", _("access changed")
        LOCKED = "locked", _("room locked")
        UNLOCKED = "unlocked", _("room unlocked")
        POSTING = "posting", _("posting changed")
        ARCHIVED = "archived", _("room archived")
        RESTORED = "restored", _("room unarchived")
        MUTED = "muted", _("was muted")
        UNMUTED = "unmuted", _("was unmuted")
        BANNED = "banned", _("was banned")
        CHAT_DECLINED = "chat_declined", _("declined the chat")

    room = models.ForeignKey(
        "chat.Room", models.CASCADE, related_name="messages", verbose_name=_("room"), db_index=False
    )
    membership = models.ForeignKey(
        "chat.Membership", models.CASCADE, null=True, related_name="messages", verbose_name=_("member"), db_index=False
    )
    event = models.CharField(_("event"), max_length=32, choices=Event, blank=True)
    actor = models.ForeignKey(
        "chat.Membership", models.SET_NULL, null=True, related_name="+", db_index=False, editable=False
    )
    subject = models.ForeignKey(
        "chat.Membership", models.SET_NULL, null=True, related_name="+", db_index=False, editable=False
    )
    detail = models.JSONField(null=True, editable=False)
    nickname = models.CharField(_("name"), max_length=64, blank=True)
    namesake_number = models.PositiveSmallIntegerField(default=1, editable=False)
    role = models.CharField(_("role"), max_length=32, blank=True)
    hue = models.PositiveSmallIntegerField(null=True, editable=False)
    by_account = models.BooleanField(_("by an account"), default=False, editable=False)
    text = models.TextField(_("text"), blank=True)
    html = models.TextField(blank=True, editable=False)
    # The `markup.RENDERER` that made the HTML. None: before these versions were stored, or a system message.
    renderer = models.PositiveSmallIntegerField(null=True, editable=False)

    first_version = models.PositiveBigIntegerField(editable=False)
    version = models.PositiveBigIntegerField(editable=False)
    # Random, new with each change. The HTML cache uses it in its key, because a restored backup repeats versions.
    nonce = models.CharField(max_length=16, default=new_nonce, editable=False)
    sent_at = models.DateTimeField(_("sent"), editable=False)
    previous_at = models.DateTimeField(null=True, editable=False)
    continues = models.BooleanField(default=False, editable=False)
    edited_at = models.DateTimeField(_("edited"), null=True, editable=False)
    removed_at = models.DateTimeField(_("removed"), null=True, editable=False)

    token = models.CharField(max_length=64, null=True, editable=False)
    digest = models.CharField(max_length=32, blank=True, editable=False)
    # Letters typed into the form after it was sent, until the page's next message takes them.
    leftover = models.TextField(null=True, editable=False)

    objects = MessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        constraints = [
            models.UniqueConstraint(fields=["room", "first_version"], name="one_line_per_version"),
            models.UniqueConstraint(fields=["membership", "token"], name="one_message_per_token"),
        ]
        indexes = [
            models.Index(fields=["room", "version"], name="message_changes"),
            models.Index(fields=["membership", "id"], name="message_by_member"),
            # For foreign key checks when members are deleted; only system messages are in these indexes.
            models.Index(fields=["actor"], condition=models.Q(actor__isnull=False), name="message_actor"),
            models.Index(fields=["subject"], condition=models.Q(subject__isnull=False), name="message_subject"),
            models.Index(fields=["membership"], condition=models.Q(leftover__isnull=False), name="message_leftover"),
        ]

    def __str__(self) -> str:
        return self.text[:60] or self.get_event_display()

    def get_absolute_url(self) -> str:
        return reverse("message", args=[self.pk]) + f"#m{self.pk}"

    @property
    def event_template(self) -> str:
        return f"events/{self.event}.html"

    @property
    def shown_name(self) -> str:
        """The author's nickname. For a system message, the name of the member it is about, or else of who acted."""
        detail = self.detail or {}
        return self.nickname or detail.get("subject_name") or detail.get("actor_name", "")

    @property
    def is_activity(self) -> bool:
        """Whether it moves the room up in lists: someone posted or joined. A changed setting doesn't."""
        return self.event in ("", self.Event.OPENED, self.Event.JOINED)

    @property
    def starts_day(self) -> bool:
        """Whether this is the first message of a day in the active time zone."""
        return not self.previous_at or timezone.localdate(self.sent_at) != timezone.localdate(self.previous_at)

    @property
    def folds_previous(self) -> bool:
        """Whether it continues a run of joins and leaves on the same day, so that pages hide the message before it."""
        return "run" in (self.detail or {}) and not self.starts_day

    @property
    def is_long(self) -> bool:
        """Whether the text is so long that the page shows it in a scrolling box."""
        return len(self.text) > 1500 or self.text.count("\n") > 20

    @property
    def role_label(self) -> _StrOrPromise | Literal[False]:
        return self.role and self.role != Membership.Role.MEMBER and Membership.Role(self.role).label

    @property
    def initials(self) -> str:
        return initials(self.nickname)

    @property
    def shown_hue(self) -> int:
        """The number of the author's colour. Before hues were stored, it came from the membership's id."""
        return (self.membership_id or 0) % HUES if self.hue is None else self.hue

    @property
    def safe_html(self) -> markup.Html:
        """The text as HTML: as it is stored, or rendered now if another version of the renderer stored it."""
        return markup.stored(self.html if self.renderer == markup.RENDERER else markup.render(self.text))

    @staticmethod
    def sent_with(token: str, by: Membership) -> Message | None:
        """Return the message that the member `by` sent with this form token, or None if there is none."""
        return next(iter(messages_with_token.rows(token=token, membership=by.pk)), None)

    def as_repeat(self, text: str) -> Message:
        """Return this message, as the answer to a form sent twice. Raises Refused if it was sent with another text."""
        if not self.was_sent_as(text):
            raise self.used_refusal()
        return self

    def was_sent_as(self, text: str) -> bool:
        return self.digest == text_digest(text) or self.text == text

    @staticmethod
    def used_refusal() -> Refused:
        return Refused(_("This form was already used. Send again to post this text."), code="used")

    @property
    def is_altered(self) -> bool:
        """Whether someone has edited or removed it."""
        return bool(self.edited_at or self.removed_at)

    def is_newer_than(self, age: timedelta) -> bool:
        return timezone.now() - self.sent_at < age

    def edit(self, text: str, by: ActedBy = None) -> bool:
        """Replace the text; the page shows that it was edited.

        Returns False if the text is the same, the message was removed, or it is a system message. Raises Refused if
        `by` may not.
        """
        html = markup.render(text, self.room)
        with transaction.atomic():
            self._lock(by)
            before = self.text
            if self.event or self.removed_at or before == text:
                return False
            self.touch(text=text, html=html, renderer=markup.RENDERER, edited_at=timezone.now())
            self._record(Action.EDIT_MESSAGE, by, before=before, after=text)
            return True

    @transaction.atomic
    def remove(self, by: ActedBy = None) -> bool:
        """Replace the message by a tombstone on pages; the text stays in the database.

        Returns False if it was removed before, or is a system message. Raises Refused if `by` may not.
        """
        self._lock(by)
        if self.event or self.removed_at:
            return False
        self.touch(removed_at=timezone.now())
        self._record(Action.REMOVE_MESSAGE, by)
        return True

    @transaction.atomic
    def restore(self, by: ActedBy = None) -> bool:
        """Show a removed message again and return True, or return False if it is not removed."""
        self._lock(by)
        if not self.removed_at:
            return False
        self.touch(removed_at=None)
        self._record(Action.RESTORE_MESSAGE, by)
        return True

    def _lock(self, by: ActedBy) -> None:
        """Lock the room's row, and reload this message's text and whether it was removed.

        Raises Refused if the room was deleted, or if `by` no longer moderates it.
        """
        if not type(self.room).objects.select_for_update().filter(pk=self.room_id).first():
            raise self.room.deleted_refusal()
        Actor.of(by).check(self.room)
        self.refresh_from_db(fields=["text", "event", "removed_at"])

    def _record(self, action: Action, by: ActedBy, **data: Any) -> None:
        record(action, by, room=self.room, member=self.membership, message=self, **data)

    @classmethod
    def store_html(cls, messages: Iterable[Message]) -> None:
        """Store the HTML of these messages, as this version of the renderer makes it.

        Takes no version of the room: pages show this HTML already. A message whose text was changed since it was read
        is left alone; the edit has stored its HTML.
        """
        rendered = [(message, markup.render(message.text)) for message in messages]
        with transaction.atomic():
            for message, html in rendered:
                cls.objects.filter(pk=message.pk, text=message.text).update(html=html, renderer=markup.RENDERER)

    def touch(self, **fields: Any) -> None:
        """Save these fields with the room's next version and a new nonce, so that open pages and caches update.

        Every change to a stored message is saved by this method, except that of `store_html`.
        """
        with self.room.change() as room:
            changed = fields | {"version": room.version, "nonce": new_nonce()}
            for name, value in changed.items():
                setattr(self, name, value)
            self.save(update_fields=list(changed))


messages_with_token = PreparedQuery(
    lambda: Message.objects.filter(membership=Parameter("membership"), token=Parameter("token"))
)
