"""Standing: whether somebody is in a room, waits before it, left or was shown out, and the verbs that change it."""

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

ENTERED = ("status", "answer", "joined_at", "seen_at", "read_version", "read_said", "invitation", "role")


class Standing(models.Model):
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

    status = models.CharField(_("status"), max_length=8, choices=Status, default=Status.IN, editable=False)
    muted = models.BooleanField(_("muted"), default=False, editable=False)
    answer = models.CharField(_("answer"), max_length=200, blank=True, editable=False)

    class Meta:
        abstract = True

    @property
    def present(self):
        """Whether this person is in the room, as opposed to waiting before it or being out."""
        return self.status == self.Status.IN

    @property
    def waiting(self):
        return self.status == self.Status.WAITING

    @property
    def asked(self):
        """Whether they can still come into a room of two, having ignored the question or not."""
        return self.status in (self.Status.ASKED, self.Status.IGNORED)

    def wait(self, nickname):
        """Ask to be let in under this name, inside the room's `change()`."""
        self.status, self.answer, self.joined_at, self.seen_at = self.Status.WAITING, "", timezone.now(), timezone.now()
        self._take_name(nickname, *ENTERED)
        self.room.count_waiting()

    def come_in(self, nickname, mark=None):
        """Be in the room under this name, inside the room's `change()`; the room says so."""
        waited, now = self.waiting, timezone.now()
        self.status, self.answer, self.joined_at, self.seen_at = self.Status.IN, "", now, now
        self.read_version, self.read_said = self.room.version, self.room.said
        self._take_name(nickname, *ENTERED, mark=mark)
        self.room.tell_of_arrival(self)
        if waited:
            self.room.count_waiting()

    def let_in(self, answer=""):
        """Let somebody in who waits. Raises Refused where nobody comes in just now."""
        with self.room.change() as room:
            self.refresh_from_db(fields=["status", "nickname"])
            if not self.waiting:
                return
            room.must_take(self)
            room.make_free(self.nickname, self)
            self.come_in(self.nickname)
            self.answer = answer
            self.save(update_fields=["answer"])

    def turn_away(self, answer=""):
        """Do not let somebody in who waits; others may take the name."""
        with self.room.change() as room:
            self.refresh_from_db(fields=["status"])
            if self.waiting:
                self.status, self.answer, self.holds_name = self.Status.REFUSED, answer, False
                self.save(update_fields=["status", "answer", "holds_name"])
                room.count_waiting()

    def be_asked(self, nickname, mark):
        """Be asked into a room of two, inside its `change()`."""
        self.status, self.joined_at = self.Status.ASKED, timezone.now()
        self._take_name(nickname, *ENTERED, mark=mark)

    def accept(self):
        """Come into the room of two into which one was asked."""
        with self.room.change():
            self.refresh_from_db(fields=["status", "nickname", "mark"])
            if self.asked:
                self.come_in(self.nickname, self.mark)

    def decline(self):
        """Let the other know that one does not want to; neither they nor a further asking change that."""
        with self.room.change() as room:
            self.refresh_from_db(fields=["status"])
            if self.asked:
                self.status = self.Status.DECLINED
                self.save(update_fields=["status"])
                room.header_changed()
                room.append(event=self.status, nickname=self.nickname, mark=self.mark)

    def ignore(self):
        """Hear no more of it; the other learns nothing."""
        type(self).objects.filter(pk=self.pk, status=self.Status.ASKED).update(status=self.Status.IGNORED)

    @transaction.atomic
    def leave(self, for_good=False):
        """Be out, wait no more, or do not want to be asked; `for_good` is who will not come back as this person."""
        if self.asked:
            self.decline()
        elif self.present or self.waiting:
            self._go(self.Status.LEFT)
        self._pass_on(for_good)

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
            if self.muted == muted or not self.present or (by and not by.still_outranks(self)):
                return
            self.muted = muted
            self.save(update_fields=["muted"])
            told = {"nickname": self.nickname, "mark": self.mark, "text": by.nickname if by else ""}
            room.append(event="muted" if muted else "unmuted", **told)

    def pass_to(self, participant):
        """Be that person's from now on, who is the same by their own word."""
        with self.room.change() as room:
            self.participant = participant
            self.save(update_fields=["participant"])
            room.take_rights_away()

    def merge_into(self, known):
        """Give way to what the same person is here already, with all that one is; nobody will be this one again."""
        with self.room.change() as room:
            known.room = room
            elsewhere = known.status in (self.Status.LEFT, self.Status.REMOVED, self.Status.REFUSED)
            if self.present and (elsewhere or known.waiting):
                known.come_in(room.free_for(known, known.nickname))
            elif self.waiting and elsewhere:
                known.wait(room.free_for(known, known.nickname))
            room.take_next_version()
            if known.present:
                self._give_all_to(known)
            self.leave(for_good=True)

    def _give_all_to(self, known):
        self.invitations_made.update(made_by=known)
        if self.muted and not known.keeps:
            known.set_muted(True)
        if self.owns or (self.keeps and not known.keeps):
            role = self.role
            self._be(self.Role.MEMBER)
            known.set_role(role)

    def _go(self, status, by=None):
        """Be out, in one of the ways that the room tells of in a line of the same name.

        Nothing happens where `by` may not do that any more. Who was shown out keeps nothing of what was given to them.
        """
        with self.room.change() as room:
            self.refresh_from_db(fields=["status", "role", "nickname", "mark"])
            was = self.status
            if was not in (self.Status.WAITING, self.Status.IN) or (by and not by.still_outranks(self)):
                return
            self.status, self.holds_name = status, self.holds_name and was == self.Status.IN
            self.save(update_fields=["status", "holds_name"])
            if was == self.Status.WAITING:
                room.count_waiting()
                return
            room.take_rights_away()
            told = {"nickname": self.nickname, "mark": self.mark, "text": by.nickname if by else ""}
            room.append(event=status, **told)
            self._take_invitations_back()
            if status != self.Status.LEFT:
                self._pass_on(for_good=True)
                self._be(self.Role.MEMBER)
