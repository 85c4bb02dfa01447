"""A room: a place with a name, its counters, and the verbs that change what happens in it."""

from contextlib import contextmanager
from functools import partial

from django.conf import settings
from django.core.paginator import Paginator
from django.db import IntegrityError, models, transaction
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from chat import names, news
from chat.models.address import free_slugs
from chat.models.membership import Membership
from chat.models.message import Message
from chat.models.room_settings import RoomSettings
from chat.refusals import Refused
from chat.reserved_names import is_reserved


class RoomQuerySet(models.QuerySet):
    PER_PAGE = 50

    def by_activity(self):
        return self.order_by(F("last_sent_at").desc(nulls_last=True), "pk")

    def listed(self):
        return self.filter(access=Room.Access.OPEN, archived=False)

    def found(self):
        """Those of which a stranger may learn: all but the private ones."""
        return self.exclude(access=Room.Access.PRIVATE)

    def with_here(self):
        """Each with `here`: how many of its members gave a sign of life in the last 90 seconds."""
        present = Membership.objects.present().filter(room=models.OuterRef("pk")).order_by().values("room")
        counted = present.annotate(n=models.Count("pk")).values("n")
        return self.annotate(here=models.functions.Coalesce(models.Subquery(counted), 0))

    def of(self, participant):
        """The rooms that this person is in, each with `unread`: how much was said there since; none for None."""
        if participant is None:
            return self.none()
        mine = self.filter(memberships__participant=participant, memberships__status=Membership.Status.IN)
        return mine.annotate(unread=F("said") - F("memberships__read_said"))

    def page(self, number):
        """One page of them; a number that is none, or too high, gives the nearest."""
        return Paginator(self, self.PER_PAGE).get_page(number)

    def named(self, name):
        return self.filter(key=names.room_key(name)).first()

    def would_make(self, name):
        """Whether joining by that name makes a room: there is none, nor one that looks like it."""
        return not self.filter(Q(key=names.room_key(name)) | Q(look=names.room_look(name))).exists()

    def enter(self, name, participant, nickname):
        """Join the room of that name; where there is none it is made, and whoever makes it owns it."""
        with transaction.atomic():
            room, made = self._open(name, participant)
            return room.join(participant, nickname, role=Membership.Role.OWNER if made else Membership.Role.MEMBER)

    def _open(self, name, participant):
        if room := self._found(name):
            return room, False
        participant.must_be_one_who_opens_rooms()
        return self._make(name, participant)

    def _found(self, name):
        """The room of that name, or None. Raises Refused where there is one that only looks like it."""
        if room := self.named(name):
            return room
        if twin := self.filter(look=names.room_look(name)).first():
            raise Refused(_("There is a room that looks just like this one."), code="looks_alike", instead=twin)
        return None

    def _make(self, name, participant):
        """A new room at the first address that is free; or the one that somebody else made in the same moment."""
        about = {"name": names.display(name), "key": names.room_key(name), "look": names.room_look(name)}
        for slug in free_slugs(name, insiders=[participant.pk]):
            try:
                with transaction.atomic():
                    return self.create(slug=slug, **about), True
            except IntegrityError:
                if room := self._found(name):
                    return room, False


