"""Parlour for any WSGI server: the same addresses, with no gate in front."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chat_app.settings")
application = get_wsgi_application()
