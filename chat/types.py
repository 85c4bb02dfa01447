"""The request as our middleware leaves it, for type annotations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpRequest
from django.urls import ResolverMatch

if TYPE_CHECKING:
    from django_htmx.middleware import HtmxDetails

    from chat.models import Participant


class Request(HttpRequest):
    """Used in annotations only; Django creates the real request.

    `participant` is set by `identity.participant_of`. `sent_session_key`, from the browser's cookie, is set by our
    session middleware.
    """

    htmx: HtmxDetails
    resolver_match: ResolverMatch
    participant: Participant | None
    sent_session_key: str | None
