"""manage.py serve: runs Parlour, after checking what could keep it from starting."""

import argparse
import asyncio
import contextlib
import errno
import os
import re
import resource
import signal
import socket
import sys
from pathlib import Path

import uvicorn
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection, connections
from django.db.migrations.executor import MigrationExecutor
from redis import Redis, RedisError

from chat import emails, restored_backup
from chat.gate.connection import Connection
from chat.management import requirements
from chat.management.migration_lock import migration_lock
from chat.management.unknown_migrations import refuse_unknown_migrations
from chat_app import static_files
from chat_app.caches import PATIENCE

BACKLOG = 2048  # connections that the system queues until the server accepts them
ALL_ADDRESSES = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - and the address to show for each
LAST_POLLS = 0.3  # seconds between answering held polls and closing connections
BIND = re.compile(r"(?:(?:\[(?P<v6>[0-9A-Fa-f:.]+)\]|(?P<host>[^\s:\[\]/]+))?:)?(?P<port>[0-9]{1,5})", re.ASCII)

NO_LIMITS = """
  **************************************************************************
  *  WARNING: ALL LIMITS ARE OFF (LIMITS=off).                             *
  *  Anyone can flood rooms with messages, and the server with rooms.      *
  *  This is for load tests on a private machine only. Stop this server    *
  *  now if anyone else can reach it.                                      *
  **************************************************************************
"""


class Command(BaseCommand):
    help = "Run Parlour: one process, with the gate in front of Django."

    def add_arguments(self, parser):
        parser.add_argument(
            "--bind",
            type=bind_address,
            default="127.0.0.1:8000",
            metavar="HOST:PORT",
            help="where to listen (127.0.0.1:8000); a port alone is for this machine only, 0.0.0.0:8000 for everyone",
        )
        parser.add_argument(
            "--threads", type=thread_count, default=settings.THREADS, metavar="N", help="threads for Django (THREADS)"
        )

    def handle(self, *, bind, threads, **options):
        with clean_exit():
            listener = listen(*bind)
            self.compare_packages()
            self.migrate()
            call_command("clearsessions")
            check_redis()
            restored_backup.detect()
            self.collect()
            raise_file_limit()
            self.greet(url_of(listener))
            settings.THREADS = threads  # read by chat_app.asgi, which the server imports
            Server(configuration()).run(sockets=[listener])

    def migrate(self):
        """Apply missing migrations at the start, so that an upgrade needs only the new code and a restart.

        Raises CommandError if the database can't be used. The lock comes first: two processes that open a new SQLite
        database at the same time can fail even before they migrate.
        """
        try:
            with migration_lock(connection):
                refuse_unknown_migrations(connection)
                waiting = unapplied_migrations()
                if waiting:
                    self.say(f"Applying {len(waiting)} database migration{'s' if len(waiting) > 1 else ''}.")
                    call_command("migrate", verbosity=0, interactive=False)
        except DatabaseError as error:
            raise CommandError(f"The database can't be used: {str(error).strip()}") from error

    def collect(self):
        """Collect static files if they are missing, or others than those of the code and the libraries.

        Raises CommandError if that fails.
        """
        try:
            with static_files.one_at_a_time():
                if not static_files.are_current():
                    changed = static_files.are_collected()
                    self.say("Static files have changed. Collecting them." if changed else "Collecting static files.")
                    call_command("collectstatic", verbosity=0, interactive=False)
        except OSError as error:
            hint = "Run manage.py collectstatic as the user who owns that folder."
            raise CommandError(f"Static files can't be collected: {error}. {hint}") from error

    def compare_packages(self):
        if different := requirements.differences():
            self.say(
                f"Installed packages are not those of requirements.txt: {', '.join(different)}. "
                f"Run: {near(sys.executable)} -m pip install -r requirements.txt"
            )

    def greet(self, url):
        self.say(f"Parlour is at {url} - press Ctrl+C to stop")
        if not has_administrator():
            self.say(
                f"No site admin yet. Create one: {near(sys.executable)} {near(sys.argv[0])} createsuperuser, "
                f"then open {url}{settings.ADMIN_PATH}"
            )
        if settings.ACCOUNTS != "off" and not emails.site_url():
            self.say(
                "No password reset emails: set SITE_URL, such as https://chat.example.org, "
                "or only one name in ALLOWED_HOSTS."
            )
        if not settings.LIMITS:
            self.stderr.write(self.style.ERROR(NO_LIMITS))
        connections.close_all()  # unused from here on: the gate's threads have their own

    def say(self, line):
        self.stdout.write(line)
        self.stdout.flush()


