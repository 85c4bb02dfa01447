"""Parlour for an ASGI server: the gate in front of Django."""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from chat.gate.asgi import Gate

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chat_app.settings")


def gate():
    django = get_wsgi_application()
    from chat.middleware import security_headers
    from chat.realtime import gate_backend  # after Django has loaded the models

    return Gate(django, threads=settings.THREADS, headers=list(security_headers().items()), site=gate_backend)


application = gate()
