"""Participants: a guest, known by browser sessions, or an account."""

from __future__ import annotations

from datetime import timedelta, tzinfo
from typing import TYPE_CHECKING, TypedDict, Unpack
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.db import IntegrityError, models, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from chat.exceptions import Refused
from chat.models.account import AccountMixin
from chat.models.audit import Action, record
from chat.models.hue import HueMixin
from chat.models.room import Room

if TYPE_CHECKING:
    from chat.models.actor import ActedBy
    from chat.models.invite import Invite
    from chat.models.membership import Membership
    from chat.models.user import User


class Where(TypedDict, total=False):
    room: str
    target_room: Room | None
    invite: Invite | None


class ParticipantQuerySet(models.QuerySet["Participant"]):
    def by_join_key(self, join_key: str | None) -> Participant:
        """Return the guest whom this join form created in the last 5 minutes, or a new unsaved participant.

        The new one gets this key, unless an older participant has it. Without a key, it is always a new one.
        """
        made = self.filter(join_key=join_key).first() if join_key else None
        if made and timezone.now() - made.created_at < Participant.JOIN_KEY_LIFETIME:
            return made
        return Participant(join_key=None if made else join_key or None)

    def for_user(self, user: User) -> Participant:
        """Return the user's participant, which is created if there is none. Reserves the user's name if possible.

        Users who were created in the admin or on the command line have none at first.
        """
        participant = self.filter(user=user).first() or Participant()
        if participant.account_key is None:
            participant.claim_name(user)
        return participant


class Participant(HueMixin, AccountMixin):
    """A person: a guest or an account.

    `join_key` identifies the form with which a guest joined: sent twice, it creates one guest, not two.
    `generation` counts how often the person was signed out everywhere. Sessions of an earlier generation are invalid.
    """

    COLOR_SCHEMES = [("light", _("light")), ("dark", _("dark"))]
    TEXT_SIZES = [("small", _("smaller")), ("", _("normal")), ("large", _("larger")), ("largest", _("largest"))]
    JOIN_KEY_LIFETIME = timedelta(minutes=5)
    REFRESH_CHOICES = [
        (2, _("every 2 seconds")),
        (5, _("every 5 seconds")),
        (10, _("every 10 seconds")),
        (30, _("every 30 seconds")),
        (0, _("only when I ask")),
    ]

    POLL_CHOICES = [choice for choice in REFRESH_CHOICES if choice[0]]

    time_zone = models.CharField(
        _("time zone"), max_length=64, blank=True, help_text=_("Leave empty for the site’s time zone.")
    )
    refresh_seconds = models.PositiveSmallIntegerField(
        _("Refresh without JavaScript"), choices=REFRESH_CHOICES, default=5
    )
    color_scheme = models.CharField(_("Theme"), max_length=5, choices=[("", _("system")), *COLOR_SCHEMES], blank=True)
    text_size = models.CharField(_("Text size"), max_length=7, choices=TEXT_SIZES, blank=True)
    enter_sends = models.BooleanField(
        _("Enter sends the message"),
        default=True,
        help_text=_("If not, Enter starts a new line, and the button sends."),
    )
    less_noise = models.BooleanField(
        _("Hide joins and leaves"),
        default=False,
        help_text=_("Don’t show who joined, left or changed nickname."),
    )
    poll_seconds = models.PositiveSmallIntegerField(
        _("Check for new messages"),
        choices=POLL_CHOICES,
        default=2,
        help_text=_("With JavaScript on. Less often saves battery and data."),
    )
    paused = models.BooleanField(_("paused"), default=False, editable=False)
    created_at = models.DateTimeField(_("first seen"), auto_now_add=True)
    generation = models.PositiveIntegerField(default=0, editable=False)
    join_key = models.CharField(max_length=40, null=True, unique=True, editable=False)

    objects = ParticipantQuerySet.as_manager()

    class Meta:
        verbose_name = _("participant")
        verbose_name_plural = _("participants")

    def __str__(self) -> str:
        return f"#{self.pk}"

    @property
    def zone(self) -> tzinfo:
        """This person's time zone; the default zone if they chose none, or theirs no longer exists."""
        try:
            return ZoneInfo(self.time_zone) if self.time_zone else timezone.get_default_timezone()
        except (ZoneInfoNotFoundError, ValueError):
            return timezone.get_default_timezone()

    @property
    def is_live(self) -> bool:
        """Whether updates are shown at once; otherwise they come at a longer interval, or not at all (paused)."""
        return self.poll_seconds == 2 and not self.paused

    @property
    def default_nickname(self) -> str:
        """The account's name, or the nickname that the guest used last ("" if there was none)."""
        if self.user:
            return self.user.username
        return self.memberships.order_by("-seen_at").values_list("nickname", flat=True).first() or ""

    def pause(self, paused: bool) -> None:
        """Pause updates (True) or resume them (False), and save that."""
        self.paused = paused
        self.save(update_fields=["paused"])

    def enter(self, nickname: str, **where: Unpack[Where]) -> Membership:
        """Join `target_room`, or the room named `room`, which is created if there is none. Returns the membership.

        `where` has one of these, and `invite` if the person used an invite link. Raises Refused.
        """
        try:
            return self._enter(nickname, **where)
        except IntegrityError:
            # The same form was sent twice at once, and the other request was first.
            first = Participant.objects.by_join_key(self.join_key)
            if self.pk or not first.pk:
                raise
            return first._enter(nickname, **where)

    @transaction.atomic
    def _enter(
        self, nickname: str, room: str = "", target_room: Room | None = None, invite: Invite | None = None
    ) -> Membership:
        if self.pk is None:
            self.save()
        if target_room:
            return target_room.join(self, nickname, invite=invite)
        return Room.objects.enter(room, self, nickname)

    @property
    def can_create_rooms(self) -> bool:
        """Whether the CREATE_ROOMS setting allows this person to create rooms."""
        allowed = {"anyone": True, "accounts": bool(self.user_id), "staff": bool(self.user and self.user.is_staff)}
        return allowed[settings.CREATE_ROOMS]

    def check_can_create_rooms(self) -> None:
        """Raises Refused if the setting CREATE_ROOMS does not allow this participant to create rooms."""
        if not self.can_create_rooms:
            raise Refused(
                _("No room has this name, and only some people can create rooms here. Choose an existing one."),
                code="not_opened",
            )

    @transaction.atomic
    def sign_out_everywhere(self, by: ActedBy = None) -> bool:
        """End all sessions and revoke all sign-in links. A guest loses their identity for good.

        It is written to the audit log if `by` is given. Returns True.
        """
        Participant.objects.filter(pk=self.pk).update(generation=F("generation") + 1)
        self.invalidate_read_permissions()
        self.sign_in_links.all().revoke()
        self.refresh_from_db(fields=["generation"])
        if by:
            record(Action.SIGN_OUT_EVERYWHERE, by, participant=self)
        return True

    @transaction.atomic
    def invalidate_read_permissions(self) -> None:
        """Make cached read permissions invalid in all of this person's rooms, and forget their join key.

        Called when a session has ended. Without the join key, its old join form can't sign the guest in again.
        """
        Participant.objects.filter(pk=self.pk).update(join_key=None)
        for room in Room.objects.of(self).order_by("pk"):
            with room.change():
                room.bump_epoch()
