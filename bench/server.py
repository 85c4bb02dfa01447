"""Runs a real server in a temporary folder with its own database, and measures its CPU time and memory."""

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
STARTS_WITHIN = 60  # seconds, including migrations
STOPS_WITHIN = 30  # seconds


class Broken(Exception):
    """The run can't continue: its result would be meaningless."""


class Server:
    """`manage.py serve` on a free port. A restart keeps port and database.

    `application`: an ASGI application to serve instead of Parlour's, such as `bench.bare:application`.
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

    # Start and stop

    def start(self, wait=True):
        """Start the server. Returns the seconds until its first answer."""
        began = time.monotonic()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, *self.command, "--bind", self.host],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl+C reaches only the bench, which then ends the server
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
        """Send SIGTERM. Returns the seconds until the process ended."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(STOPS_WITHIN)
        except subprocess.TimeoutExpired:
            self.kill()
            raise Broken(f"The server did not end within {STOPS_WITHIN} s.") from None
        return time.monotonic() - began

    def kill(self):
        """Send SIGKILL: an end without warning, as in a power cut."""
        if self.process and self.process.poll() is None:
            self.process.kill()
        if self.process:
            self.process.wait()

    def restart(self, wait=True):
        """Returns the seconds until the process ended, and from then until the new one answered."""
        return self.stop(), self.start(wait)

    # Log and cost

    def words(self):
        """The server's log."""
        return self.log.read_text(errors="replace")

    def complaints(self):
        """Lines of the log that report an error."""
        return [
            line for line in self.words().splitlines() if re.search(r" (ERROR|CRITICAL) |^\w*Error|^Traceback", line)
        ]

    def cpu(self):
        """CPU seconds of all threads, in nanosecond resolution (/proc/<pid>/stat has hundredths of a second)."""
        return time.clock_gettime((~self.pid << 3) | 2)  # the clock id of clock_getcpuclockid(3)

    def memory(self):
        """Proportional set size (PSS) in bytes."""
        found = re.search(r"^Pss: +(\d+) kB", Path(f"/proc/{self.pid}/smaps_rollup").read_text(), re.MULTILINE)
        return int(found[1]) * 1024


@contextlib.contextmanager
def running(**about):
    """A running server. On exit it is killed and its folder removed."""
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
