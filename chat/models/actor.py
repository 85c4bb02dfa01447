"""Actors: who acts on a room, its members or its messages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from django.db import models
from django.utils.translation import gettext_lazy as _

from chat.exceptions import Refused

if TYPE_CHECKING:
    from chat.models.membership import Membership
    from chat.models.room import Room
    from chat.models.user import User


class ActorKind(models.TextChoices):
    MEMBER = "member"
    SITE_ADMIN = "site_admin"
    SYSTEM = "system"


@dataclass(frozen=True)
class Actor:
    """The one who acts: a member of the room, a site admin, or Parlour itself (for example in the hourly cleanup).

    Verbs take `by`: a membership, an actor, or None for Parlour itself. `Actor.of` turns each of them into an actor.
    """

    kind: ActorKind
    membership: Membership | None = None
    user: User | None = None

    @classmethod
    def of(cls, by: ActedBy) -> Actor:
        if by is None:
            return SYSTEM
        return by if isinstance(by, Actor) else cls(ActorKind.MEMBER, membership=by)

    @classmethod
    def site_admin(cls, user: User) -> Actor:
        return cls(ActorKind.SITE_ADMIN, user=user)

    @property
    def public_name(self) -> str:
        """The name that the room sees: the member's nickname, or an empty string for a site admin or Parlour itself."""
        return self.membership.nickname if self.membership else ""

    @property
    def name(self) -> str:
        """The actor's name in the audit log: the username of a site admin, otherwise the public name."""
        return self.user.get_username() if self.user else self.public_name

    def may_act_on(self, member: Membership) -> bool:
        """Whether this actor still outranks `member`. True for site admins and for Parlour itself.

        The actor's own role and status are read again. Call it inside the room's `change()`.
        """
        return self.membership is None or self.membership.still_outranks(member)

    def check(self, room: Room, owner: bool = False) -> None:
        """Raise Refused if a member no longer moderates the room, or with `owner`, no longer owns it.

        Call it inside `change()`. Site admins and Parlour itself always may.
        """
        if self.membership and not self.membership.still_moderates(room, owner):
            raise Refused(_("You can no longer do this in this room."), code="not_allowed")


SYSTEM = Actor(ActorKind.SYSTEM)

ActedBy: TypeAlias = "Membership | Actor | None"  # None: Parlour itself
