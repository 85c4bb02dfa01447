"""Memberships: a participant in a room, under a nickname."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.core.paginator import Page, Paginator
from django.db import OperationalError, models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from chat.exceptions import Refused
from chat.models.hue import random_hue
from chat.models.membership_merging import MergingMixin
from chat.models.membership_removal import RemovalMixin
from chat.models.membership_roles import RolesMixin
from chat.models.membership_sending import SendingMixin
from chat.models.membership_status import StatusMixin
from chat.models.name_history import NameHolder
from chat.names.normalize import display_name, nickname_key
from chat.names.slugs import initials

if TYPE_CHECKING:
    from chat.models.participant import Participant
    from chat.prepared_query import Parameter


class MembershipQuerySet(models.QuerySet["Membership"]):
    PER_PAGE = 100

    def page(self, number: str | None) -> Page[Membership]:
        """One page of these memberships: the first if `number` is not a number, the last if it is out of range."""
        pages: Paginator[Membership] = Paginator(self, self.PER_PAGE)
        return pages.get_page(number)

    def waiting(self) -> Self:
        """Memberships with an open join request, oldest first."""
        return self.filter(status=Membership.Status.WAITING).order_by("joined_at", "pk")

    def banned(self) -> Self:
        return self.filter(status=Membership.Status.BANNED).order_by("-seen_at", "pk")

    def kept_out(self) -> Self:
        """Removed people who can't rejoin yet, the last removed first."""
        removed = self.filter(status=Membership.Status.REMOVED, removed_until__gt=timezone.now())
        return removed.order_by("-removed_until", "pk")

    def chat_requests_to(self, participant: Participant | Parameter | None) -> Self:
        """Open chat requests to this participant, as memberships in direct messages, newest first.

        Ignored ones are left out. Each has `partner_name`: who asks. Empty if `participant` is None.
        """
        requested = Membership.Status.CHAT_REQUESTED
        mine = self.filter(participant=participant, status=requested) if participant else self.none()
        named = mine.annotate(partner_name=self.partner_name(models.OuterRef("room"), models.OuterRef("pk")))
        return named.select_related("room").order_by("-joined_at")

    @staticmethod
    def partner_name(room: models.OuterRef, member: models.OuterRef) -> models.Subquery:
        """An annotation: the nickname of the other person in a direct message, besides the member with this id."""
        others = Membership.with_deleted.filter(room=room).exclude(pk=member)
        return models.Subquery(others.values("nickname")[:1])

    def named_like(self, text: str) -> Self:
        """Those with this text in their nickname, or with a look-alike of it. All of them, if the text is empty."""
        key = nickname_key(text)
        return self.filter(models.Q(nickname_key__contains=key) | models.Q(nickname__icontains=text)) if key else self

    def inside(self) -> Self:
        """Current members, the last seen first."""
        return self.filter(status=Membership.Status.IN).order_by("-seen_at", "pk")

    def online(self) -> Self:
        """Current members who were seen in the last 90 seconds."""
        return self.filter(status=Membership.Status.IN, seen_at__gte=timezone.now() - Membership.ONLINE_FOR)

    def stays(self) -> models.QuerySet[Membership, tuple[int, datetime, str]]:
        """Of these members, those inside: id, when they joined, and the room's incarnation, for `realtime.drafts`."""
        inside = self.filter(status=Membership.Status.IN, room__deleted_at=None)
        return inside.values_list("pk", "joined_at", "room__incarnation")

    def holding(self, key: str) -> Self:
        return self.filter(nickname_key=key, holds_name=True)


class MembershipManager(models.Manager["Membership"]):
    """Leaves out the members of deleted rooms, which wait to be erased, by a join with the room.

    Update rows through `with_deleted`. With the join, an UPDATE selects its rows in a subquery, whose conditions
    PostgreSQL does not check again after waiting for the lock of a row.
    """

    def get_queryset(self) -> models.QuerySet[Membership]:
        return super().get_queryset().filter(room__deleted_at=None)


