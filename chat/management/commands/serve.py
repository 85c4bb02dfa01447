"""manage.py serve: the one way to run Parlour, checked before it starts and clear about what is wrong."""

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

from chat import restored_backup
from chat.gate.connection import Connection
from chat.management.unknown_migrations import refuse_unknown_migrations
from chat_app.caches import PATIENCE

BACKLOG = 2048  # connections that the system accepts before the server comes to them
EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - where to look for one that listens everywhere
LAST_POLLS = 0.3  # seconds between the answer to all who wait and the end of their connections
BIND = re.compile(r"(?:(?:\[(?P<v6>[0-9A-Fa-f:.]+)\]|(?P<host>[^\s:\[\]/]+))?:)?(?P<port>[0-9]{1,5})", re.ASCII)

NO_LIMITS = """
  **************************************************************************
  *  WARNING: ALL LIMITS ARE OFF (LIMITS=off).                             *
  *  Nobody is kept from flooding rooms, or the server with rooms.         *
  *  This is for load tests on a private machine only. Stop this server    *
  *  now if anybody else can reach it.                                     *
  **************************************************************************
"""


class Command(BaseCommand):
    help = "Serve Parlour: one process, the gate in front of Django."

    def add_arguments(self, parser):
        parser.add_argument(
            "--bind",
            type=bind_address,
            default="127.0.0.1:8000",
            metavar="HOST:PORT",
            help="where to listen (127.0.0.1:8000); a port alone means this machine only, 0.0.0.0:8000 everybody",
        )
        parser.add_argument(
            "--threads", type=thread_count, default=settings.THREADS, metavar="N", help="threads for Django (THREADS)"
        )

    def handle(self, *, bind, threads, **options):
        with ending_well():
            listener = listen(*bind)
            self.migrate()
            call_command("clearsessions")
            ask_redis()
            restored_backup.detect()
            self.collect()
            raise_file_limit()
            self.greet(url_of(listener))
            settings.THREADS = threads  # chat_app.asgi, imported by the server, reads it there
            Server(configuration()).run(sockets=[listener])

    def migrate(self):
        """Bring the database up to date, so that an upgrade is: new code, then serve."""
        try:
            refuse_unknown_migrations(connection)
            waiting = unapplied_migrations()
            if waiting:
                self.say(f"Applying {len(waiting)} database migration{'s' if len(waiting) > 1 else ''}.")
                call_command("migrate", verbosity=0, interactive=False)
        except DatabaseError as error:
            raise CommandError(f"The database does not answer as it should: {str(error).strip()}") from error

    def collect(self):
        """Collect the static files where nobody has; after an upgrade `make run` does it anew."""
        if not (settings.STATIC_ROOT / "staticfiles.json").exists():
            self.say("Collecting static files.")
            call_command("collectstatic", verbosity=0, interactive=False)

    def greet(self, url):
        self.say(f"Parlour is at {url} - stop it with Ctrl+C")
        if not has_administrator():
            self.say(
                f"No administrator yet. Make one: {near(sys.executable)} {near(sys.argv[0])} createsuperuser, "
                f"then open {url}{settings.ADMIN_PATH}"
            )
        if not settings.LIMITS:
            self.stderr.write(self.style.ERROR(NO_LIMITS))
        connections.close_all()  # this thread only serves from here on; the threads of the gate have their own

    def say(self, line):
        self.stdout.write(line)
        self.stdout.flush()


class Server(uvicorn.Server):
    """Uvicorn's, but at its end those who wait for news are answered before connections are closed."""

    def handle_exit(self, sig, frame):
        if self.started:
            self.loop.call_soon_threadsafe(self.stop, sig, frame)
        else:
            super().handle_exit(sig, frame)

    def stop(self, sig, frame):
        """Answer once more those who were told to ask again at once: they would miss that poll, and then a tick."""
        self.config.loaded_app.stop()
        self.loop.call_later(LAST_POLLS, super().handle_exit, sig, frame)

    async def startup(self, sockets=None):
        self.loop = asyncio.get_running_loop()
        await super().startup(sockets)


def bind_address(text):
    """The host and port in `host:port`, `[::1]:port`, `:port` or `port`."""
    found = BIND.fullmatch(text)
    if not found or int(found["port"]) > 65535:
        raise argparse.ArgumentTypeError(
            f"'{text}' is not an address: say 127.0.0.1:8000, [::1]:8000, :8000 or 8000 (ports go up to 65535)"
        )
    return found["v6"] or found["host"] or "127.0.0.1", int(found["port"])


def thread_count(text):
    if not re.fullmatch("[0-9]{1,3}", text) or not 1 <= int(text) <= 100:
        raise argparse.ArgumentTypeError(f"'{text}' is not a number of threads: say a whole number from 1 to 100")
    return int(text)


def listen(host, port):
    """A listening socket at the address. The server is handed this very socket, so nobody can take the port between."""
    try:
        with contextlib.ExitStack() as on_error:
            # A name may have several addresses: an IPv4 one comes first.
            family, kind, protocol, _, address = min(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
            listener = on_error.enter_context(socket.socket(family, kind, protocol))
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen(BACKLOG)  # two sockets may be bound to one port: only listening finds the second one out
            on_error.pop_all()
            return listener
    except (OSError, UnicodeError) as error:
        raise CommandError(f"Cannot serve at {shown(host, port)}: {reason(error)}") from error


def reason(error):
    if getattr(error, "errno", None) == errno.EADDRINUSE:
        return "the port is taken. Stop what is there, or choose another port with --bind (make run PORT=8080)."
    words = getattr(error, "strerror", None) or "that is no host name"
    return f"{words.lower()}. Choose another address with --bind."


def shown(host, port):
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def url_of(listener):
    host, port, *_ = listener.getsockname()
    return f"http://{shown(EVERYWHERE.get(host, host), port)}/"


def ask_redis():
    """Sessions and limits are in there: without it, nobody could come in."""
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
    """A path as one would type it here: relative where it lies below the current folder."""
    path = Path(os.path.abspath(path))
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def raise_file_limit():
    """Every reader who waits holds a file; some systems refuse their own hard limit, then the soft one has to do."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


@contextlib.contextmanager
def ending_well():
    """Make SIGTERM and Ctrl+C an end with exit code 0: the server, when it has stopped, raises its signal once more."""
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
        log_config=None,  # the project's LOGGING says where lines go
        log_level="warning",
        access_log=False,
        proxy_headers=False,  # it would believe X-Forwarded-For from this machine; Django counts the proxies instead
        server_header=False,
        backlog=BACKLOG,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=2,  # seconds; who is still sending then has been sending slowly
    )
