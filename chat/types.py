"""The request as our middleware leaves it, for type annotations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpRequest
from django.urls import ResolverMatch

if TYPE_CHECKING:
    from django_htmx.middleware import HtmxDetails

    from chat.models import Participant, User


class Request(HttpRequest):
    """The request's type for annotations only; Django creates the real request.

    `identity.participant_of` sets `participant`. Our session middleware sets `sent_session_key`, the session key in
    the cookie that the browser sent.
    """

    htmx: HtmxDetails
    resolver_match: ResolverMatch
    participant: Participant | None
    sent_session_key: str | None


class StaffRequest(Request):
    """The request of a signed-in user, as admin pages get it. For annotations only, like Request."""

    user: User