class Membership(SendingMixin, RolesMixin, StatusMixin, RemovalMixin, MergingMixin):
    """`read_version` and `read_message_count` are the room's counters when the member last read the log."""

    ONLINE_FOR = timedelta(seconds=90)
    SEEN_INTERVAL = timedelta(seconds=30)

    room = models.ForeignKey(
        "chat.Room", models.CASCADE, related_name="memberships", verbose_name=_("room"), db_index=False
    )
    participant = models.ForeignKey(
        "chat.Participant", models.CASCADE, related_name="memberships", verbose_name=_("participant")
    )
    nickname = models.CharField(_("name"), max_length=64)
    nickname_key = models.CharField(max_length=256, editable=False)
    namesake_number = models.PositiveSmallIntegerField(default=1, editable=False)
    holds_name = models.BooleanField(_("holds the name"), default=True, editable=False)
    # The number of the member's colour: see `Participant.hue_of`.
    hue = models.PositiveSmallIntegerField(default=random_hue, editable=False)
    invite = models.ForeignKey(
        "chat.Invite",
        models.SET_NULL,
        null=True,
        related_name="joined_members",
        verbose_name=_("joined with"),
        editable=False,
    )
    joined_at = models.DateTimeField(_("joined"), default=timezone.now, editable=False)
    seen_at = models.DateTimeField(_("last seen"), default=timezone.now, editable=False)
    read_version = models.PositiveBigIntegerField(default=0, editable=False)
    read_message_count = models.PositiveBigIntegerField(default=0, editable=False)

    objects = MembershipManager.from_queryset(MembershipQuerySet)()
    with_deleted = MembershipQuerySet.as_manager()

    class Meta:
        verbose_name = _("member")
        verbose_name_plural = _("members")
        constraints = [
            models.UniqueConstraint(fields=["room", "participant"], name="one_membership_per_room"),
            models.UniqueConstraint(
                fields=["room", "nickname_key"], condition=models.Q(holds_name=True), name="one_holder_per_name"
            ),
        ]
        indexes = [models.Index(fields=["room", "seen_at"], name="membership_seen")]

    def __str__(self) -> str:
        return self.nickname

    @property
    def is_online(self) -> bool:
        """Whether the member was seen in the last 90 seconds."""
        return timezone.now() - self.seen_at < self.ONLINE_FOR

    @property
    def was_online_recently(self) -> bool:
        """Whether they were seen less than two SEEN_INTERVALs ago, so that a page of theirs can still be open."""
        return timezone.now() - self.seen_at < 2 * self.SEEN_INTERVAL

    @property
    def other_member(self) -> Membership | None:
        """The other person's membership in this direct message, or None."""
        return self.room.memberships.exclude(pk=self.pk).first()

    @property
    def initials(self) -> str:
        return initials(self.nickname)

    @property
    def name_is_protected(self) -> bool:
        """Whether nobody else can take the nickname: until NAME_HELD_DAYS days after the member was last seen.

        The nicknames of the owner and moderators are always protected, those of online members too.
        """
        if self.is_moderator:
            return True
        away = timezone.now() - self.seen_at
        return away < max(self.ONLINE_FOR, timedelta(days=settings.NAME_HELD_DAYS))

    def change_nickname(self, nickname: str) -> bool:
        """Change the nickname and announce it; messages keep the old one. Returns False if it is the current one.

        Raises Refused if it is taken, or if the member is not in the room, is muted, or the room is locked or
        archived: a nickname could carry a message.
        """
        nickname = display_name(nickname)
        with self.room.change() as room:
            self.refresh_from_db(fields=["nickname", "nickname_key", "holds_name", "status", "muted"])
            if self.nickname == nickname:
                return False
            refusal = self.posting_refusal
            if refusal and refusal.code in ("gone", "archived", "locked", "muted"):
                raise refusal
            room.make_nickname_available(nickname, self)
            self._apply_nickname(nickname, by=self)
            return True

    def _apply_nickname(self, nickname: str, by: Membership | None) -> None:
        names = {"subject_name": self.nickname, "actor_name": self.nickname if by else "", "new_name": nickname}
        self.save_nickname(nickname)
        self.room.append_event("renamed", by, self, **names)

    def save_nickname(self, nickname: str, *fields: str, namesake_number: int | None = None) -> None:
        """Save the nickname, and the changed `fields`, inside the room's `change()`.

        Without `namesake_number`, it is counted in the room.
        """
        fields = ("nickname", "nickname_key", "holds_name", *fields)
        if self.pk is None:
            self.hue = self.participant.hue_of(nickname_key(nickname))
        self.nickname, self.nickname_key, self.holds_name = nickname, nickname_key(nickname), True
        self.save(update_fields=fields if self.pk else None)  # NameHolder needs the primary key.
        self.namesake_number = namesake_number or NameHolder.objects.namesake_number(self, self.nickname_key)
        self.save(update_fields=["namesake_number"])

    def check_same_nickname(self, nickname: str) -> Membership:
        """Return this membership, for a member who joins again. Raises Refused if the nickname is another one."""
        if self.nickname_key != nickname_key(nickname):
            raise Refused(_("You’re already in this room."), code="already_in", instead=self)
        return self

    def release_nickname(self) -> None:
        """Free this nickname for someone else, inside the room's `change()`.

        A current member gets a new nickname, such as `Ann 2`. An open join request is cancelled.
        """
        if self.is_inside:
            self._apply_nickname(self.room.suggest_nickname(self.nickname, self.participant), by=None)
            self.room.take_next_version()
            return
        self.status, self.holds_name = self.Status.LEFT if self.is_waiting else self.status, False
        self.save(update_fields=["holds_name", "status"])
        self.room.update_join_request_count()

    def record_seen(self, reading: bool = False) -> Membership:
        """Save that the member was seen now, at most every 30 seconds. Returns the membership.

        With `reading`, the room's log was on the screen: everything in it is then saved as read, too.
        """
        now = timezone.now()
        if now - self.seen_at >= self.SEEN_INTERVAL:
            read = {"read_version": self.room.version, "read_message_count": self.room.message_count} if reading else {}
            # A busy database must not stop anyone from reading; the next request saves it.
            with suppress(OperationalError):
                Membership.with_deleted.filter(pk=self.pk).update(seen_at=now, **read)
            self.seen_at = now
        return self

    def try_mark_read(self) -> None:
        """Mark everything as read, or do nothing if the database is busy; never call it in a transaction."""
        with suppress(OperationalError):
            self.mark_read()

    def mark_read(self) -> None:
        """Mark everything as read; a database error also breaks the transaction of the caller."""
        if (self.read_version, self.read_message_count) == (self.room.version, self.room.message_count):
            return
        self.read_version, self.read_message_count = self.room.version, self.room.message_count
        self.save(update_fields=["read_version", "read_message_count"])

    @property
    def posting_refusal(self) -> Refused | None:
        """The Refused that `send` would raise for this member now, or None if they may post."""
        refusals = (Refused(message, code=code) for is_so, code, message in POSTING_REFUSALS if is_so(self))
        return next(refusals, None)

    def check_may_post(self) -> None:
        self.refresh_from_db(fields=["status", "nickname", "namesake_number", "role", "muted"])
        if refusal := self.posting_refusal:
            raise refusal


POSTING_REFUSALS = (
    (lambda member: not member.is_inside, "gone", _("You’re no longer in this room.")),
    (
        lambda member: member.room.archived,
        "archived",
        _("This room is archived. You can read it, but nobody can post."),
    ),
    (lambda member: member.room.locked, "locked", _("This room is locked, so nobody can post right now.")),
    (lambda member: member.muted, "muted", _("You’re muted in this room. You can read, but not post.")),
    (
        lambda member: member.room.announce_only and not member.is_moderator,
        "announce",
        _("Only the owner and moderators can post here."),
    ),
    (
        lambda member: member.room.dm_partner_left(),
        "alone",
        _("The other person has left this chat. To message them again, open the member list of a room you share."),
    ),
)
