"""Sessions: which person a browser is, how it becomes theirs, and how long it stays so."""

from django.db.models import Q
from django.utils import timezone

from chat.models import Participant

SESSION_KEY = "participant"
GENERATION_KEY = "generation"
RENEWED_KEY = "renewed"
RENEWED_EVERY = 30 * 24 * 3600  # seconds


def participant_of(request):
    """The person behind this session, or None. From here on, times are told in their time zone."""
    if not hasattr(request, "participant"):
        pk = request.session.get(SESSION_KEY)
        found = pk and Participant.objects.filter(is_active_q(), pk=pk, generation=session_generation(request)).first()
        set_participant(request, found)
    return request.participant


def is_active_q(participant=""):
    """Whoever is a guest, or an account that is not switched off, which may have been done in the database itself.

    `participant` is the way to the person, where others are looked for.
    """
    return Q(**{f"{participant}user": None}) | Q(**{f"{participant}user__is_active": True})


def participant_to_join(request, join_key):
    """The person behind this session, or a new guest, who is kept and bound to the session only by joining.

    Where this very form was sent twice, the session of its first answer may never have reached the browser.
    """
    return participant_of(request) or Participant.objects.by_join_key(join_key)


def bind_session(request, participant, anew=False):
    """Bind this session to the person it now belongs to; a key that was known before is worth nothing after.

    `anew` is for whoever was this person before, and is more by now.
    """
    if anew or (request.session.get(SESSION_KEY), session_generation(request)) != (
        participant.pk,
        participant.generation,
    ):
        request.session.cycle_key()
        request.session[SESSION_KEY] = participant.pk
        request.session[GENERATION_KEY] = participant.generation
        request.session[RENEWED_KEY] = _now()
    set_participant(request, participant)


def sign_out(request):
    """End this session. It is worth nothing any more, nor is what it was granted."""
    participant = participant_of(request)
    request.session.flush()
    if participant:
        participant.revoke_session_rights()
    set_participant(request, None)


def renew_session(request):
    """Let the session's year begin again, at most once a month; it would end a year after the first join otherwise."""
    if SESSION_KEY in request.session and _now() - request.session.get(RENEWED_KEY, 0) > RENEWED_EVERY:
        request.session[RENEWED_KEY] = _now()


def session_generation(request):
    """The one that this session is of; once the person was signed out everywhere, theirs is a later one."""
    return request.session.get(GENERATION_KEY, 0)


def _now():
    return int(timezone.now().timestamp())


def set_participant(request, participant):
    request.participant = participant
    if participant:
        timezone.activate(participant.zone)
