"""Rooms: their counters, their queries, and the verbs that change them."""

import string
from contextlib import contextmanager
from functools import partial

from django.core.paginator import Paginator
from django.db import IntegrityError, models, transaction
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import get_random_string
from django.utils.translation import gettext_lazy as _

from chat.exceptions import Refused
from chat.models.membership import Membership
from chat.models.message import Message, new_nonce
from chat.models.room_address import available_slugs
from chat.models.room_deletion import DeletionMixin
from chat.models.room_joining import JoiningMixin
from chat.models.room_settings import SettingsMixin
from chat.names.normalize import display_name, room_key, room_lookalike_key
from chat.realtime import pubsub

INCARNATION_LENGTH = 10  # characters


def new_incarnation():
    return get_random_string(INCARNATION_LENGTH, string.ascii_lowercase + string.digits)


class RoomQuerySet(models.QuerySet):
    PER_PAGE = 50

    def rotate_incarnations(self):
        """Make open pages load their rooms again, because versions may mean something else after a restored backup."""
        return self.update(incarnation=new_incarnation())

    def by_activity(self):
        return self.order_by(F("last_sent_at").desc(nulls_last=True), "pk")

    def listed(self):
        return self.filter(access=Room.Access.OPEN, archived=False)

    def discoverable(self):
        """Those of which a stranger may learn: all but the private ones."""
        return self.exclude(access=Room.Access.PRIVATE)

    def with_online_count(self):
        """Each with `here`: how many of its members gave a sign of life in the last 90 seconds."""
        present = Membership.objects.online().filter(room=models.OuterRef("pk")).order_by().values("room")
        counted = present.annotate(n=models.Count("pk")).values("n")
        return self.annotate(online_count=models.functions.Coalesce(models.Subquery(counted), 0))

    def of(self, participant):
        """The rooms that this person is in, each with `unread`: how much was said there since; none for None."""
        if participant is None:
            return self.none()
        mine = self.filter(memberships__participant=participant, memberships__status=Membership.Status.IN)
        return mine.annotate(unread=F("message_count") - F("memberships__read_message_count"))

    def page(self, number):
        """One page of them; a number that is none, or too high, gives the nearest."""
        return Paginator(self, self.PER_PAGE).get_page(number)

    def by_name(self, name):
        return self.filter(key=room_key(name)).first()

    def would_create(self, name):
        """Whether joining by that name makes a room: there is none, nor one that looks like it."""
        return not self.filter(Q(key=room_key(name)) | Q(lookalike_key=room_lookalike_key(name))).exists()

    def enter(self, name, participant, nickname):
        """Join the room of that name; where there is none it is made, and whoever makes it owns it."""
        with transaction.atomic():
            room, made = self._open(name, participant)
            return room.join(participant, nickname, role=Membership.Role.OWNER if made else Membership.Role.MEMBER)

    def _open(self, name, participant):
        if room := self._found(name):
            return room, False
        participant.check_can_create_rooms()
        return self._make(name, participant)

    def _found(self, name):
        """The room of that name, or None. Raises Refused where there is one that only looks like it."""
        if room := self.by_name(name):
            return room
        if twin := self.filter(lookalike_key=room_lookalike_key(name)).first():
            raise Refused(_("There is a room that looks just like this one."), code="looks_alike", instead=twin)
        return None

    def _make(self, name, participant):
        """A new room at the first address that is free; or the one that somebody else made in the same moment."""
        about = {"name": display_name(name), "key": room_key(name), "lookalike_key": room_lookalike_key(name)}
        for slug in available_slugs(name, insiders=[participant.pk]):
            try:
                with transaction.atomic():
                    return self.create(slug=slug, **about), True
            except IntegrityError:
                if room := self._found(name):
                    return room, False


class RoomManager(models.Manager.from_queryset(RoomQuerySet)):
    """Leaves out deleted rooms whose rows are not erased yet."""

    def get_queryset(self):
        return super().get_queryset().filter(deleted_at=None)


