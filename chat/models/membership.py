"""A membership: a participant in a room under a nickname, and what they do there."""

from contextlib import suppress
from datetime import timedelta

from django.conf import settings
from django.core.paginator import Paginator
from django.db import IntegrityError, OperationalError, models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from chat import markup
from chat.exceptions import Refused
from chat.models.membership_roles import RolesMixin
from chat.models.membership_status import StatusMixin
from chat.models.name_history import NameHolder
from chat.names.normalize import display_name, nickname_key
from chat.names.slugs import initials
from chat.text import text_digest


class MembershipQuerySet(models.QuerySet):
    PER_PAGE = 100

    def page(self, number):
        """One page of them; a number that is none, or too high, gives the nearest."""
        return Paginator(self, self.PER_PAGE).get_page(number)

    def waiting(self):
        """Those who wait to be let in, in their order."""
        return self.filter(status=Membership.Status.WAITING).order_by("joined_at", "pk")

    def banned(self):
        return self.filter(status=Membership.Status.BANNED).order_by("-seen_at", "pk")

    def chat_requests_to(self, participant):
        """Rooms of two into which this person was asked, and by whom; none for None."""
        mine = self.filter(participant=participant, status=Membership.Status.ASKED) if participant else self.none()
        return mine.select_related("room").order_by("-joined_at")

    def inside(self):
        """Those who are in, whoever is looking just now first."""
        return self.filter(status=Membership.Status.IN).order_by("-seen_at", "pk")

    def inside_or_waiting(self):
        """Those who are in, or wait to be let in."""
        return self.filter(status__in=(Membership.Status.IN, Membership.Status.WAITING))

    def online(self):
        """Those who are in and gave a sign of life in the last 90 seconds."""
        return self.filter(status=Membership.Status.IN, seen_at__gte=timezone.now() - Membership.ONLINE_FOR)

    def holding(self, key):
        return self.filter(nickname_key=key, holds_name=True)


class MembershipManager(models.Manager.from_queryset(MembershipQuerySet)):
    """Leaves out the members of deleted rooms. They have a column of their own for that, which saves a join."""

    def get_queryset(self):
        return super().get_queryset().filter(room_deleted=False)


