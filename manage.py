#!/usr/bin/env python
"""Django's command line for Parlour; it writes a private .env first if there is none."""

import os
import sys


def main():
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chat_app.settings")
    if sys.argv[1:2] == ["test"]:
        raise SystemExit("The tests use pytest. Run them with `make test`.")
    if sys.argv[1:2] == ["runserver"]:
        # Django's development server needs debug pages and uncollected static files.
        os.environ.setdefault("DEBUG", "on")
    try:
        from django.core.exceptions import ImproperlyConfigured

        from chat_app.command_line import CommandLine
    except ImportError as missing:
        raise SystemExit(
            f"{missing}. Install Parlour first: `make install`, then use .venv/bin/python manage.py …"
        ) from missing
    from chat_app import env_file, start

    env_file.write_if_missing()
    try:
        start.prepare()
        CommandLine(sys.argv).execute()
    except ImproperlyConfigured as wrong:
        raise SystemExit(f"Parlour can't start: {wrong}") from None


if __name__ == "__main__":
    main()
