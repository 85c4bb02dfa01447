"""The door of a room: who comes in, who waits before it, who cannot, and under which name."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from chat import names
from chat.models.membership import Membership
from chat.refusals import Refused
from chat.reserved_names import is_reserved


class Door(models.Model):
    """The half of a room at which newcomers stand."""

    MOST_WAITING = 100  # people before the room at once; the next come when these are answered

    class Meta:
        abstract = True

    def join(self, participant, nickname, role=Membership.Role.MEMBER, invitation=None):
        """Let a person in under a nickname. Raises Refused where it is taken, or they are here under another, or the
        invitation does not hold any more."""
        nickname = names.display(nickname)
        with self.change():
            known = self.memberships.filter(participant=participant).first()
            if known and known.present:
                return known.still_as(nickname)
            mine = known or Membership(room=self, participant=participant, role=role)
            self.must_take(mine, nickname)
            if invitation:
                mine.invitation = invitation.use()
            self.make_free(nickname, mine)
            self._take_in(mine, nickname, invitation, known)
            return mine

    def _take_in(self, member, nickname, invitation, known):
        """Let them wait where newcomers do; a room that is nobody's, and in which nobody is, is the next newcomer's."""
        waits = self.approval and not member.keeps and not invitation
        inherits = not known and not member.owns and self._is_nobodys()
        if waits and not inherits:
            self._must_have_patience(member)
            member.wait(nickname)
            return
        member.come_in(nickname)
        if inherits:
            member.set_role(Membership.Role.OWNER)

    def _is_nobodys(self):
        owned = self.memberships.filter(role=Membership.Role.OWNER)
        return not owned.exists() and not self.memberships.inside().exists()

    def must_take(self, member, nickname=None):
        """Raises Refused where this person cannot come in, by this name or by any."""
        if not member.may_reopen:
            self.must_be_in_use()
        if member.status == Membership.Status.BANNED:
            raise Refused(_("You were shown out of this room for good. Ask those who keep it."), code="banned")
        others_name = nickname and names.nickname_key(nickname) != member.nickname_key
        if member.muted and member.holds_name and others_name:
            raise Refused(_("You are muted here, and come back only under the name that you had."), code="muted")
        self._must_be_open_to(member.participant)
        if not member.keeps:
            self._must_have_a_place()

    def must_be_in_use(self):
        if self.archived:
            raise Refused(_("This room is archived: it can only be read by those who are in it."), code="archived")

    @property
    def takes_accounts_only(self):
        return settings.ACCOUNTS == "required" or (self.accounts_only and settings.ACCOUNTS == "on")

    def must_have_a_place_for(self, participant):
        """Raises Refused where somebody like this, or None for a stranger, does not come in under any name."""
        self._must_be_open_to(participant)
        self._must_have_a_place()

    def _must_be_open_to(self, participant):
        if self.takes_accounts_only and (participant is None or participant.is_guest):
            raise Refused(_("Only people with an account come in here."), code="account")

    def _must_have_a_place(self):
        if self.most_members and self.memberships.inside().count() >= self.most_members:
            raise Refused(_("This room is full just now. Try again when somebody has left."), code="full")

    def _must_have_patience(self, member):
        """Raises Refused where so many wait already that those who keep the room could not look at one more."""
        if self.memberships.waiting().exclude(pk=member.pk).count() >= self.MOST_WAITING:
            raise Refused(_("Very many wait to be let in here just now. Try again later."), code="full")

    def count_waiting(self):
        """Note, inside `change()`, how many wait to be let in: every open page has that number."""
        self._set("waiting", self.memberships.waiting().count())

    def make_free(self, nickname, mine):
        """Make sure that nobody else holds this name or one that looks like it, inside `change()`. Raises Refused."""
        if is_reserved(nickname):
            raise Refused(_("This name is kept for those who run this site. Choose another one."), code="reserved")
        key = names.nickname_key(nickname)
        if mine.holds_name and mine.nickname_key == key:
            return  # It was theirs before anybody made an account of it.
        owner = mine.participant.whose_name_is(nickname)
        if owner and owner.pk != mine.participant_id:
            raise Refused(
                _("This name belongs to an account. If it is yours, sign in."),
                code="account_name",
                instead=self.free_nickname(nickname, mine.participant),
            )
        holder = self.memberships.holding(key).exclude(pk=mine.pk).first()
        if holder and holder.holds_on:
            raise Refused(
                _("This name is taken here, or looks like one that is."),
                code="taken",
                instead=self.free_nickname(nickname, mine.participant),
            )
        if holder:
            holder.give_up_name()

    def free_for(self, member, nickname):
        """This name, or the next one like it that nobody else holds here."""
        taken = self.memberships.holding(names.nickname_key(nickname)).exclude(pk=member.pk).exists()
        return self.free_nickname(nickname, member.participant) if taken else nickname

    def free_nickname(self, nickname, participant):
        """The first of `Ann 2`, `Ann 3`, ... that nobody holds here, nor any account."""
        held = set(self.memberships.filter(holds_name=True).values_list("nickname_key", flat=True))
        free = (s for s in names.suggestions(nickname) if names.nickname_key(s) not in held)
        return next(s for s in free if not participant.whose_name_is(s))
