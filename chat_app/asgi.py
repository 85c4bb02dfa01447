"""Parlour for an ASGI server: the gate in front of Django."""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from chat.gate.asgi import Gate

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chat_app.settings")


def make_gate() -> Gate:
    django = get_wsgi_application()
    # These import models, so Django must be set up first.
    from chat import client_ip, limits
    from chat.management.unknown_migrations import exit_on_unknown_migrations
    from chat.middleware import security_headers
    from chat.realtime import gate_backend

    exit_on_unknown_migrations()
    headers = tuple(security_headers().items())
    return Gate(
        django,
        threads=settings.THREADS,
        headers=headers,
        backend=gate_backend,
        shares=limits.connection_shares(),
        network_of=client_ip.network_of_environ,
        behind_proxy=settings.TRUSTED_PROXIES > 0,
    )


application = make_gate()
