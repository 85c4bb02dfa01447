"""Parlour without held polls: the gate still buffers bodies and limits threads, but Django answers each poll."""

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from chat.gate.asgi import Gate

django = get_wsgi_application()


def ungated(environ, start_response):
    """Django as under any WSGI server, without grants."""
    environ.pop("parlour.gate", None)
    return django(environ, start_response)


application = Gate(ungated, threads=settings.THREADS)
