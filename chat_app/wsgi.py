"""Parlour for a WSGI server: the same URLs, without the gate."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chat_app.settings")


def make_application():
    application = get_wsgi_application()
    # It needs the apps, which are ready only now.
    from chat.management.unknown_migrations import exit_on_unknown_migrations

    exit_on_unknown_migrations()
    return application


application = make_application()
