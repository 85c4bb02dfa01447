"""Rooms: finding and creating them, their counters, and `change()`, the transaction in which a room's log changes."""

from __future__ import annotations

import string
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, Self

from django.core.paginator import Page, Paginator
from django.db import IntegrityError, models, transaction
from django.db.models import Case, Exists, F, OuterRef, Q, When
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import get_random_string
from django.utils.translation import gettext_lazy as _

from chat.exceptions import Refused
from chat.models.actor import ActedBy, Actor
from chat.models.membership import Membership
from chat.models.message import Message, new_nonce
from chat.models.room_address import FormerAddress
from chat.models.room_deletion import DeletionMixin
from chat.models.room_events import EventsMixin
from chat.models.room_joining import JoiningMixin
from chat.models.room_settings import SettingsMixin
from chat.names.normalize import display_name, room_key, room_lookalike_key
from chat.names.slugs import slug_candidates
from chat.realtime import pubsub

if TYPE_CHECKING:
    from chat.models.participant import Participant
    from chat.models.previews import Preview
    from chat.prepared_query import Parameter

INCARNATION_LENGTH = 10  # characters


def new_incarnation() -> str:
    return get_random_string(INCARNATION_LENGTH, string.ascii_lowercase + string.digits)


class RoomQuerySet(models.QuerySet["Room"]):
    PER_PAGE = 50

    def rotate_incarnations(self) -> int:
        """Make open pages load their logs again: after a restored backup, versions may mean something else."""
        return self.update(incarnation=new_incarnation())

    def by_activity(self) -> Self:
        return self.order_by(F("active_at").desc(nulls_last=True), "pk")

    def listed(self) -> Self:
        return self.filter(access=Room.Access.OPEN, archived=False)

    def discoverable(self) -> Self:
        """Rooms that people outside them may find: all except private ones."""
        return self.exclude(access=Room.Access.PRIVATE)

    def with_online_count(self) -> Self:
        """Add `online_count` to each room: how many of its members were seen in the last 90 seconds."""
        present = Membership.objects.online().filter(room=OuterRef("pk")).order_by().values("room")
        counted = present.annotate(n=models.Count("pk")).values("n")
        return self.annotate(online_count=Coalesce(models.Subquery(counted), 0))

    def of(self, participant: Participant | Parameter | None) -> Self:
        """Rooms of which this participant is a member now, with `unread` (number of new messages) and `member` (an id).

        Direct messages have the other person's nickname as `partner_name`. Empty if `participant` is None.
        """
        if participant is None:
            return self.none()
        mine = self.filter(memberships__participant=participant, memberships__status=Membership.Status.IN)
        mine = mine.annotate(unread=F("message_count") - F("memberships__read_message_count"), member=F("memberships"))
        partner_name = Membership.objects.partner_name(OuterRef("pk"), OuterRef("member"))
        return mine.annotate(partner_name=Case(When(dm_key__isnull=False, then=partner_name)))

    def page(self, number: str | None) -> Page[Room]:
        """Return one page of the rooms: the first if `number` is not a number, the last if it is out of range."""
        pages: Paginator[Room] = Paginator(self, self.PER_PAGE)
        return pages.get_page(number)

    def by_name(self, name: str) -> Room | None:
        return self.filter(key=room_key(name)).first()

    def would_create(self, name: str) -> bool:
        """Whether joining by this name creates a room: no room has its room key or lookalike key."""
        return not self.filter(Q(key=room_key(name)) | Q(lookalike_key=room_lookalike_key(name))).exists()

    def enter(self, name: str, participant: Participant, nickname: str) -> Membership:
        """Join the room of that name, or create it as its owner. Returns the membership; raises Refused."""
        with transaction.atomic():
            room, created = self._find_or_create(name, participant)
            return room.join(participant, nickname, role=Membership.Role.OWNER if created else Membership.Role.MEMBER)

    def _find_or_create(self, name: str, participant: Participant) -> tuple[Room, bool]:
        if room := self._find(name):
            return room, False
        participant.check_can_create_rooms()
        return self._create(name, participant)

    def _find(self, name: str) -> Room | None:
        """The room of that name, or None. Raises Refused if there is none, but a room whose name looks alike.

        That room is the refusal's `instead`.
        """
        if room := self.by_name(name):
            return room
        if twin := self.filter(lookalike_key=room_lookalike_key(name)).first():
            raise Refused(_("A room with a nearly identical name exists."), code="looks_alike", instead=twin)
        return None

    def _create(self, name: str, participant: Participant) -> tuple[Room, bool]:
        """Create the room at the first free slug and return (room, True).

        If someone else creates a room of this name at the same moment, that room and False are returned.
        """
        about = {"name": display_name(name), "key": room_key(name), "lookalike_key": room_lookalike_key(name)}
        slugs = self.available_slugs(name, insiders=[participant.pk])
        while True:
            try:
                with transaction.atomic():
                    return self.create(slug=next(slugs), **about), True
            except IntegrityError:
                if room := self._find(name):
                    return room, False

    def available_slugs(self, name: str, room: Room | None = None, insiders: Iterable[int] = ()) -> Iterator[str]:
        """Yield slugs for a room of this name that are free when looked up, 20 per query, without end.

        A slug is taken if another room has it or if it redirects everyone. It is also taken if it redirects
        members of another room and one of `insiders` (participants) is such a member. The slugs of `room`
        itself count as free.
        """
        slugs = slug_candidates(name)
        while True:
            some = list(islice(slugs, 20))
            taken = self._taken_slugs(some, room, insiders)
            yield from (slug for slug in some if slug not in taken)

    def _taken_slugs(self, slugs: list[str], room: Room | None, insiders: Iterable[int]) -> set[str]:
        current = (self.exclude(pk=room.pk) if room else self).filter(slug__in=slugs)
        inside = Membership.objects.inside().filter(participant__in=insiders, room=OuterRef("room"))
        former = FormerAddress.objects.redirecting(slugs).filter(Q(until=None) | Exists(inside)).exclude(room=room)
        return {*current.values_list("slug", flat=True), *former.values_list("slug", flat=True)}


