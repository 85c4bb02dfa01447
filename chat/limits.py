"""Rate limits: how often a person, a network address, an account name, a room or the whole site may do something."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.cache import caches

from chat import client_ip
from chat.exceptions import LimitExceeded
from chat.gate.places import Shares
from chat.text import text_digest

if TYPE_CHECKING:
    from chat.models import Membership, Participant, Room, User
    from chat.types import Request


@dataclass(frozen=True)
class Limit:
    """A rate limit: at most `count` times in `seconds`, in fixed windows that start at multiples of `seconds`.

    `name` is that of its setting.
    """

    name: str
    count: int
    seconds: int

    @classmethod
    def named(cls, name: str) -> Limit:
        """Return the limit in the setting `name`, which is written as `count/seconds`."""
        count, seconds = getattr(settings, name).split("/")
        return cls(name, int(count), int(seconds))

    def spend(self, who: str | int) -> None:
        """Count one use by `who`, in the cache. Raises LimitExceeded if the limit of this time window is used up."""
        window, elapsed = divmod(int(time.time()), self.seconds)
        key = f"{self.name}:{who}:{window}"
        counter = caches["limits"]
        counter.add(key, 0, timeout=self.seconds + 1)
        try:
            used = counter.incr(key)
        except ValueError:
            return  # A full cache dropped the counter between the two calls above.
        if used > self.count:
            raise LimitExceeded(self, self.seconds - elapsed)


def check_sending(request: Request, membership: Membership) -> None:
    """Count one message: at most 30 a minute per person, 600 per address, 1,200 per room, by default.

    A school class may share one address. Raises LimitExceeded.
    """
    _spend("SEND", person=membership.participant_id, address=client_ip.network_of(request), room=membership.room_id)


def check_typing(request: Request, membership: Membership) -> None:
    """Count one typing signal: at most 60 a minute per person, by default (a page sends 12 to 30).

    Raises LimitExceeded.
    """
    _spend("TYPING", person=membership.participant_id)


def check_joining(request: Request, participant: Participant, room: Room | None) -> None:
    """Count one join: at most 30 in ten minutes per person, 600 per address, 3,000 per room, by default.

    If `room` is None, nothing is counted per room. Raises LimitExceeded.
    """
    _spend("JOIN", person=participant.pk, address=client_ip.network_of(request), room=room.pk if room else None)


def check_preferences(request: Request, participant: Participant) -> None:
    """Count one change of preferences: at most 30 in ten minutes per person, by default. Raises LimitExceeded."""
    _spend("PREFERENCES", person=participant.pk)


def check_inviting(request: Request, membership: Membership) -> None:
    """Count one invite link: at most 20 an hour per person, 60 per room, by default. Raises LimitExceeded."""
    _spend("INVITE", person=membership.participant_id, room=membership.room_id)


def check_chat_requests(request: Request, membership: Membership) -> None:
    """Count one chat request: at most 20 an hour per person, 100 per address, by default. Raises LimitExceeded."""
    _spend("CHAT_REQUEST", person=membership.participant_id, address=client_ip.network_of(request))


def check_nickname_changes(request: Request, membership: Membership) -> None:
    """Count one change of nickname: at most 5 an hour per person, by default. Raises LimitExceeded."""
    _spend("RENAME", person=membership.participant_id)


def check_room_settings(request: Request, membership: Membership) -> None:
    """Count one change of room settings: at most 30 in ten minutes per person, by default. Raises LimitExceeded."""
    _spend("SETTINGS", person=membership.participant_id)


def check_signing_in(request: Request, name: str | None = "") -> None:
    """Count one attempt to sign in: by default 20 per network, 10 per name in ten minutes, 120 a minute for the site.

    The last limit protects the CPU: each attempt takes a tenth of a second. Without a `name`, no account name is
    counted. Raises LimitExceeded.
    """
    _spend("SIGN_IN", address=client_ip.network_of(request), name=name and text_digest(name), site="site")


def check_creating_accounts(request: Request) -> None:
    """Count one new account: at most 20 an hour per address, 200 for the whole site, by default.

    Raises LimitExceeded.
    """
    _spend("ACCOUNT", address=client_ip.network_of(request), site="site")


def check_password_resets(request: Request) -> None:
    """Count one password reset request: at most 10 an hour per address, by default. Raises LimitExceeded."""
    _spend("RESET", address=client_ip.network_of(request))


def check_reset_emails(user: User) -> None:
    """Count one password reset email: by default 3 an hour per account, by its id, which a rename doesn't change.

    Raises LimitExceeded.
    """
    _spend("RESET", name=user.pk)


def check_sign_in_links(request: Request, participant: Participant) -> None:
    """Count one sign-in link: at most 20 an hour per person, by default. Raises LimitExceeded."""
    _spend("LINK", person=participant.pk)


def check_creating_rooms(request: Request, participant: Participant) -> None:
    """Count one new room: at most 10 an hour per person, 60 per address, 300 for the whole site, by default.

    Raises LimitExceeded.
    """
    _spend("CREATE", person=participant.pk, address=client_ip.network_of(request), site="site")


def connection_shares() -> Shares:
    """Return how many connections of one address the gate keeps open at once.

    By default 1,000 unfinished heads, 200 unfinished bodies, 1,000 refused requests that are still being sent, and
    1,000 held polls and streams: enough for a school class of 200 behind one address, with 3 held polls each. A new
    connection above the first three ends the oldest one. A poll above the last one is answered at once. LIMITS=off
    doesn't change them.
    """
    return Shares(
        heads=settings.MAX_HEADS_ADDRESS,
        bodies=settings.MAX_BODIES_ADDRESS,
        refused=settings.MAX_REFUSED_ADDRESS,
        held=settings.MAX_HELD_ADDRESS,
    )


def _spend(action: str, **scopes: str | int | None) -> None:
    """Count one use of the action in each scope, unless LIMITS is off. Raises LimitExceeded.

    A scope without a value is skipped, for example a participant that is not saved yet.
    """
    if not settings.LIMITS:
        return
    for scope, who in scopes.items():
        if who:
            Limit.named(f"LIMIT_{action}_{scope.upper()}").spend(who)
