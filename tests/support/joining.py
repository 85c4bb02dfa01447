"""Members who join without a request, and their sessions."""

from django.contrib.sessions.backends.db import SessionStore
from django.utils import timezone

from chat.identity import GENERATION_KEY, RENEWED_KEY, SESSION_KEY
from chat.models import Participant


def join_without_request(room, nickname):
    """A new person joins the room of this name, or creates it. Returns the key of their session."""
    participant = Participant().enter(nickname, room=room).participant
    session = SessionStore()
    session[SESSION_KEY], session[GENERATION_KEY] = participant.pk, participant.generation
    session[RENEWED_KEY] = int(timezone.now().timestamp())
    session.save()
    return session.session_key
