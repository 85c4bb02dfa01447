"""Sessions: which participant a browser belongs to, when that starts and ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Q
from django.utils import timezone

from chat.models import Participant

if TYPE_CHECKING:
    from chat.types import Request

SESSION_KEY = "participant"
GENERATION_KEY = "generation"
RENEWED_KEY = "renewed"
RENEWED_EVERY = 30 * 24 * 3600  # seconds


def participant_of(request: Request) -> Participant | None:
    """The participant of this session, or None. Also activates their time zone."""
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

    `anew` forces a new key, for a guest who becomes an account.
    """
    bound = request.session.get(SESSION_KEY), session_generation(request)
    if anew or bound != (participant.pk, participant.generation):
        request.session.cycle_key()
        request.session[SESSION_KEY] = participant.pk
        request.session[GENERATION_KEY] = participant.generation
        request.session[RENEWED_KEY] = _now()
    set_participant(request, participant)


def sign_out(request: Request) -> None:
    """End this session. The gate stops answering its polls, and an old join form does not sign it in again."""
    participant = participant_of(request)
    request.session.flush()
    if participant:
        participant.invalidate_read_permissions()
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
