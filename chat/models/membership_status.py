"""Standing: whether somebody is in a room, waits before it, left or was shown out, and the verbs that change it."""

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

ENTERED = ("status", "answer", "joined_at", "seen_at", "read_version", "read_message_count", "invite", "role")


class StatusMixin(models.Model):
    """The half of a membership that says what a person may do in the room.

    `answer` is what those who keep the room said when they let this person in or did not.
    """

    class Status(models.TextChoices):
        WAITING = "waiting", _("waits to be let in")
        REFUSED = "refused", _("was not let in")
        IN = "in", _("in")
        LEFT = "left", _("left")
        REMOVED = "removed", _("removed")
        BANNED = "banned", _("may not come back")
        ASKED = "asked", _("was asked to come in")
        IGNORED = "ignored", _("ignores that")
        DECLINED = "declined", _("does not want to")

    status = models.CharField(_("status"), max_length=32, choices=Status, default=Status.IN, editable=False)
    muted = models.BooleanField(_("muted"), default=False, editable=False)
    answer = models.CharField(_("answer"), max_length=200, blank=True, editable=False)

    class Meta:
        abstract = True

    @property
    def is_inside(self):
        """Whether this person is in the room, as opposed to waiting before it or being out."""
        return self.status == self.Status.IN

    @property
    def is_waiting(self):
        return self.status == self.Status.WAITING

    @property
    def has_chat_request(self):
        """Whether they can still come into a room of two, having ignored the question or not."""
        return self.status in (self.Status.ASKED, self.Status.IGNORED)

    def wait(self, nickname):
        """Ask to be let in under this name, inside the room's `change()`."""
        self.status, self.answer, self.joined_at, self.seen_at = self.Status.WAITING, "", timezone.now(), timezone.now()
        self._save_nickname(nickname, *ENTERED)
        self.room.update_join_request_count()

    def enter_room(self, nickname, namesake_number=None):
        """Be in the room under this name, inside the room's `change()`; the room says so."""
        waited, now = self.is_waiting, timezone.now()
        self.status, self.answer, self.joined_at, self.seen_at = self.Status.IN, "", now, now
        self.read_version, self.read_message_count = self.room.version, self.room.message_count
        self._save_nickname(nickname, *ENTERED, namesake_number=namesake_number)
        self.room.announce_join(self)
        if waited:
            self.room.update_join_request_count()

    def approve(self, answer=""):
        """Let somebody in who waits. Raises Refused where nobody comes in just now."""
        with self.room.change() as room:
            self.refresh_from_db(fields=["status", "nickname"])
            if not self.is_waiting:
                return
            room.check_may_join(self)
            room.claim_nickname(self.nickname, self)
            self.enter_room(self.nickname)
            self.answer = answer
            self.save(update_fields=["answer"])

    def decline_request(self, answer=""):
        """Do not let somebody in who waits; others may take the name."""
        with self.room.change() as room:
            self.refresh_from_db(fields=["status"])
            if self.is_waiting:
                self.status, self.answer, self.holds_name = self.Status.REFUSED, answer, False
                self.save(update_fields=["status", "answer", "holds_name"])
                room.update_join_request_count()

    def receive_chat_request(self, nickname, namesake_number):
        """Be asked into a room of two, inside its `change()`."""
        self.status, self.joined_at = self.Status.ASKED, timezone.now()
        self._save_nickname(nickname, *ENTERED, namesake_number=namesake_number)

    def accept(self):
        """Come into the room of two into which one was asked."""
        with self.room.change():
            self.refresh_from_db(fields=["status", "nickname", "namesake_number"])
            if self.has_chat_request:
                self.enter_room(self.nickname, self.namesake_number)

    def decline(self):
        """Let the other know that one does not want to; neither they nor a further asking change that."""
        with self.room.change() as room:
            self.refresh_from_db(fields=["status"])
            if self.has_chat_request:
                self.status = self.Status.DECLINED
                self.save(update_fields=["status"])
                room.touch_header()
                room.append(event=self.status, nickname=self.nickname, namesake_number=self.namesake_number)

    def ignore(self):
        """Hear no more of it; the other learns nothing."""
        type(self).objects.filter(pk=self.pk, status=self.Status.ASKED).update(status=self.Status.IGNORED)

    @transaction.atomic
    def leave(self, for_good=False):
        """Be out, wait no more, or do not want to be asked; `for_good` is who will not come back as this person."""
        if self.has_chat_request:
            self.decline()
        elif self.is_inside or self.is_waiting:
            self._go(self.Status.LEFT)
        self._pass_ownership_on(for_good)

    @transaction.atomic
    def remove(self, by=None):
        """Be shown out by that moderator, or by the site's staff; the room says so.

        Who comes back does so as an ordinary member, and nobody else comes by this person's invitations.
        """
        self._go(self.Status.REMOVED, by)

    @transaction.atomic
    def ban(self, by=None):
        """Be shown out, or turned away, for good, until `unban`."""
        self._go(self.Status.BANNED, by)

    def unban(self):
        """May come back, as anybody may."""
        with self.room.change():
            type(self).objects.filter(pk=self.pk, status=self.Status.BANNED).update(status=self.Status.REMOVED)

    def set_muted(self, muted, by=None):
        """Read, but not write, from now on, or write again; the room says so."""
        with self.room.change() as room:
            self.refresh_from_db(fields=["muted", "status", "nickname", "role"])
            if self.muted == muted or not self.is_inside or (by and not by.still_outranks(self)):
                return
            self.muted = muted
            self.save(update_fields=["muted"])
            told = {
                "nickname": self.nickname,
                "namesake_number": self.namesake_number,
                "text": by.nickname if by else "",
            }
            room.append(event="muted" if muted else "unmuted", **told)

    def transfer_to(self, participant):
        """Be that person's from now on, who is the same by their own word."""
        with self.room.change() as room:
            self.participant = participant
            self.save(update_fields=["participant"])
            room.bump_epoch()

    def merge_into(self, known):
        """Give way to what the same person is here already, with all that one is; nobody will be this one again."""
        with self.room.change() as room:
            known.room = room
            elsewhere = known.status in (self.Status.LEFT, self.Status.REMOVED, self.Status.REFUSED)
            if self.is_inside and (elsewhere or known.is_waiting):
                known.enter_room(room.available_nickname_for(known, known.nickname))
            elif self.is_waiting and elsewhere:
                known.wait(room.available_nickname_for(known, known.nickname))
            room.take_next_version()
            if known.is_inside:
                self._transfer_rights_to(known)
            self.leave(for_good=True)

    def _transfer_rights_to(self, known):
        self.created_invites.update(created_by=known)
        if self.muted and not known.is_moderator:
            known.set_muted(True)
        if self.is_owner or (self.is_moderator and not known.is_moderator):
            role = self.role
            self._save_role(self.Role.MEMBER)
            known.set_role(role)

    def _go(self, status, by=None):
        """Be out, in one of the ways that the room tells of in a line of the same name.

        Nothing happens where `by` may not do that any more. Who was shown out keeps nothing of what was given to them.
        """
        with self.room.change() as room:
            self.refresh_from_db(fields=["status", "role", "nickname", "namesake_number"])
            was = self.status
            if was not in (self.Status.WAITING, self.Status.IN) or (by and not by.still_outranks(self)):
                return
            self.status, self.holds_name = status, self.holds_name and was == self.Status.IN
            self.save(update_fields=["status", "holds_name"])
            if was == self.Status.WAITING:
                room.update_join_request_count()
                return
            room.bump_epoch()
            told = {
                "nickname": self.nickname,
                "namesake_number": self.namesake_number,
                "text": by.nickname if by else "",
            }
            room.append(event=status, **told)
            self._revoke_invites()
            if status != self.Status.LEFT:
                self._pass_ownership_on(for_good=True)
                self._save_role(self.Role.MEMBER)
