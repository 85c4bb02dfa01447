"""Joining a room: who may join, who needs approval, and under which nickname."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from chat.exceptions import Refused
from chat.models.actor import SYSTEM
from chat.models.membership import Membership
from chat.names.normalize import display_name, nickname_key
from chat.names.reserved import is_reserved
from chat.names.slugs import name_suggestions

if TYPE_CHECKING:
    from chat.models.invite import Invite
    from chat.models.participant import Participant
    from chat.models.room import Room


class JoiningMixin(models.Model):
    """The part of a room that checks and admits new members."""

    MAX_JOIN_REQUESTS = 100  # open at once; more are refused until some are answered

    class Meta:
        abstract = True

    def join(
        self: Room,
        participant: Participant,
        nickname: str,
        role: Membership.Role = Membership.Role.MEMBER,
        invite: Invite | None = None,
    ) -> Membership:
        """Join under a nickname, or ask for approval. Returns the membership, also if the person is already inside.

        `role` is for a new membership. Raises Refused, for example if the nickname is taken or the invite has expired.
        """
        nickname = display_name(nickname)
        with self.change():
            known = self.memberships.filter(participant=participant).first()
            if known and known.is_inside:
                return known.check_same_nickname(nickname)
            mine = known or Membership(room=self, participant=participant, role=role)
            self.check_may_join(mine, nickname)
            if invite:
                mine.invite = invite.use()
            self.make_nickname_available(nickname, mine)
            self._admit(mine, nickname, invite, known)
            return mine

    def _admit(self: Room, member: Membership, nickname: str, invite: Invite | None, known: Membership | None) -> None:
        """Admit the member, or let them wait for approval. `known` is their earlier membership of the room, or None.

        The first new member of a room without members and owner becomes its owner.
        """
        waits = self.approval and not member.is_moderator and not invite
        inherits = not known and not member.is_owner and self._is_ownerless()
        if waits and not inherits:
            self._check_queue_length(member)
            member.request_to_join(nickname)
            return
        member.enter_room(nickname)
        if inherits:
            member.set_role(Membership.Role.OWNER, SYSTEM)

    def _is_ownerless(self: Room) -> bool:
        owned = self.memberships.filter(role=Membership.Role.OWNER)
        return not owned.exists() and not self.memberships.inside().exists()

    def check_may_join(self: Room, member: Membership, nickname: str | None = None) -> None:
        """Raise Refused if this person may not join under this nickname; None means under any nickname."""
        if not member.can_unarchive:
            self.check_not_archived()
        if refusal := member.rejoin_refusal:
            raise refusal
        others_name = nickname and nickname_key(nickname) != member.nickname_key
        if member.muted and member.holds_name and others_name:
            raise Refused(_("You’re muted here, so you can only rejoin with your earlier nickname."), code="muted")
        self._check_account(member.participant)
        if not member.is_moderator:
            self._check_capacity()

    def check_not_archived(self: Room) -> None:
        if self.archived:
            raise Refused(_("This room is archived. Only its members can read it."), code="archived")

    @property
    def requires_account(self: Room) -> bool:
        return settings.ACCOUNTS == "required" or (self.accounts_only and settings.ACCOUNTS == "on")

    def check_account_and_capacity(self: Room, participant: Participant | None) -> None:
        """Raises Refused if the room is full, or requires an account and `participant` (None: a stranger) has none.

        Bans and archived rooms are checked later, by `check_may_join`.
        """
        self._check_account(participant)
        self._check_capacity()

    def _check_account(self: Room, participant: Participant | None) -> None:
        if self.requires_account and (participant is None or participant.is_guest):
            raise Refused(_("Only people with an account can join this room."), code="account")

    def _check_capacity(self: Room) -> None:
        if self.member_limit and self.memberships.inside().count() >= self.member_limit:
            raise Refused(_("This room is full. Try again when someone has left."), code="full")

    def _check_queue_length(self: Room, member: Membership) -> None:
        """Raise Refused if MAX_JOIN_REQUESTS other people are waiting for approval."""
        if self.memberships.waiting().exclude(pk=member.pk).count() >= self.MAX_JOIN_REQUESTS:
            raise Refused(_("Too many people are waiting for approval. Try again later."), code="full")

    def update_join_request_count(self: Room) -> None:
        """Save the number of open join requests, inside `change()`. Open pages of moderators show it."""
        self.save_setting("join_request_count", self.memberships.waiting().count())

    def make_nickname_available(self: Room, nickname: str, mine: Membership) -> None:
        """Check that `mine` may take this nickname, and take it away from a holder who is no longer protected.

        Call it inside `change()`. Raises Refused if the nickname is reserved, belongs to another account, or is
        equal or similar to a protected nickname in this room.
        """
        if is_reserved(nickname):
            raise Refused(_("This name is reserved for this site’s admins. Choose another one."), code="reserved")
        key = nickname_key(nickname)
        if mine.holds_name and mine.nickname_key == key:
            return  # They had it before someone created an account with it.
        owner = mine.participant.by_account_name(nickname)
        if owner and owner.pk != mine.participant_id:
            raise Refused(
                _("This name belongs to an account. If it’s yours, sign in."),
                code="account_name",
                instead=self.suggest_nickname(nickname, mine.participant),
            )
        holder = self.memberships.holding(key).exclude(pk=mine.pk).first()
        if holder and holder.name_is_protected:
            raise Refused(
                _("This name is taken here, or nearly identical to one that is."),
                code="taken",
                instead=self.suggest_nickname(nickname, mine.participant),
            )
        if holder:
            holder.release_nickname()

    def available_nickname_for(self: Room, member: Membership, nickname: str) -> str:
        """Return this nickname, or a suggestion such as `Ann 2` if another member holds it or a look-alike."""
        taken = self.memberships.holding(nickname_key(nickname)).exclude(pk=member.pk).exists()
        return self.suggest_nickname(nickname, member.participant) if taken else nickname

    def suggest_nickname(self: Room, nickname: str, participant: Participant) -> str:
        """Return the first of `Ann 2`, `Ann 3`, ... that is free.

        Free means: no member of this room holds it or a look-alike, and no account has it.
        """
        held = set(self.memberships.filter(holds_name=True).values_list("nickname_key", flat=True))
        free = (s for s in name_suggestions(nickname) if nickname_key(s) not in held)
        return next(s for s in free if not participant.by_account_name(s))
