"""What every entry point does first: manage.py, and the applications for WSGI and ASGI servers."""

import os
import sys

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application
from django.db import connections

from chat_app import private_files, wal_check
from chat_app.start_lock import sqlite_path


def prepare():
    """Protect the files, and exit with the reason if using the database would damage it."""
    private_files.protect()
    if path := sqlite_path(settings.DATABASES["default"]):
        connections.close_all()
        wal_check.refuse_stale_wal(path)


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
    if path := sqlite_path(settings.DATABASES["default"]):
        wal_check.renew_id(path)
    return application
