"""Sessions: which participant a browser belongs to, and how a session begins, is renewed and ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from chat.models import Participant, User

if TYPE_CHECKING:
    from chat.types import Request

SESSION_KEY = "participant"
GENERATION_KEY = "generation"
RENEWED_KEY = "renewed"
RENEWED_EVERY = 30 * 24 * 3600  # seconds
PENDING_KEY = "pending_sign_in"
PENDING_SECONDS = 600  # to find the phone and type its code


class PendingSignIn(NamedTuple):
    """A sign-in after a right password, before the code. `bring_guest`: merge the session's guest into the account."""

    participant: Participant
    user: User
    bring_guest: bool


def participant_of(request: Request) -> Participant | None:
    """Return the participant of this session, or None without a valid session. Also activates their time zone."""
    if not hasattr(request, "participant"):
        pk = request.session.get(SESSION_KEY)
        found = pk and Participant.objects.filter(is_active_q(), pk=pk, generation=session_generation(request)).first()
        set_participant(request, found or None)
    return request.participant


def is_active_q(participant: str = "") -> Q:
    """A filter for guests and active accounts. `participant` is the lookup prefix of the participant.

    An account may be deactivated directly in the database, so this is checked on every request.
    """
    return Q(**{f"{participant}user": None}) | Q(**{f"{participant}user__is_active": True})


def participant_to_join(request: Request, join_key: str) -> Participant:
    """The participant of this session; without one, the guest whom this form created before, or a new unsaved one.

    `join_key` finds the guest of a form that was sent twice within 5 minutes: its first response, with the cookie, may
    have been lost.
    """
    participant: Participant = participant_of(request) or Participant.objects.by_join_key(join_key)
    return participant


def bind_session(request: Request, participant: Participant, anew: bool = False) -> None:
    """Sign this session in as the participant, under a new session key unless it already belongs to them.

    `anew` forces a new key, for a guest who becomes an account. The session is saved. Call it in the transaction of a
    verb that ends other sessions or uses up a link, so that both are done or neither.
    """
    request.session.pop(PENDING_KEY, None)
    bound = request.session.get(SESSION_KEY), session_generation(request)
    if anew or bound != (participant.pk, participant.generation):
        request.session[SESSION_KEY] = participant.pk
        request.session[GENERATION_KEY] = participant.generation
        request.session[RENEWED_KEY] = _now()
        with transaction.atomic():
            request.session.cycle_key()
    set_participant(request, participant)


def begin_sign_in(request: Request, account: PendingSignIn) -> None:
    """Note in the session that the password was right and a code is still missing. This signs no one in."""
    request.session[PENDING_KEY] = {
        "participant": account.participant.pk,
        "generation": account.participant.generation,
        "until": _now() + PENDING_SECONDS,
        "bring_guest": account.bring_guest,
    }


def pending_sign_in(request: Request) -> PendingSignIn | None:
    """The account that still has to give a code; None if there is none, or it took too long.

    Also None after the account's sessions ended, for example because its password was changed.
    """
    pending = request.session.get(PENDING_KEY)
    if not pending or pending["until"] < _now():
        return None
    same = {"pk": pending["participant"], "generation": pending["generation"]}
    participant = Participant.objects.select_related("user").filter(is_active_q(), **same).first()
    if participant is None or participant.user is None:
        return None
    return PendingSignIn(participant, participant.user, pending["bring_guest"])


def sign_out(request: Request) -> None:
    """End this session. The gate stops answering its polls, and an old join form does not sign it in again."""
    participant = participant_of(request)
    with transaction.atomic():
        if participant:
            participant.invalidate_read_permissions()
        request.session.delete()
    request.session.flush()  # only after the commit: it also empties the session that the cookie depends on
    set_participant(request, None)


def renew_session(request: Request) -> None:
    """Extend the session to a year from now, at most once in 30 days.

    Without this, it would end a year after it began.
    """
    if SESSION_KEY in request.session and _now() - request.session.get(RENEWED_KEY, 0) > RENEWED_EVERY:
        request.session[RENEWED_KEY] = _now()


def session_generation(request: Request) -> int:
    """The participant's `generation` when this session began. The session is invalid once theirs is higher."""
    generation: int = request.session.get(GENERATION_KEY, 0)
    return generation


def _now() -> int:
    return int(timezone.now().timestamp())


def set_participant(request: Request, participant: Participant | None) -> None:
    """Keep the participant (or None) in `request.participant`, and activate their time zone if there is one."""
    request.participant = participant
    if participant:
        timezone.activate(participant.zone)
