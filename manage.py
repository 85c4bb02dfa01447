#!/usr/bin/env python
"""Django's command line. Creates a private .env first if there is none."""

import os
import sys


def main():
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chat_app.settings")
    if sys.argv[1:2] == ["runserver"]:
        # The development server shows debug pages and serves static files from their source.
        os.environ.setdefault("DEBUG", "on")
    try:
        from django.core.exceptions import ImproperlyConfigured
        from django.core.management import execute_from_command_line
    except ImportError as missing:
        raise SystemExit(
            f"{missing}. Install Parlour first: `make install`, then use .venv/bin/python manage.py …"
        ) from missing
    from chat_app import env_file

    env_file.write_if_missing()
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as wrong:
        raise SystemExit(f"Parlour can't start: {wrong}") from None


if __name__ == "__main__":
    main()
