"""The health address, for load balancers and monitors: whether Parlour answers and can read its database."""

import logging

from django.db import DatabaseError, InterfaceError
from django.http import HttpResponse
from django.views.decorators.http import require_safe

from chat.models import Installation
from chat.types import Request
from chat_app.logs import about

logger = logging.getLogger("chat")


@require_safe
def health(request: Request) -> HttpResponse:
    """Answer "ok", or 503 if the database can't be read. `HealthMiddleware` calls it, for any host name."""
    try:
        Installation.objects.exists()
    except (DatabaseError, InterfaceError) as error:
        logger.error("The database can't be read: %s", error, extra=about("health"))
        return _plain("The database can't be read.", 503)
    return _plain("ok", 200)


def _plain(text: str, status: int) -> HttpResponse:
    return HttpResponse(f"{text}\n", status=status, content_type="text/plain; charset=utf-8")
