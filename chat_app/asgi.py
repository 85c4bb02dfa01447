"""Parlour for an ASGI server: the gate in front of Django."""

from django.conf import settings

from chat.gate.asgi import Gate
from chat_app import start


def make_gate() -> Gate:
    django = start.django()
    # These import models, so Django must be set up first.
    from chat.middleware import security_headers
    from chat.realtime import gate_backend

    headers = tuple(security_headers().items())
    return Gate(django, threads=settings.THREADS, headers=headers, backend=gate_backend)


application = make_gate()
