"""The real server as a process of its own, in a temporary folder with its own database; its CPU time and memory."""

import contextlib
import http.client
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STARTS_WITHIN = 60  # seconds; migrations are among what a first start does
STOPS_WITHIN = 30


class Broken(Exception):
    """A run that cannot go on: what it would give is no figure."""


class Server:
    """`manage.py serve` on a port of its own. A restart keeps port and database.

    `application` is an ASGI application to be served in place of the product's, such as `bench.bare:application`.
    """

    def __init__(self, folder, application=None, synchronous="FULL", **environment):
        self.folder, self.application = Path(folder), application
        self.port = free_port()
        self.address = ("127.0.0.1", self.port)
        self.log = self.folder / "server.log"
        self.environment = os.environ | settings_of(self.folder, synchronous) | environment
        self.process = None

    @property
    def host(self):
        return f"127.0.0.1:{self.port}"

    @property
    def url(self):
        return f"http://{self.host}"

    @property
    def pid(self):
        return self.process.pid

    # Its life

    def start(self, wait=True):
        """Start it; answers the seconds until it answers."""
        began = time.monotonic()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, *self.command, "--bind", self.host],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl+C comes to the bench alone, which then ends the server itself
            )
        if wait:
            self.wait_until_ready()
        return time.monotonic() - began

    @property
    def command(self):
        return ["-m", "bench.serving", self.application] if self.application else ["manage.py", "serve"]

    def wait_until_ready(self):
        end = time.monotonic() + STARTS_WITHIN
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > end:
                raise Broken(f"The server did not start:\n{self.words()}")
            time.sleep(0.02)

    def answers(self):
        connection = http.client.HTTPConnection(*self.address, timeout=5)
        with contextlib.suppress(OSError, http.client.HTTPException), contextlib.closing(connection):
            connection.request("GET", "/favicon.ico")
            return connection.getresponse().status < 500
        return False

    def stop(self):
        """Ask it to end (SIGTERM); answers the seconds that it took."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(STOPS_WITHIN)
        except subprocess.TimeoutExpired:
            self.kill()
            raise Broken(f"The server did not end within {STOPS_WITHIN} s.") from None
        return time.monotonic() - began

    def kill(self):
        """End it as a power cut would (SIGKILL)."""
        if self.process and self.process.poll() is None:
            self.process.kill()
        if self.process:
            self.process.wait()

    def restart(self, wait=True):
        """Answers the seconds until it had ended, and until it answered again after that."""
        return self.stop(), self.start(wait)

    # What it says and costs

    def words(self):
        """All that it has written to its log."""
        return self.log.read_text(errors="replace")

    def complaints(self):
        """The lines of its log that tell of something wrong."""
        return [
            line for line in self.words().splitlines() if re.search(r" (ERROR|CRITICAL) |^\w*Error|^Traceback", line)
        ]

    def cpu(self):
        """Seconds of CPU time, its threads' included, to the nanosecond where /proc/<pid>/stat has hundredths."""
        return time.clock_gettime((~self.pid << 3) | 2)  # what clock_getcpuclockid(3) gives for a process

    def memory(self):
        """Bytes in its share of all pages (PSS)."""
        found = re.search(r"^Pss: +(\d+) kB", Path(f"/proc/{self.pid}/smaps_rollup").read_text(), re.MULTILINE)
        return int(found[1]) * 1024


@contextlib.contextmanager
def running(**about):
    """A started server; it is ended, and its folder removed, however this is left."""
    with tempfile.TemporaryDirectory(prefix="parlour-bench-") as folder:
        server = Server(folder, **about)
        try:
            server.start()
            yield server
        finally:
            server.kill()


def settings_of(folder, synchronous):
    return {
        "DJANGO_SETTINGS_MODULE": "bench.settings",
        "BENCH_SYNCHRONOUS": synchronous,
        "ENV_FILE": os.devnull,
        "SECRET_KEY": secrets.token_urlsafe(48),
        "DATABASE_URL": f"sqlite:///{folder}/parlour.sqlite3",
        "REDIS_URL": "",
        "LIMITS": "off",
        "DEBUG": "off",
        "HTTPS": "off",
        "TRUSTED_PROXIES": "0",
        "ALLOWED_HOSTS": "127.0.0.1",
    }


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]
