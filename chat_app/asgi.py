"""Parlour for an ASGI server: the gate in front of Django."""

from django.conf import settings

from chat.gate.asgi import Gate
from chat_app import start


def make_gate() -> Gate:
    django = start.django()
    # These import models, so Django must be set up first.
    from chat import client_ip, limits
    from chat.middleware import security_headers
    from chat.realtime import gate_backend

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
