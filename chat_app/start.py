"""What every entry point does first: manage.py, and the applications for WSGI and ASGI servers."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application

from chat_app import private_files


def prepare():
    """Check and protect files. Called before the first connection to the database."""
    private_files.protect()


def django():
    """Return Django as a WSGI application, for servers other than `manage.py serve`.

    Exits with a sentence if the settings are wrong, or the database is not one that this code can use.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chat_app.settings")
    try:
        prepare()
        application = get_wsgi_application()
    except ImproperlyConfigured as wrong:
        sys.exit(f"Parlour can't start: {wrong}")
    # It needs the apps, which are ready only now.
    from chat.management.unknown_migrations import exit_on_unknown_migrations

    exit_on_unknown_migrations()
    return application
