"""Parlour without the gate's live part: bodies are taken whole and threads are few, but Django answers each poll."""

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from chat.gate.asgi import Gate

django = get_wsgi_application()


def ungated(environ, start_response):
    """Django as under any WSGI server: it makes no grants where nobody takes them."""
    environ.pop("parlour.gate", None)
    return django(environ, start_response)


application = Gate(ungated, threads=settings.THREADS)
