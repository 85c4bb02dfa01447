"""Status of a membership: waiting, in, left, removed or banned, and the verbs that change it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from chat.models.actor import SYSTEM, Actor
from chat.models.audit import Action, record

if TYPE_CHECKING:
    from chat.models.actor import ActedBy
    from chat.models.membership import Membership
    from chat.models.participant import Participant

ENTRY_FIELDS = ("status", "answer", "joined_at", "seen_at", "read_version", "read_message_count", "invite", "role")
MERGED_FIELDS = ("status", "role", "muted", "nickname", "nickname_key", "holds_name", "namesake_number")


class StatusMixin(models.Model):
    """The part of a membership that says whether a person may read and write in the room.

    `answer` is the optional message that a moderator wrote when they approved or declined the join request.
    """

    class Status(models.TextChoices):
        WAITING = "waiting", _("waits to be let in")
        JOIN_DECLINED = "join_declined", _("was not let in")
        IN = "in", _("in")
        LEFT = "left", _("left")
        REMOVED = "removed", _("removed")
        BANNED = "banned", _("may not come back")
        CHAT_REQUESTED = "chat_requested", _("was asked to come in")
        CHAT_IGNORED = "chat_ignored", _("ignores that")
        CHAT_DECLINED = "chat_declined", _("does not want to")

    status = models.CharField(_("status"), max_length=32, choices=Status, default=Status.IN, editable=False)
    muted = models.BooleanField(_("muted"), default=False, editable=False)
    answer = models.CharField(_("answer"), max_length=200, blank=True, editable=False)

    class Meta:
        abstract = True

    @property
    def is_inside(self) -> bool:
        return self.status == self.Status.IN

    @property
    def is_waiting(self) -> bool:
        return self.status == self.Status.WAITING

    @property
    def has_chat_request(self) -> bool:
        """Whether there is a chat request to this person that they can accept. They can also accept an ignored one."""
        return self.status in (self.Status.CHAT_REQUESTED, self.Status.CHAT_IGNORED)

    # Joining

    def request_to_join(self: Membership, nickname: str) -> None:
        """Wait for approval under this nickname, inside the room's `change()`."""
        self.status, self.answer, self.joined_at, self.seen_at = self.Status.WAITING, "", timezone.now(), timezone.now()
        self.save_nickname(nickname, *ENTRY_FIELDS)
        self.room.update_join_request_count()

    def enter_room(self: Membership, nickname: str, namesake_number: int | None = None, by: ActedBy = None) -> None:
        """Join under this nickname, inside the room's `change()`, and announce it.

        `by` is the moderator who approved the join request, or None if the person joined by themselves.
        """
        waited, now = self.is_waiting, timezone.now()
        self.status, self.answer, self.joined_at, self.seen_at = self.Status.IN, "", now, now
        self.read_version, self.read_message_count = self.room.version, self.room.message_count
        self.save_nickname(nickname, *ENTRY_FIELDS, namesake_number=namesake_number)
        self.room.announce_join(self, by or self)
        if waited:
            self.room.update_join_request_count()

    def approve(self: Membership, by: ActedBy = None, answer: str = "") -> bool:
        """Approve this join request. `answer` is an optional message to the person.

        Returns False if the request isn't open. Raises Refused, for example if the room is full.
        """
        with self.room.change_by(by) as room:
            self.refresh_from_db(fields=["status", "nickname"])
            if not self.is_waiting:
                return False
            room.check_may_join(self)
            room.make_nickname_available(self.nickname, self)
            self.enter_room(self.nickname, by=Actor.of(by))
            self.answer = answer
            self.save(update_fields=["answer"])
            record(Action.APPROVE, by, room=room, member=self, answer=answer)
            return True

    def decline_request(self: Membership, by: ActedBy = None, answer: str = "") -> bool:
        """Decline this join request and free its nickname. `answer` is an optional message to the person.

        Returns False if the request isn't open. Raises Refused if `by` is no longer a moderator.
        """
        with self.room.change_by(by) as room:
            self.refresh_from_db(fields=["status"])
            if not self.is_waiting:
                return False
            self.status, self.answer, self.holds_name = self.Status.JOIN_DECLINED, answer, False
            self.save(update_fields=["status", "answer", "holds_name"])
            room.update_join_request_count()
            record(Action.DECLINE_REQUEST, by, room=room, member=self, answer=answer)
            return True

    # Chat requests, in a direct message's room

    def receive_chat_request(self: Membership, nickname: str, namesake_number: int) -> None:
        """Be invited to a direct message, inside its room's `change()`."""
        self.status, self.joined_at = self.Status.CHAT_REQUESTED, timezone.now()
        self.save_nickname(nickname, *ENTRY_FIELDS, namesake_number=namesake_number)

    def accept_chat(self: Membership) -> bool:
        """Join the direct message. Returns False if there is no open chat request."""
        with self.room.change():
            self.refresh_from_db(fields=["status", "nickname", "namesake_number"])
            if not self.has_chat_request:
                return False
            self.enter_room(self.nickname, self.namesake_number)
            return True

    def decline_chat(self: Membership) -> bool:
        """Decline the chat request and tell the other person, who can't ask again. Returns False if there is none."""
        with self.room.change() as room:
            self.refresh_from_db(fields=["status", "nickname", "namesake_number"])
            if not self.has_chat_request:
                return False
            self.status = self.Status.CHAT_DECLINED
            self.save(update_fields=["status"])
            room.touch_header()
            room.append_event("chat_declined", self, self)
            return True

    def ignore_chat(self: Membership) -> bool:
        """Hide the chat request, and don't tell the other person. Returns False if none was unanswered."""
        requested = type(self).objects.filter(pk=self.pk, status=self.Status.CHAT_REQUESTED)
        return bool(requested.update(status=self.Status.CHAT_IGNORED))

    # Leaving

    @transaction.atomic
    def leave(self: Membership, for_good: bool = False) -> bool:
        """Leave the room, cancel the join request or decline the chat. Ownership is passed on.

        Returns False if there was nothing to leave. `for_good`: this participant will never come back, for example
        because the account is deleted.
        """
        if self.has_chat_request:
            left = self.decline_chat()
        else:
            left = (self.is_inside or self.is_waiting) and self._end_membership(self.Status.LEFT, self)
        self.pass_ownership_on(for_good)
        return left

    def remove(self: Membership, by: ActedBy = None) -> bool:
        """Remove from the room and announce it. Returns False if they are not in it, or `by` no longer outranks them.

        They can rejoin as an ordinary member. Their invite links are revoked.
        """
        return self._end_membership(self.Status.REMOVED, by)

    def ban(self: Membership, by: ActedBy = None) -> bool:
        """Like `remove`, also for people waiting for approval; they cannot rejoin until `unban`."""
        return self._end_membership(self.Status.BANNED, by)

    def unban(self: Membership, by: ActedBy = None) -> bool:
        """Let a banned person join again. Returns False if they are not banned."""
        with self.room.change_by(by) as room:
            banned = type(self).objects.filter(pk=self.pk, status=self.Status.BANNED)
            if not banned.update(status=self.Status.REMOVED):
                return False
            record(Action.UNBAN, by, room=room, member=self)
            return True

    def set_muted(self: Membership, muted: bool, by: ActedBy = None) -> bool:
        """Mute or unmute, and announce it.

        Returns False if nothing changes, the member is not in the room, or `by` does not outrank them any more.
        """
        actor = Actor.of(by)
        with self.room.change() as room:
            self.refresh_from_db(fields=["muted", "status", "nickname", "namesake_number", "role"])
            if self.muted == muted or not self.is_inside or not actor.may_act_on(self):
                return False
            self.muted = muted
            self.save(update_fields=["muted"])
            record(Action.MUTE if muted else Action.UNMUTE, actor, room=room, member=self)
            room.append_event("muted" if muted else "unmuted", actor, self)
            return True

    # Guests who become accounts

    def transfer_to(self: Membership, participant: Participant) -> None:
        """Move this membership to another participant, who has proved to be the same person.

        The room's epoch is increased.
        """
        with self.room.change() as room:
            self.participant = participant
            self.save(update_fields=["participant"])
            room.bump_epoch()

    def merge_into(self: Membership, known: Membership) -> None:
        """Leave in favour of `known`, the same person's other membership, which takes over status, role and mute.

        Only more rights or a mute are taken over: `known` does not lose its own. If this membership is banned,
        it stays, and `known` is banned too, unless `known` is the owner or a moderator.
        """
        with self.room.change() as room:
            self.refresh_from_db(fields=MERGED_FIELDS)
            known.refresh_from_db(fields=MERGED_FIELDS)
            known.room = room
            if self.status == self.Status.BANNED and not known.is_moderator:
                known.become_banned()
                return
            outside = known.status in (self.Status.LEFT, self.Status.REMOVED, self.Status.JOIN_DECLINED)
            if self.is_inside and (outside or known.is_waiting):
                known.enter_room(room.available_nickname_for(known, known.nickname))
            elif self.is_waiting and outside:
                known.request_to_join(room.available_nickname_for(known, known.nickname))
            room.take_next_version()
            if known.is_inside:
                self._transfer_rights_to(known)
            self.leave(for_good=True)

    def become_banned(self: Membership) -> None:
        """Ban this person as Parlour itself, even if they have left. Nothing happens if they are banned already.

        Call it inside the room's `change()`.
        """
        if self.status == self.Status.BANNED or self.ban(SYSTEM):
            return
        self.status = self.Status.BANNED
        self.save(update_fields=["status"])
        record(Action.BAN, SYSTEM, room=self.room, member=self)

    def _transfer_rights_to(self: Membership, known: Membership) -> None:
        self.created_invites.update(created_by=known)
        if self.muted and not known.is_moderator:
            known.set_muted(True, SYSTEM)
        if self.is_owner or (self.is_moderator and not known.is_moderator):
            role = self.role
            self.save_role(self.Role.MEMBER)
            known.set_role(role, SYSTEM)

    @transaction.atomic
    def _end_membership(self: Membership, status: StatusMixin.Status, by: ActedBy) -> bool:
        """End a membership or a join request by giving it this status, and return True.

        Returns False if there is neither, or if `by` is no longer allowed to do that.
        """
        actor = Actor.of(by)
        with self.room.change() as room:
            self.refresh_from_db(fields=["status", "role", "nickname", "namesake_number"])
            left = status == self.Status.LEFT
            if not (self.is_inside or self.is_waiting) or not (left or actor.may_act_on(self)):
                return False
            if not left:
                record(Action.BAN if status == self.Status.BANNED else Action.REMOVE, actor, room=room, member=self)
            if self.is_waiting:
                self._cancel_request(status)
            else:
                self._exit(status, actor)
            return True

    def _cancel_request(self: Membership, status: StatusMixin.Status) -> None:
        self.status, self.holds_name = status, False
        self.save(update_fields=["status", "holds_name"])
        self.room.update_join_request_count()

    def _exit(self: Membership, status: StatusMixin.Status, actor: Actor) -> None:
        """Announce the exit, which has an event of the same name. Removed people lose role and invite links."""
        self.status = status
        self.save(update_fields=["status"])
        self.room.bump_epoch()
        self.room.append_event(status, actor, self)
        self.revoke_created_invites()
        if status != self.Status.LEFT:
            self.pass_ownership_on(for_good=True)
            self.save_role(self.Role.MEMBER)
