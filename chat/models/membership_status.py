"""Status of a membership: waiting, in, left, removed or banned, and the verbs that change it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from chat.models.actor import SYSTEM, Actor
from chat.models.audit import Action, record
from chat.models.draft import Draft

if TYPE_CHECKING:
    from chat.models.actor import ActedBy
    from chat.models.membership import Membership

ENTRY_FIELDS = ("status", "answer", "joined_at", "seen_at", "read_version", "read_message_count", "invite", "role")


class StatusMixin(models.Model):
    """The part of a membership that says whether a person may read and write in the room.

    `answer` is the optional message that a moderator wrote when they approved or declined the join request.
    """

    class Status(models.TextChoices):
        WAITING = "waiting", _("waiting for approval")
        JOIN_DECLINED = "join_declined", _("declined")
        IN = "in", _("in")
        LEFT = "left", _("left")
        REMOVED = "removed", _("removed")
        BANNED = "banned", _("banned")
        CHAT_REQUESTED = "chat_requested", _("chat request sent")
        CHAT_IGNORED = "chat_ignored", _("ignored the chat request")
        CHAT_DECLINED = "chat_declined", _("declined the chat")

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
        """Save this membership as an open join request under this nickname. Call it inside the room's `change()`."""
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
        """Turn this membership into an open chat request with this nickname, inside the room's `change()`."""
        self.status, self.joined_at = self.Status.CHAT_REQUESTED, timezone.now()
        self.save_nickname(nickname, *ENTRY_FIELDS, namesake_number=namesake_number)

    def accept_chat(self: Membership) -> bool:
        """Accept the chat request and join the direct message. Returns False if there is no open chat request."""
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
        """Hide the chat request, and don't tell the other person. Returns False if none was unanswered.

        It is one conditional UPDATE instead of a `change()`, whose new version the other person's page would receive.
        """
        requested = type(self).with_deleted.filter(pk=self.pk, status=self.Status.CHAT_REQUESTED)
        return bool(requested.update(status=self.Status.CHAT_IGNORED))

    # Leaving

    @transaction.atomic
    def leave(self: Membership, for_good: bool = False) -> bool:
        """Leave the room, cancel the join request or decline the chat. Ownership is passed on.

        Returns False if there was nothing to leave, or the status has changed since it was read: nobody leaves the room
        by cancelling a join request that has just been approved. `for_good`: this participant will never come back, for
        example because the account is deleted, so the status is ended even if it has changed.
        """
        read = None if for_good else self.status
        left = self.has_chat_request and self.decline_chat()
        if not left and (self.is_inside or self.is_waiting):
            left = self._end_membership(self.Status.LEFT, self, read)
        if left or for_good:
            self.pass_ownership_on(for_good)
        return left

    def remove(self: Membership, by: ActedBy = None) -> bool:
        """Remove a member and announce it, or end a join request without announcing it.

        Returns False if the person is neither in the room nor waiting, or if `by` no longer outranks them. They can
        join again as an ordinary member after REMOVAL_MINUTES, or after `allow_rejoin`. A member's invite links are
        revoked. If an owner is removed, ownership is passed on.
        """
        return self._end_membership(self.Status.REMOVED, by)

    def ban(self: Membership, by: ActedBy = None) -> bool:
        """Like `remove`, but the person cannot join again until `unban`."""
        return self._end_membership(self.Status.BANNED, by)

    def unban(self: Membership, by: ActedBy = None) -> bool:
        """Let a banned person join again. Returns False if they are not banned.

        Raises Refused if `by` no longer moderates the room.
        """
        with self.room.change_by(by) as room:
            banned = type(self).with_deleted.filter(pk=self.pk, status=self.Status.BANNED)
            if not banned.update(status=self.Status.REMOVED, removed_until=None):
                return False
            record(Action.UNBAN, by, room=room, member=self)
            return True

    def become_banned(self: Membership) -> bool:
        """Ban this person as Parlour itself, even if they have left. Returns False if they are banned already.

        Call it inside the room's `change()`.
        """
        if self.status == self.Status.BANNED:
            return False
        if self.ban(SYSTEM):
            return True
        self.status = self.Status.BANNED
        self.save(update_fields=["status"])
        record(Action.BAN, SYSTEM, room=self.room, member=self)
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

    @transaction.atomic
    def _end_membership(
        self: Membership, status: StatusMixin.Status, by: ActedBy, read: StatusMixin.Status | str | None = None
    ) -> bool:
        """End a membership or a join request by giving it this status, and return True.

        Returns False if there is neither, if `by` is no longer allowed to do that, or if the status is not `read` now
        (None: any).
        """
        actor = Actor.of(by)
        with self.room.change() as room:
            self.refresh_from_db(fields=["status", "role", "nickname", "namesake_number"])
            left = status == self.Status.LEFT
            if self.status != (read or self.status):
                return False
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
        self.keep_out()
        self.room.update_join_request_count()

    def _exit(self: Membership, status: StatusMixin.Status, actor: Actor) -> None:
        """End the membership with this status (left, removed or banned) and announce it, inside the room's `change()`.

        Deletes what the member has typed and not sent, revokes their invite links and bumps the room's epoch. Except
        after leaving, the role is lost as well, and ownership is passed on.
        """
        self.status = status
        self.save(update_fields=["status"])
        self.keep_out()
        Draft.objects.filter(pk=self.pk).delete()
        self.messages.with_leftover().update(leftover=None)
        self.room.bump_epoch()
        self.room.append_event(status, actor, self)
        self.revoke_created_invites()
        if status != self.Status.LEFT:
            self.pass_ownership_on(for_good=True)
            self.save_role(self.Role.MEMBER)