class RoomManager(models.Manager["Room"]):
    """Leaves out deleted rooms whose rows are not erased yet."""

    def get_queryset(self) -> models.QuerySet[Room]:
        return super().get_queryset().filter(deleted_at=None)


class Room(JoiningMixin, SettingsMixin, EventsMixin, DeletionMixin):
    """A room. `version` counts its changes, `message_count` its members' messages, `epoch` lost permissions to read.

    `active_at` is when someone last posted or joined. `header_version` is the version that last changed the header.
    `dm_key` identifies the two people of a direct message, and is None otherwise. A delta can't start below
    `floor_version`. Versions are comparable only within one `incarnation`.
    """

    MAX_MESSAGES_WHEN_NEW = 10

    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    dm_key = models.CharField(max_length=64, unique=True, null=True, editable=False)

    incarnation = models.CharField(max_length=INCARNATION_LENGTH, default=new_incarnation, editable=False)
    version = models.PositiveBigIntegerField(default=0, editable=False)
    nonce = models.CharField(max_length=16, default=new_nonce, editable=False)
    epoch = models.PositiveBigIntegerField(default=0, editable=False)
    floor_version = models.PositiveBigIntegerField(default=0, editable=False)
    header_version = models.PositiveBigIntegerField(default=0, editable=False)
    message_count = models.PositiveBigIntegerField(default=0, editable=False)
    last_sent_at = models.DateTimeField(null=True, editable=False)  # the last message's or system message's time
    active_at = models.DateTimeField(_("last activity"), null=True, editable=False, db_index=True)
    # Neither index nor constraint: each deleted member would be searched for in every room.
    last_author = models.ForeignKey(
        "chat.Membership",
        models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )

    objects = RoomManager.from_queryset(RoomQuerySet)()
    with_deleted = RoomQuerySet.as_manager()

    line_at: int | None = None  # the version of the last message that this instance appended
    partner_name: str | None = None  # see `RoomQuerySet.of`
    preview: Preview | None = None  # see `add_previews`

    class Meta:
        verbose_name = _("room")
        verbose_name_plural = _("rooms")

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("room", args=[self.slug])

    @property
    def listed_name(self) -> str:
        """The name in a person's own lists: of a direct message that `RoomQuerySet.of` has read, the other person's."""
        return self.partner_name or self.name

    @contextmanager
    def change(self) -> Iterator[Self]:
        """A context manager for a change of this room: takes its next version and locks it, so that writers take turns.

        The room is read again, so rules are checked against current values. Raises Refused if the room was deleted.
        """
        with transaction.atomic():
            self.take_next_version()
            yield self
            transaction.on_commit(partial(pubsub.publish_change, self))

    @contextmanager
    def change_by(self, by: ActedBy, owner: bool = False) -> Iterator[Self]:
        """A `change()` by a moderator, or with `owner` by the owner. Raises Refused if the actor no longer is one."""
        with self.change():
            Actor.of(by).check(self, owner)
            yield self

    def take_next_version(self) -> None:
        """Add 1 to the room's version and read the room again; `change()` does this first, other code only inside it.

        Raises Refused if the room was deleted.
        """
        if not Room.objects.filter(pk=self.pk).update(version=F("version") + 1, nonce=new_nonce()):
            raise self.deleted_refusal()
        self.refresh_from_db()

    def append(self, author: Membership | None = None, **what: Any) -> Message:
        """Append a message to the log, inside `change()`, and return it. `what` has more fields of the message.

        `sent_at` is never before the previous message's. A second message in one `change()` takes the next version.
        """
        if self.line_at == self.version:
            self.take_next_version()
        self.line_at = self.version
        sent_at = max(timezone.now(), self.last_sent_at) if self.last_sent_at else timezone.now()
        follows = author is not None and author.pk == self.last_author_id
        message = Message.objects.create(
            room=self,
            membership=author,
            first_version=self.version,
            version=self.version,
            sent_at=sent_at,
            previous_at=self.last_sent_at,
            continues=follows and sent_at - (self.last_sent_at or sent_at) <= Message.GROUPING_WINDOW,
            **what,
        )
        self.last_sent_at, self.last_author = sent_at, author
        self.active_at = sent_at if message.is_activity else self.active_at
        self.message_count += author is not None
        self.save(update_fields=["last_sent_at", "active_at", "last_author", "message_count"])
        return message

    @property
    def is_new(self) -> bool:
        """Whether the room shows new members how to begin: it has few messages, and others can join it."""
        return self.message_count < self.MAX_MESSAGES_WHEN_NEW and not self.is_direct_message and not self.archived

    @property
    def is_direct_message(self) -> bool:
        return self.dm_key is not None

    def dm_partner_left(self) -> bool:
        """Return whether this is a direct message that one of the two has left or declined, or was removed from."""
        gone = ("left", "removed", "banned", "chat_declined")
        return self.is_direct_message and self.memberships.filter(status__in=gone).exists()

    @property
    def dm_partner_pending(self) -> bool:
        """Whether this is a direct message whose chat request is neither accepted nor declined."""
        pending = (Membership.Status.CHAT_REQUESTED, Membership.Status.CHAT_IGNORED)
        return self.is_direct_message and self.memberships.filter(status__in=pending).exists()

    def next_owner(self, any_member: bool = False) -> Membership | None:
        """The moderator who joined first. Otherwise None, or with `any_member` the first member, unmuted first."""
        inside = self.memberships.filter(status=Membership.Status.IN).exclude(role=Membership.Role.OWNER)
        moderators = inside.filter(role=Membership.Role.MODERATOR).order_by("joined_at", "pk")
        return moderators.first() or (any_member and inside.order_by("muted", "joined_at", "pk").first()) or None

    def bump_epoch(self) -> None:
        """Add one to `epoch` and save it, so that cached read permissions become invalid. Call it inside `change()`."""
        self.epoch = F("epoch") + 1
        self.save(update_fields=["epoch"])
        self.refresh_from_db(fields=["epoch"])