class Room(JoiningMixin, SettingsMixin, DeletionMixin):
    """`version` counts changes, `epoch` rights taken away, `said` what people said; `header_version` is the change that
    last touched the header. `dm_key` names the two people of a direct message.

    Rows below `floor_version` may be gone, so nobody can catch up from below it. Versions are comparable only within
    one `incarnation`.
    """

    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    dm_key = models.CharField(max_length=64, unique=True, null=True, editable=False)

    incarnation = models.CharField(max_length=INCARNATION_LENGTH, default=new_incarnation, editable=False)
    version = models.PositiveBigIntegerField(default=0, editable=False)
    nonce = models.CharField(max_length=16, default=new_nonce, editable=False)
    epoch = models.PositiveBigIntegerField(default=0, editable=False)
    floor_version = models.PositiveBigIntegerField(default=0, editable=False)
    header_version = models.PositiveBigIntegerField(default=0, editable=False)
    message_count = models.PositiveBigIntegerField(default=0, editable=False)
    last_sent_at = models.DateTimeField(_("last activity"), null=True, editable=False, db_index=True)
    last_author = models.ForeignKey(
        "chat.Membership", models.SET_NULL, null=True, editable=False, related_name="+", db_index=False
    )

    objects = RoomManager()
    with_deleted = RoomQuerySet.as_manager()

    line_at = None  # the version at which this instance has appended its last line

    class Meta:
        verbose_name = _("room")
        verbose_name_plural = _("rooms")

    def __str__(self):
        return self.name

    def get_absolute_url(self):
        return reverse("room", args=[self.slug])

    @contextmanager
    def change(self):
        """Take the next version, and with it this room's row until the transaction ends: writers come one by one.

        What others may have changed meanwhile is read again, so rules are decided on the truth.
        """
        with transaction.atomic():
            self.take_next_version()
            yield self
            transaction.on_commit(partial(pubsub.publish_change, self))

    def take_next_version(self):
        """As `change()` begins, or inside it for one more line. Raises Refused where the room was deleted meanwhile."""
        if not Room.objects.filter(pk=self.pk).update(version=F("version") + 1, nonce=new_nonce()):
            raise self.deleted_refusal()
        self.refresh_from_db()

    @staticmethod
    def deleted_refusal():
        return Refused(_("This room is not there any more."), code="deleted")

    def append(self, author=None, **what):
        """Put one line at the end of the log, inside `change()`; times never run backwards.

        Each line has a version of its own: from the second one on in the same `change()`, it takes the next.
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
            continues=follows and sent_at - self.last_sent_at <= Message.GROUPING_WINDOW,
            **what,
        )
        self.last_sent_at, self.last_author = sent_at, author
        self.message_count += author is not None
        self.save(update_fields=["last_sent_at", "last_author", "message_count"])
        return message

    def announce_join(self, member):
        """Say in a line, inside `change()`, that somebody came in."""
        event = Message.Event.OPENED if self.version == 1 else Message.Event.JOINED
        self.append(event=event, nickname=member.nickname, namesake_number=member.namesake_number)
        if self.is_direct_message:
            self.touch_header()

    @property
    def is_direct_message(self):
        return self.dm_key is not None

    def touch_header(self):
        """Note, inside `change()`, that every page is to be told of its header anew."""
        self.header_version = self.version
        self.save(update_fields=["header_version"])

    def dm_partner_left(self):
        """Whether, in a room of two, one of them has left or does not want to."""
        gone = ("left", "removed", "banned", "declined")
        return self.is_direct_message and self.memberships.filter(status__in=gone).exists()

    @property
    def dm_partner_pending(self):
        """Whether, in a room of two, one of them was asked and is not here yet."""
        asked = (Membership.Status.ASKED, Membership.Status.IGNORED)
        return self.is_direct_message and self.memberships.filter(status__in=asked).exists()

    def next_owner(self, anybody=False):
        """Who has been a moderator for longest among those who are in, or None; else, of `anybody`, who has been in,
        muted people last."""
        inside = self.memberships.filter(status=Membership.Status.IN).exclude(role=Membership.Role.OWNER)
        moderators = inside.filter(role=Membership.Role.MODERATOR).order_by("joined_at", "pk")
        return moderators.first() or (anybody and inside.order_by("muted", "joined_at", "pk").first()) or None

    def bump_epoch(self):
        """Count one more time that somebody may read less than before, inside `change()`."""
        self.epoch = F("epoch") + 1
        self.save(update_fields=["epoch"])
        self.refresh_from_db(fields=["epoch"])