class Room(RoomSettings):
    """`version` counts changes, `epoch` rights taken away, `said` what people said; `header_version` is the change that
    last touched the header. `pair` are the two people whose room it is, where it is a room of two.

    Rows below `floor_version` may be gone, so nobody can catch up from below it.
    """

    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    pair = models.CharField(max_length=64, unique=True, null=True, editable=False)

    version = models.PositiveBigIntegerField(default=0, editable=False)
    epoch = models.PositiveBigIntegerField(default=0, editable=False)
    floor_version = models.PositiveBigIntegerField(default=0, editable=False)
    header_version = models.PositiveBigIntegerField(default=0, editable=False)
    said = models.PositiveBigIntegerField(default=0, editable=False)
    last_sent_at = models.DateTimeField(_("last activity"), null=True, editable=False, db_index=True)
    last_author = models.ForeignKey(
        "chat.Membership", models.SET_NULL, null=True, editable=False, related_name="+", db_index=False
    )

    objects = RoomQuerySet.as_manager()

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
            Room.objects.filter(pk=self.pk).update(version=F("version") + 1)
            self.refresh_from_db()
            yield self
            transaction.on_commit(partial(news.tell, self))

    def append(self, author=None, **what):
        """Put one line at the end of the log, inside `change()`; times never run backwards."""
        sent_at = max(timezone.now(), self.last_sent_at) if self.last_sent_at else timezone.now()
        follows = author is not None and author.pk == self.last_author_id
        message = Message.objects.create(
            room=self,
            membership=author,
            first_version=self.version,
            version=self.version,
            sent_at=sent_at,
            previous_at=self.last_sent_at,
            continues=follows and sent_at - self.last_sent_at <= Message.GROUPED_WITHIN,
            **what,
        )
        self.last_sent_at, self.last_author = sent_at, author
        self.said += author is not None
        self.save(update_fields=["last_sent_at", "last_author", "said"])
        return message

    def join(self, participant, nickname, role=Membership.Role.MEMBER, invitation=None):
        """Let a person in under a nickname. Raises Refused where it is taken, or they are here under another, or the
        invitation does not hold any more."""
        nickname = names.display(nickname)
        with self.change():
            mine = self.memberships.filter(participant=participant).first()
            if mine and mine.present:
                return mine.still_as(nickname)
            mine = mine or Membership(room=self, participant=participant, role=role)
            self._must_take(mine)
            if invitation:
                mine.invitation = invitation.use()
            self.make_free(nickname, mine)
            if self.approval and not invitation and mine.role == Membership.Role.MEMBER:
                mine.wait(nickname)
            else:
                mine.come_in(nickname)
            return mine

    def tell_of_arrival(self, member):
        """Say in a line, inside `change()`, that somebody came in."""
        event = Message.Event.OPENED if self.version == 1 else Message.Event.JOINED
        self.append(event=event, nickname=member.nickname, mark=member.mark)

    def _must_take(self, member):
        """Raises Refused where this person cannot come in, whatever the name."""
        self.must_be_in_use()
        if self.takes_accounts_only and member.participant.is_guest:
            raise Refused(_("Only people with an account come in here."), code="account")
        if member.status == Membership.Status.BANNED:
            raise Refused(_("You were shown out of this room for good. Ask those who keep it."), code="banned")
        self.must_have_a_place()

    def must_be_in_use(self):
        if self.archived:
            raise Refused(_("This room is archived: it can only be read by those who are in it."), code="archived")

    @property
    def takes_accounts_only(self):
        return settings.ACCOUNTS == "required" or (self.accounts_only and settings.ACCOUNTS == "on")

    def must_have_a_place(self):
        if self.most_members and self.memberships.inside().count() >= self.most_members:
            raise Refused(_("This room is full just now. Try again when somebody has left."), code="full")

    def count_waiting(self):
        """Note, inside `change()`, how many wait to be let in: every open page has that number."""
        self._set("waiting", self.memberships.waiting().count())

    def has_lost_the_other(self):
        """Whether, in a room of two, one of them has left or does not want to."""
        gone = (Membership.Status.LEFT, Membership.Status.DECLINED)
        return bool(self.pair) and self.memberships.filter(status__in=gone).exists()

    def heir(self):
        """Who has been a moderator for longest among those who are in, or None."""
        moderators = self.memberships.filter(role=Membership.Role.MODERATOR, status=Membership.Status.IN)
        return moderators.order_by("joined_at", "pk").first()

    def make_free(self, nickname, mine):
        """Make sure that nobody else holds this name or one that looks like it, inside `change()`. Raises Refused."""
        if is_reserved(nickname):
            raise Refused(_("This name is kept for those who run this site. Choose another one."), code="reserved")
        owner = mine.participant.whose_name_is(nickname)
        if owner and owner.pk != mine.participant_id:
            raise Refused(
                _("This name belongs to an account. If it is yours, sign in."),
                code="account_name",
                instead=self.free_nickname(nickname, mine.participant),
            )
        key = names.nickname_key(nickname)
        holder = self.memberships.holding(key).exclude(pk=mine.pk).first()
        if holder and holder.holds_on:
            raise Refused(
                _("This name is taken here, or looks like one that is."),
                code="taken",
                instead=self.free_nickname(nickname, mine.participant),
            )
        if holder:
            holder.give_up_name()

    def free_nickname(self, nickname, participant):
        """The first of `Ann 2`, `Ann 3`, ... that nobody holds here, nor any account."""
        held = set(self.memberships.filter(holds_name=True).values_list("nickname_key", flat=True))
        free = (s for s in names.suggestions(nickname) if names.nickname_key(s) not in held)
        return next(s for s in free if not participant.whose_name_is(s))

    def take_rights_away(self):
        """Count one more time that somebody may read less than before, inside `change()`."""
        self.epoch = F("epoch") + 1
        self.save(update_fields=["epoch"])
        self.refresh_from_db(fields=["epoch"])