class Membership(RolesMixin, StatusMixin):
    """`read_version` and `read_message_count` are the room's counters when this person last had the log open."""

    ONLINE_FOR = timedelta(seconds=90)
    SEEN_INTERVAL = timedelta(seconds=30)

    room = models.ForeignKey("chat.Room", models.CASCADE, related_name="memberships", verbose_name=_("room"))
    participant = models.ForeignKey(
        "chat.Participant", models.CASCADE, related_name="memberships", verbose_name=_("participant")
    )
    nickname = models.CharField(_("name"), max_length=64)
    nickname_key = models.CharField(max_length=256, editable=False)
    namesake_number = models.PositiveSmallIntegerField(default=1, editable=False)
    holds_name = models.BooleanField(_("holds the name"), default=True, editable=False)
    invite = models.ForeignKey(
        "chat.Invite",
        models.SET_NULL,
        null=True,
        related_name="joined_members",
        verbose_name=_("came by"),
        editable=False,
    )
    joined_at = models.DateTimeField(_("joined"), default=timezone.now, editable=False)
    seen_at = models.DateTimeField(_("last seen"), default=timezone.now, editable=False)
    read_version = models.PositiveBigIntegerField(default=0, editable=False)
    read_message_count = models.PositiveBigIntegerField(default=0, editable=False)
    room_deleted = models.BooleanField(default=False, editable=False)

    objects = MembershipManager()

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

    def __str__(self):
        return self.nickname

    @property
    def is_online(self):
        """Whether they gave a sign of life in the last 90 seconds."""
        return timezone.now() - self.seen_at < self.ONLINE_FOR

    @property
    def was_online_recently(self):
        """Whether an open page of theirs may have given its last sign of life by now, but not the next."""
        return timezone.now() - self.seen_at < 2 * self.SEEN_INTERVAL

    @property
    def other_member(self):
        """The other of a room of two."""
        return self.room.memberships.exclude(pk=self.pk).first()

    @property
    def initials(self):
        return initials(self.nickname)

    @property
    def hue(self):
        """One of twelve colours, the same for ever."""
        return self.pk % 12

    @property
    def name_is_protected(self):
        """Whether the name is still theirs: for some days after their last sign of life (NAME_HELD_DAYS).

        Nobody takes the name of those who keep the room, however long they are away.
        """
        if self.is_moderator:
            return True
        away = timezone.now() - self.seen_at
        return away < max(self.ONLINE_FOR, timedelta(days=settings.NAME_HELD_DAYS))

    def change_nickname(self, nickname):
        """Go by another name from now on; what was said stays under the old one, and the room says so. Raises Refused.

        Where one may not write, a name is not a way to say something all the same.
        """
        nickname = display_name(nickname)
        with self.room.change() as room:
            self.refresh_from_db(fields=["nickname", "nickname_key", "holds_name", "status", "muted"])
            if self.nickname == nickname:
                return
            refusal = self.posting_refusal
            if refusal and refusal.code in ("gone", "archived", "locked", "muted"):
                raise refusal
            room.claim_nickname(nickname, self)
            self._apply_nickname(nickname)

    def _apply_nickname(self, nickname):
        was = self.nickname
        self._save_nickname(nickname)
        self.room.append(event="renamed", nickname=was, namesake_number=self.namesake_number, text=nickname)

    def _save_nickname(self, nickname, *also, namesake_number=None):
        """Bear this name, and write it down together with the other fields `also`; `mark` is the one to be known by."""
        taken = ("nickname", "nickname_key", "holds_name", *also)
        self.nickname, self.nickname_key, self.holds_name = nickname, nickname_key(nickname), True
        self.save(update_fields=taken if self.pk else None)  # It has to have a key before it is noted as a holder.
        self.namesake_number = namesake_number or NameHolder.objects.namesake_number(self, self.nickname_key)
        self.save(update_fields=["namesake_number"])

    def check_same_nickname(self, nickname):
        """This membership, where somebody who is in comes in again by the same name. Raises Refused by another."""
        if self.nickname_key != nickname_key(nickname):
            raise Refused(_("You are in this room already."), code="already_in", instead=self)
        return self

    def release_nickname(self):
        """Let somebody else have the name, inside the room's `change()`: who was away too long goes by another."""
        if self.is_inside:
            self._apply_nickname(self.room.suggest_nickname(self.nickname, self.participant))
            self.room.take_next_version()
            return
        self.status, self.holds_name = self.Status.LEFT if self.is_waiting else self.status, False
        self.save(update_fields=["holds_name", "status"])
        self.room.update_join_request_count()

    def record_seen(self, reading=False):
        """Note a sign of life, written at most every half minute, and whether the log was on the screen."""
        now = timezone.now()
        if now - self.seen_at >= self.SEEN_INTERVAL:
            read = {"read_version": self.room.version, "read_message_count": self.room.message_count} if reading else {}
            # Reading goes on while nothing can be written; the next sign of life is noted instead.
            with suppress(OperationalError):
                Membership.objects.filter(pk=self.pk).update(seen_at=now, **read)
            self.seen_at = now
        return self

    def try_mark_read(self):
        """Mark everything as read; skipped while the database is busy, so never call it in a transaction."""
        with suppress(OperationalError):
            self.mark_read()

    def mark_read(self):
        """The same as part of a transaction: it fails together with the rest."""
        if (self.read_version, self.read_message_count) == (self.room.version, self.room.message_count):
            return
        self.read_version, self.read_message_count = self.room.version, self.room.message_count
        self.save(update_fields=["read_version", "read_message_count"])

    def send(self, text, token):
        """Say something. The same token with the same words is the same message; with others it is refused."""
        html = markup.render(text, self.room)
        if said := self.messages.filter(token=token).first():
            return said.as_repeat(text)
        try:
            with self.room.change() as room:
                self._check_may_post()
                who = {
                    "author": self,
                    "nickname": self.nickname,
                    "namesake_number": self.namesake_number,
                    "role": self.role,
                }
                who["by_account"] = not self.participant.is_guest
                message = room.append(text=text, html=html, token=token, digest=text_digest(text), **who)
                if not self.participant.paused:
                    self.mark_read()
                return message
        except IntegrityError:
            # The same form, sent twice at once: the other one was first.
            return self.messages.get(token=token).as_repeat(text)

    @property
    def posting_refusal(self):
        """What speaks against words of theirs just now, as the refusal with which they would meet, or None."""
        refusals = (Refused(message, code=code) for is_so, code, message in POSTING_REFUSALS if is_so(self))
        return next(refusals, None)

    def _check_may_post(self):
        self.refresh_from_db(fields=["status", "nickname", "namesake_number", "role", "muted"])
        if refusal := self.posting_refusal:
            raise refusal


POSTING_REFUSALS = (
    (lambda member: not member.is_inside, "gone", _("You are no longer in this room.")),
    (lambda member: member.room.archived, "archived", _("The room is archived: it can only be read.")),
    (lambda member: member.room.locked, "locked", _("The room is locked: nobody could write when this was sent.")),
    (lambda member: member.muted, "muted", _("You are muted here: you can read, but not write.")),
    (
        lambda member: member.room.announce_only and not member.is_moderator,
        "announce",
        _("Only those who keep this room write here."),
    ),
    (
        lambda member: member.room.dm_partner_left(),
        "alone",
        _("The other is not here any more, so nobody would read this. Write to them anew from a room of you both."),
    ),
)
