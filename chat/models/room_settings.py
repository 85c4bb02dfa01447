"""Settings of a room: its name, who finds it and at which address, its topic and rules, whether it is locked."""

import secrets

from django.db import IntegrityError, models, transaction
from django.utils.translation import gettext_lazy as _

from chat.exceptions import Refused
from chat.models.membership import Membership
from chat.models.message import Message
from chat.models.room_address import available_slugs
from chat.names.normalize import display_name, room_key, room_lookalike_key


class SettingsMixin(models.Model):
    """The half of a room that is set by hand.

    `key` is unique among rooms that are found by their name, `look` among those that are listed: a private room has
    neither, so that nobody learns of it by a name. `withdrawals` counts how often an address was withdrawn from all but
    the members. `waiting` is how many wait to be let in, `member_limit` how many can be in, None for any number.
    """

    class Access(models.TextChoices):
        OPEN = "open", _("open: listed on the home page")
        UNLISTED = "unlisted", _("unlisted: for whoever knows the name")
        PRIVATE = "private", _("private: by invitation only")

    name = models.CharField(_("name"), max_length=64)
    key = models.CharField(max_length=256, unique=True, null=True, editable=False)
    lookalike_key = models.CharField(max_length=256, unique=True, null=True, editable=False)
    slug = models.CharField(_("address"), max_length=80, unique=True, editable=False)
    withdrawals = models.PositiveIntegerField(default=0, editable=False)
    access = models.CharField(_("who finds it"), max_length=8, choices=Access, default=Access.OPEN)
    topic = models.CharField(_("topic"), max_length=200, blank=True)
    rules = models.TextField(_("rules"), max_length=2000, blank=True)
    locked = models.BooleanField(_("locked"), default=False)
    announce_only = models.BooleanField(_("announcements only"), default=False)
    approval = models.BooleanField(_("newcomers wait"), default=False)
    join_request_count = models.PositiveIntegerField(_("waiting"), default=0, editable=False)
    accounts_only = models.BooleanField(_("accounts only"), default=False)
    member_limit = models.PositiveIntegerField(_("most members"), null=True, blank=True)
    archived = models.BooleanField(_("archived"), default=False)

    class Meta:
        abstract = True

    @transaction.atomic
    def update_settings(self, **settings):
        """Change what is to be other than it is; the room tells of each in a line. Raises Refused, and changes none.

        A room that fewer find from now on is so first: another name of its own need not be as free then. Who waits is
        let in last, when all else is as it is to be.
        """
        found = list(self.Access)
        hides = found.index(settings.get("access", self.access)) > found.index(self.access)
        in_order = sorted(settings, key=lambda setting: (setting == "approval", hides and setting != "access"))
        for setting in in_order:
            if getattr(self, setting) != settings[setting]:
                getattr(self, f"set_{setting}")(settings[setting])

    def set_topic(self, topic):
        with self.change():
            self._set("topic", topic)
            self.append(event=Message.Event.TOPIC, text=topic)

    def set_rules(self, rules):
        with self.change():
            self._set("rules", rules)
            self.append(event=Message.Event.RULES, text=rules)

    def set_locked(self, locked):
        with self.change():
            if self.locked != locked:
                self._set("locked", locked)
                self.append(event=Message.Event.LOCKED if locked else Message.Event.UNLOCKED)

    def set_announce_only(self, announce_only):
        """Whether only those who keep the room write in it."""
        with self.change():
            self._set("announce_only", announce_only)
            self.append(event=Message.Event.POSTING, text="keepers" if announce_only else "everybody")

    def set_archived(self, archived):
        """Out of use: nobody writes or comes in, and it is not listed; or in use again."""
        with self.change():
            if self.archived != archived:
                self._set("archived", archived)
                self._claim_name(self.name, self.access)
                if archived:
                    self._decline_waiting(self.memberships.waiting(), _("This room is archived now."))
                self.append(event=Message.Event.ARCHIVED if archived else Message.Event.RESTORED)

    def set_accounts_only(self, accounts_only):
        """Whether only people with an account come in; whoever is in stays, guests who wait are turned away."""
        with self.change():
            self._set("accounts_only", accounts_only)
            if accounts_only:
                guests = self.memberships.waiting().filter(participant__user=None)
                self._decline_waiting(guests, _("Only people with an account come in here."))

    def set_member_limit(self, member_limit):
        """How many can be in at once, None for any number; nobody who is in has to go."""
        with self.change():
            self._set("member_limit", member_limit)

    def set_approval(self, approval):
        """Whether newcomers wait until they are let in; whoever waits when that ends is let in. Raises Refused."""
        with self.change():
            self._set("approval", approval)
            if not approval:
                for member in self.memberships.waiting().select_related("participant"):
                    member.approve()

    def lock(self):
        self.set_locked(True)

    def unlock(self):
        self.set_locked(False)

    def set_name(self, name):
        """Another name, and an address made of it; the old one leads on. Raises Refused where the name is taken."""
        with self.change():
            self._claim_name(name, self.access)
            self._set("name", display_name(name))
            if self.access != self.Access.PRIVATE:
                self._change_slug(self._free_slug())
            self.append(event=Message.Event.NAMED, text=self.name)

    def set_access(self, access):
        """Who finds the room. To private and back it gets an address that none but its members are led on to."""
        with self.change():
            was = self.access
            if was == access:
                return
            self._claim_name(self.name, access)
            self._set("access", access)
            if self.Access.PRIVATE in (was, access):
                private = access == self.Access.PRIVATE
                self._change_slug(secrets.token_urlsafe(16) if private else self._free_slug())
                self._withdraw_addresses()
                self._decline_waiting(self.memberships.waiting())
            self.append(event=Message.Event.ACCESS, text=access)

    def _decline_waiting(self, waiting, answer=""):
        """All at once, inside `change()`."""
        waiting.update(status=Membership.Status.REFUSED, answer=answer, holds_name=False)
        self.update_join_request_count()

    def _set(self, setting, value):
        """Write it, inside `change()`, so that every page is told of its header anew."""
        setattr(self, setting, value)
        self.header_version = self.version
        self.save(update_fields=[setting, "header_version"])

    def _claim_name(self, name, access):
        """Be found by this name as far as rooms of this access are; what is archived keeps no look-alikes away."""
        self.key = None if access == self.Access.PRIVATE else room_key(name)
        self.lookalike_key = room_lookalike_key(name) if access == self.Access.OPEN and not self.archived else None
        try:
            with transaction.atomic():
                self.save(update_fields=["key", "lookalike_key"])
        except IntegrityError:
            raise Refused(
                _("There is a room of this name, or one that looks like it. Choose another name."), code="name_taken"
            ) from None

    def _free_slug(self):
        owners = self.memberships.filter(role=Membership.Role.OWNER)
        return next(available_slugs(self.name, self, insiders=owners.values("participant")))

    def _change_slug(self, slug):
        """Take another address; this one leads on from now."""
        if slug == self.slug:
            return
        self.former_addresses.filter(slug=slug).delete()
        self.former_addresses.update_or_create(slug=self.slug, defaults={"until": None})
        self.slug = slug
        self.save(update_fields=["slug"])

    def _withdraw_addresses(self):
        self.former_addresses.withdraw()
        self.withdrawals += 1
        self.save(update_fields=["withdrawals"])
        self.bump_epoch()
