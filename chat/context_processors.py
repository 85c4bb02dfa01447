"""Template variables of the site and of the reader, each read from the database only if a template uses it."""

from contextlib import suppress
from typing import Any

from django.conf import settings
from django.db import DatabaseError, InterfaceError
from django.utils.functional import SimpleLazyObject
from redis.exceptions import RedisError

from chat import identity
from chat.models import Participant, Site
from chat.types import Request


def site(request: Request) -> dict[str, Any]:
    return {
        "appearance": SimpleLazyObject(lambda: appearance(request)),
        "site": SimpleLazyObject(Site.current),
        "accounts": settings.ACCOUNTS != "off",
        "accounts_required": settings.ACCOUNTS == "required",
    }


def appearance(request: Request) -> Participant | None:
    """The participant whose preferences style the page; None without one, or without a session, database or Redis."""
    with suppress(AttributeError, DatabaseError, InterfaceError, RedisError):
        return identity.participant_of(request)
    return None