class Server(uvicorn.Server):
    """Uvicorn's server, which also answers held polls before it closes connections."""

    def handle_exit(self, sig, frame):
        if self.started:
            self.loop.call_soon_threadsafe(self.stop, sig, frame)
        else:
            super().handle_exit(sig, frame)

    def stop(self, sig, frame):
        """Answer all held polls, and shut down LAST_POLLS seconds later.

        The pages poll again at once, and these polls are answered too.
        """
        self.config.loaded_app.stop()
        self.loop.call_later(LAST_POLLS, super().handle_exit, sig, frame)

    async def startup(self, sockets=None):
        self.loop = asyncio.get_running_loop()
        await super().startup(sockets)


def bind_address(text):
    """Parse `host:port`, `[::1]:port`, `:port` or `port`, and return the host and port; the host defaults to 127.0.0.1.

    Raises ArgumentTypeError for anything else, and for ports above 65535.
    """
    found = BIND.fullmatch(text)
    if not found or int(found["port"]) > 65535:
        raise argparse.ArgumentTypeError(
            f"'{text}' is not an address. Write 127.0.0.1:8000, [::1]:8000, :8000 or 8000 (ports go up to 65535)."
        )
    return found["v6"] or found["host"] or "127.0.0.1", int(found["port"])


def thread_count(text):
    if not re.fullmatch("[0-9]{1,3}", text) or not 1 <= int(text) <= 100:
        raise argparse.ArgumentTypeError(f"'{text}' is not a number of threads. Write a whole number from 1 to 100.")
    return int(text)


def listen(host, port):
    """Return a socket that listens at the address. Raises CommandError if that fails.

    The server gets this socket, so no other process can take the port.
    """
    try:
        with contextlib.ExitStack() as on_error:
            # A host name may have several addresses. IPv4 sorts first.
            family, kind, protocol, _, address = min(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
            listener = on_error.enter_context(socket.socket(family, kind, protocol))
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen(BACKLOG)  # two sockets can bind the same port, but only one can listen
            on_error.pop_all()
            return listener
    except (OSError, UnicodeError) as error:
        raise CommandError(f"Can't serve at {shown(host, port)}: {reason(error)}") from error


def reason(error):
    if getattr(error, "errno", None) == errno.EADDRINUSE:
        return "the port is taken. Stop the process that uses it, or choose another port (make run PORT=8080, --bind)."
    message = getattr(error, "strerror", None) or "not a host name"
    return f"{message.lower()}. Choose another address with --bind."


def shown(host, port):
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def url_of(listener):
    host, port, *_ = listener.getsockname()
    return f"http://{shown(ALL_ADDRESSES.get(host, host), port)}{settings.FORCE_SCRIPT_NAME or ''}/"


def check_redis():
    """Raise CommandError if REDIS_URL is set and Redis does not answer. It may go down later: pages still work then."""
    try:
        if settings.REDIS_URL:
            Redis.from_url(settings.REDIS_URL, **PATIENCE).ping()
    except RedisError as error:
        raise CommandError(f"Redis does not answer at REDIS_URL: {error}") from error


def unapplied_migrations():
    executor = MigrationExecutor(connection)
    return executor.migration_plan(executor.loader.graph.leaf_nodes())


def has_administrator():
    return get_user_model().objects.filter(is_superuser=True, is_active=True).exists()


def near(path):
    """Return the path as an operator would type it: relative if it is below the current folder, otherwise absolute."""
    path = Path(os.path.abspath(path))
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def raise_file_limit():
    """Raise the limit of open files as far as allowed, because every held poll needs one.

    Some systems refuse their own hard limit; then nothing changes.
    """
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


@contextlib.contextmanager
def clean_exit():
    """Exit with code 0 on SIGTERM and Ctrl+C inside this `with` block.

    Uvicorn stops, then raises the signal again, which would otherwise end the process with an error code.
    """
    before = {number: signal.signal(number, leave) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def leave(number, frame):
    sys.exit(0)


def configuration():
    return uvicorn.Config(
        "chat_app.asgi:application",
        interface="asgi3",
        loop="uvloop",
        http=Connection,
        ws="none",
        lifespan="on",
        log_config=None,  # see LOGGING in the settings
        log_level="warning",
        access_log=False,
        proxy_headers=False,  # uvicorn would trust X-Forwarded-For from this machine; see TRUSTED_PROXIES
        server_header=False,
        backlog=BACKLOG,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=2,  # seconds
    )
