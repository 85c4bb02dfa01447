"""The Django project: settings, root URLs, and the entry points for ASGI and WSGI servers."""
