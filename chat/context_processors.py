"""What every template may ask for: the site as its operator describes it, read only where a page names it."""

from contextlib import suppress

from django.conf import settings
from django.db import DatabaseError, InterfaceError
from django.utils.functional import SimpleLazyObject
from redis.exceptions import RedisError

from chat import identity
from chat.models import Site


def site(request):
    return {
        "appearance": SimpleLazyObject(lambda: looks(request)),
        "site": SimpleLazyObject(Site.current),
        "accounts": settings.ACCOUNTS != "off",
        "accounts_required": settings.ACCOUNTS == "required",
    }


def looks(request):
    """Whose preferences a page looks like, or nobody's, as on an error page without database or session."""
    with suppress(AttributeError, DatabaseError, InterfaceError, RedisError):
        return identity.participant_of(request)
