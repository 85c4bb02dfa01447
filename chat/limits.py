"""Rate limits: how often a person, a network address, an account name, a room or the whole site may do something."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.core.cache import caches

from chat import client_ip, known_browsers
from chat.exceptions import LimitExceeded
from chat.gate.places import Shares
from chat.limit_counters import Limit, TryLimit
from chat.names.normalize import display_name, nickname_key
from chat.names.validators import MAX_NAME_LENGTH
from chat.text import text_digest

if TYPE_CHECKING:
    from django.http import HttpResponse

    from chat.models import Membership, Participant, Room, User
    from chat.types import Request

FIRST_TRIES = 3  # of an address, which no other address can use up


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


def check_signing_in(request: Request, name: str, code: bool = False) -> None:
    """Count one try to sign in to the account `name`, however it is spelled, and its `code`. Raises LimitExceeded.

    A browser in which this account signed in before has tries of its own: 10 in ten minutes, by default. All others
    share 10 for the name, and have 20 per address. So other people can't keep the account's owner out. Each try also
    takes a tenth of a second, so the site has 120 a minute, counted apart for known browsers and for addresses with few
    tries.
    """
    if not settings.LIMITS:
        return
    crowd = _crowd(request, name)  # before this try is counted
    tries = _tries(request, name)
    for limit, who in tries:
        limit.spend(who)
    try:
        Limit.named("LIMIT_SIGN_IN_SITE").spend(crowd)
    except LimitExceeded:
        _refund(tries)
        raise
    if code:
        check_code(request, name)


def refund_signing_in(request: Request, name: str, code: bool = False) -> None:
    """Don't count the try that `check_signing_in` counted, nor its `code`: it was right.

    A known browser's tries stay counted, because only these limit how often it signs in.
    """
    if settings.LIMITS and not known_browsers.known_id(request, _account(name)):
        _refund(_tries(request, name))
        if code:
            TryLimit.named("LIMIT_CODE_NAME").refund(_account(name))


def check_code(request: Request, name: str) -> None:
    """Count one code for the account `name`, after a right password: at most 20 in a day, by default.

    `check_signing_in` counts it too, but forgets it after ten minutes. So a thief with the password could try 1,300
    codes in a day. Known browsers have tries of their own. Raises LimitExceeded.
    """
    if settings.LIMITS and not known_browsers.known_id(request, _account(name)):
        TryLimit.named("LIMIT_CODE_NAME").spend(_account(name))


def remember_browser(request: Request, response: HttpResponse, name: str) -> None:
    """Make this a known browser of the account `name`, which has signed in: by default 10 new ones a day."""
    if not known_browsers.known_id(request, _account(name)):
        try:
            _spend("KNOWN_BROWSER", name=_account(name))
        except LimitExceeded:
            return
    known_browsers.remember(request, response, _account(name))


def check_confirming(user: User) -> None:
    """Count one password or code that a signed-in person gives to confirm something: by default 10 in ten minutes.

    What others try at the sign-in page doesn't count. Raises LimitExceeded.
    """
    if settings.LIMITS:
        TryLimit.named("LIMIT_CONFIRM_PERSON").spend(user.pk)


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


def _account(name: str) -> str:
    """A digest of an account's name that is the same for all its spellings."""
    return text_digest(nickname_key(display_name(name)[:MAX_NAME_LENGTH]))


def _tries(request: Request, name: str) -> list[tuple[TryLimit, str]]:
    """The limits that a try to sign in to this account counts for, each with whom it counts."""
    account = _account(name)
    if browser := known_browsers.known_id(request, account):
        counted = {"BROWSER": f"{browser}:{account}"}
    else:
        counted = {"ADDRESS": client_ip.network_of(request), "NAME": account}
    return [(TryLimit.named(f"LIMIT_SIGN_IN_{scope}"), who) for scope, who in counted.items() if who]


def _refund(tries: list[tuple[TryLimit, str]]) -> None:
    for limit, who in tries:
        limit.refund(who)


def _crowd(request: Request, name: str) -> str:
    """Which part of the site's limit a try counts for, so that a few addresses can't use it up for everyone."""
    if known_browsers.known_id(request, _account(name)):
        return "known"
    network = client_ip.network_of(request)
    tried: int = caches["limits"].get(f"LIMIT_SIGN_IN_ADDRESS:{network}", 0)
    return "few" if network and tried < FIRST_TRIES else "many"
