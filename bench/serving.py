"""manage.py serve with a different ASGI application: python -m bench.serving bench.bare:application."""

import sys

import django
from django.core.management import execute_from_command_line

django.setup()

from chat.management.commands import serve  # noqa: E402


def main(application, *arguments):
    ours = serve.configuration()
    ours.app = application
    serve.configuration = lambda: ours
    execute_from_command_line(["manage.py", "serve", *arguments])


if __name__ == "__main__":
    main(*sys.argv[1:])
