"""Settings of a room: name, access and address, topic, rules, and who can post and join."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, models, transaction
from django.utils.translation import gettext_lazy as _

from chat.exceptions import Refused
from chat.models.actor import SYSTEM
from chat.models.audit import Action, record
from chat.models.membership import Membership
from chat.models.message import Message
from chat.names.normalize import display_name, room_key, room_lookalike_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from django.utils.functional import _StrOrPromise

    from chat.models.actor import ActedBy
    from chat.models.membership import MembershipQuerySet
    from chat.models.room import Room

    Setting = str | bool | int | None


class SettingsMixin(models.Model):
    """The settings of a room.

    `key` (the room key) is unique among open and unlisted rooms, `lookalike_key` among open ones that are not archived.
    Private rooms have neither, so that their names do not leak. `withdrawals` counts how often former addresses were
    withdrawn, so that they redirect only members. `member_limit` is None for any number of members.
    """

    class Access(models.TextChoices):
        OPEN = "open", _("Open: listed on the home page")
        UNLISTED = "unlisted", _("Unlisted: for people who know the name")
        PRIVATE = "private", _("Private: by invite link only")

    name = models.CharField(_("name"), max_length=64)
    key = models.CharField(max_length=256, unique=True, null=True, editable=False)
    lookalike_key = models.CharField(max_length=256, unique=True, null=True, editable=False)
    slug = models.CharField(_("address"), max_length=80, unique=True, editable=False)
    withdrawals = models.PositiveIntegerField(default=0, editable=False)
    access = models.CharField(_("visibility"), max_length=32, choices=Access, default=Access.OPEN)
    topic = models.CharField(_("topic"), max_length=200, blank=True)
    rules = models.TextField(_("rules"), max_length=2000, blank=True)
    locked = models.BooleanField(_("locked"), default=False)
    announce_only = models.BooleanField(_("announcements only"), default=False)
    approval = models.BooleanField(_("approval needed"), default=False)
    join_request_count = models.PositiveIntegerField(_("waiting"), default=0, editable=False)
    accounts_only = models.BooleanField(_("accounts only"), default=False)
    member_limit = models.PositiveIntegerField(_("member limit"), null=True, blank=True)
    archived = models.BooleanField(_("archived"), default=False)

    class Meta:
        abstract = True

    @transaction.atomic
    def update_settings(self: Room, by: ActedBy = None, **settings: Setting) -> list[str]:
        """Change the settings that differ, and announce each. Returns the names of those that changed.

        Raises Refused, and then changes none. A room that becomes less visible does so before it is renamed: its new
        name then has to be unique among fewer rooms. Approval comes last: turning it off approves everyone waiting.
        """
        order: list[Setting] = list(self.Access)
        hides = order.index(settings.get("access", self.access)) > order.index(self.access)
        in_order = sorted(settings, key=lambda name: (name == "approval", hides and name != "access"))
        changed = [name for name in in_order if getattr(self, name) != settings[name]]
        return [name for name in changed if getattr(self, f"set_{name}")(settings[name], by)]

    def set_topic(self: Room, topic: str, by: ActedBy = None) -> bool:
        with self.change_by(by):
            return self._change_setting("topic", topic, by, Action.SET_TOPIC, Message.Event.TOPIC)

    def set_rules(self: Room, rules: str, by: ActedBy = None) -> bool:
        with self.change_by(by):
            return self._change_setting("rules", rules, by, Action.SET_RULES, Message.Event.RULES)

    def set_locked(self: Room, locked: bool, by: ActedBy = None) -> bool:
        """Lock the room, so that nobody can post, or unlock it. Returns False if nothing changed."""
        action = Action.LOCK if locked else Action.UNLOCK
        event = Message.Event.LOCKED if locked else Message.Event.UNLOCKED
        with self.change_by(by):
            return self._change_setting("locked", locked, by, action, event)

    def lock(self: Room, by: ActedBy = None) -> bool:
        return self.set_locked(True, by)

    def unlock(self: Room, by: ActedBy = None) -> bool:
        return self.set_locked(False, by)

    def set_announce_only(self: Room, announce_only: bool, by: ActedBy = None) -> bool:
        """Set whether only the owner and moderators can post. Returns whether that changed. Raises Refused."""
        action, event = Action.SET_ANNOUNCE_ONLY, Message.Event.POSTING
        with self.change_by(by):
            return self._change_setting("announce_only", announce_only, by, action, event)

    def set_archived(self: Room, archived: bool, by: ActedBy = None) -> bool:
        """Archive or unarchive the room. Returns whether that changed. May raise Refused.

        In an archived room nobody can post, only the owner can rejoin, and it is not listed. Archiving declines open
        join requests. Refused: `by` is no longer the owner, or unarchiving finds the name taken.
        """
        action = Action.ARCHIVE if archived else Action.UNARCHIVE
        event = Message.Event.ARCHIVED if archived else Message.Event.RESTORED
        with self.change_by(by, owner=True):
            if not self._change_setting("archived", archived, by, action, event):
                return False
            self._claim_name(self.name, self.access)
            if archived:
                self._decline_requests(self.memberships.waiting(), by, _("This room is now archived."))
            return True

    def set_accounts_only(self: Room, accounts_only: bool, by: ActedBy = None) -> bool:
        """Set whether only people with an account can join. Members stay. Turning it on declines guests' join requests.

        Returns False if nothing changed. Raises Refused if `by` is a member who no longer owns the room.
        """
        with self.change_by(by, owner=True):
            if not self._change_setting("accounts_only", accounts_only, by, Action.SET_ACCOUNTS_ONLY):
                return False
            if accounts_only:
                guests = self.memberships.waiting().filter(participant__user=None)
                self._decline_requests(guests, by, _("Only people with an account can join this room."))
            return True

    def set_member_limit(self: Room, member_limit: int | None, by: ActedBy = None) -> bool:
        """Set how many people can be members at once (None: any number). Returns False if nothing changed.

        Current members stay. Raises Refused if `by` is not the owner or a site admin.
        """
        with self.change_by(by, owner=True):
            return self._change_setting("member_limit", member_limit, by, Action.SET_MEMBER_LIMIT)

    def set_approval(self: Room, approval: bool, by: ActedBy = None) -> bool:
        """Set whether new members need approval. Turning it off approves everyone waiting.

        Returns False if nothing changed. Raises Refused, and changes nothing, if `by` no longer moderates the room or
        if someone who waits can't be approved, for example because the room is full.
        """
        with self.change_by(by):
            if not self._change_setting("approval", approval, by, Action.SET_APPROVAL):
                return False
            if not approval:
                for member in self.memberships.waiting().select_related("participant"):
                    member.approve(SYSTEM)
            return True

    def set_name(self: Room, name: str, by: ActedBy = None) -> bool:
        """Rename the room. Returns False if nothing changes. Raises Refused if the name is taken.

        The old address redirects to the new one. A private room keeps its address.
        """
        name = display_name(name)
        with self.change_by(by, owner=True):
            before = self.name
            if name == before:
                return False
            self._claim_name(name, self.access)
            self.save_setting("name", name)
            if self.access != self.Access.PRIVATE:
                self._change_slug(self._free_slugs())
            record(Action.RENAME_ROOM, by, room=self, before=before, after=name)
            self.append_event(Message.Event.NAMED, by, new_name=name, old_name=before)
            return True

    def set_access(self: Room, access: str, by: ActedBy = None) -> bool:
        """Change who can find the room. Returns False if nothing changes.

        A room that becomes private, or was private, gets a new address, redirects only members, and declines its open
        join requests. Raises Refused if the name is taken, or `by` is no longer the owner.
        """
        with self.change_by(by, owner=True):
            before = self.access
            if before == access:
                return False
            self._claim_name(self.name, access)
            self.save_setting("access", access)
            if self.Access.PRIVATE in (before, access):
                private = access == self.Access.PRIVATE
                self._change_slug(random_slugs() if private else self._free_slugs())
                self._withdraw_addresses()
                self._decline_requests(self.memberships.waiting(), by)
            record(Action.SET_ACCESS, by, room=self, before=before, after=access)
            self.append_event(Message.Event.ACCESS, by, access=access)
            return True

    def _change_setting(
        self: Room, setting: str, value: Setting, by: ActedBy, action: Action, event: Message.Event | None = None
    ) -> bool:
        """Save, log and announce a new value, inside `change()`. Returns False if it is the current value already.

        Without `event`, nothing is announced.
        """
        before = getattr(self, setting)
        if before == value:
            return False
        self.save_setting(setting, value)
        record(action, by, room=self, before=before, after=value)
        changed: dict[str, Any] = {setting: value}
        if event:
            self.append_event(event, by, **changed)
        return True

    def _decline_requests(self: Room, waiting: MembershipQuerySet, by: ActedBy, answer: _StrOrPromise = "") -> None:
        """Decline all the join requests in `waiting`, inside `change()`. `answer` is the message to these people."""
        for member in waiting:
            record(Action.DECLINE_REQUEST, by, room=self, member=member, answer=str(answer))
        declined = Membership.with_deleted.filter(pk__in=[member.pk for member in waiting])
        declined.update(status=Membership.Status.JOIN_DECLINED, answer=answer, holds_name=False)
        self.update_join_request_count()

    def save_setting(self: Room, setting: str, value: Setting) -> None:
        """Save this setting, inside `change()`, and mark the header as changed, so that open pages update it."""
        setattr(self, setting, value)
        self.header_version = self.version
        self.save(update_fields=[setting, "header_version"])

    def touch_header(self: Room) -> None:
        """Mark the header as changed, so that open pages update it. Call it inside `change()`."""
        self.header_version = self.version
        self.save(update_fields=["header_version"])

    def _claim_name(self: Room, name: str, access: str) -> None:
        """Save the keys of the name that a room of this access reserves: none if it is private.

        Raises Refused if another room has the name or, for listed rooms, a look-alike.
        """
        self.key = None if access == self.Access.PRIVATE else room_key(name)
        self.lookalike_key = room_lookalike_key(name) if access == self.Access.OPEN and not self.archived else None
        try:
            with transaction.atomic():
                self.save(update_fields=["key", "lookalike_key"])
        except IntegrityError:
            raise Refused(
                _("A room with this name, or a nearly identical one, exists. Choose another name."), code="name_taken"
            ) from None

    def _free_slugs(self: Room) -> Iterator[str]:
        owners = self.memberships.filter(role=Membership.Role.OWNER)
        return type(self).objects.available_slugs(
            self.name, self, insiders=owners.values_list("participant", flat=True)
        )

    def _change_slug(self: Room, slugs: Iterable[str]) -> None:
        """Take the first free address of `slugs`, inside `change()`. The old one redirects everyone."""
        before = self.slug
        slug = next(slug for slug in slugs if slug == before or self.save_if_free("slug", slug))
        if slug != before:
            self.former_addresses.filter(slug=slug).delete()
            self.former_addresses.update_or_create(slug=before, defaults={"until": None})

    def save_if_free(self: Room, field: str, value: str) -> bool:
        """Save this value of a unique field. Returns False, and keeps the old value, if another room has it."""
        before = getattr(self, field)
        setattr(self, field, value)
        try:
            with transaction.atomic():
                self.save(update_fields=[field])
        except IntegrityError:
            setattr(self, field, before)
            return False
        return True

    def _withdraw_addresses(self: Room) -> None:
        """Make all former addresses redirect only members, for one more day. Bumps the room's epoch."""
        self.former_addresses.withdraw()
        self.withdrawals += 1
        self.save(update_fields=["withdrawals"])
        self.bump_epoch()


def random_slugs() -> Iterator[str]:
    while True:
        yield secrets.token_urlsafe(16)
