"""manage.py serve: what it prints, what it refuses, how it stops."""

import contextlib
import os
import re
import resource
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import httpx
import pytest


def few_files():
    """A low limit of open files, as many systems set for a new process."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, hard))


@pytest.fixture
def serve(tmp_path):
    """A function that starts the server in a new process, and returns it when it has printed its URL."""
    started = []

    def start(*arguments, **environment):
        known = {"DJANGO_SETTINGS_MODULE": "chat_app.settings", "ENV_FILE": os.devnull, "DEBUG": "off"}
        known |= {"SECRET_KEY": "x" * 60, "DATABASE_URL": f"sqlite:///{tmp_path}/serve.sqlite3"}
        command = [sys.executable, "manage.py", "serve", *arguments]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        pipes["preexec_fn"] = few_files
        started.append(subprocess.Popen(command, env=os.environ | known | environment, **pipes))
        return started[-1]

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.fixture
def port():
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as listener:
        return listener.getsockname()[1]


def said(process, until):
    """The output of the process, up to a line with this text."""
    lines = []
    giving_up = threading.Timer(120, process.kill)
    giving_up.start()
    for line in process.stdout:
        lines.append(line)
        if until in line:
            giving_up.cancel()
            return "".join(lines)
    raise AssertionError("".join(lines))


def test_serve_migrates_prints_its_url_and_stops_cleanly(serve, port):
    process = serve("--bind", str(port))
    greeting = said(process, "createsuperuser")
    assert "Applying" in greeting
    assert "Warning" not in greeting
    assert f"Parlour is at http://127.0.0.1:{port}/" in greeting
    answer = httpx.get(f"http://127.0.0.1:{port}/")
    assert answer.status_code == 200
    assert "Server" not in answer.headers
    process.send_signal(signal.SIGTERM)
    assert process.wait(5) == 0


def test_serve_raises_the_limit_of_open_files(serve, port):
    process = serve("--bind", str(port))
    said(process, "Parlour is at")
    limits = Path(f"/proc/{process.pid}/limits").read_text()
    soft, hard = re.search(r"Max open files +(\d+) +(\d+)", limits).groups()
    assert soft == hard != "64"


def test_a_taken_port_is_reported_in_one_line(serve, port):
    with contextlib.closing(socket.create_server(("127.0.0.1", port))):
        process = serve("--bind", f"127.0.0.1:{port}")
        printed, _none = process.communicate(timeout=20)
    assert process.returncode == 1
    assert "the port is taken" in printed
    assert "Traceback" not in printed


@pytest.mark.parametrize("bind", ["nonsense:port", "1:2:3", "127.0.0.1:99999"])
def test_an_invalid_address_is_refused_with_an_explanation(serve, bind):
    process = serve("--bind", bind)
    printed, _none = process.communicate(timeout=20)
    assert process.returncode == 2
    assert "is not an address" in printed


def test_switched_off_limits_are_warned_of(serve, port):
    assert "WARNING" in said(serve("--bind", str(port), LIMITS="off"), "ALL LIMITS ARE OFF")


def test_https_without_a_proxy_is_warned_of(serve, port):
    assert "TRUSTED_PROXIES=1" in said(serve("--bind", str(port), HTTPS="on"), "Parlour is at")


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("LIMIT_SEND_PERSON", "many", "LIMIT_SEND_PERSON is not a rate limit"),
        ("LIMITS", "maybe", "LIMITS is neither on nor off"),
        ("THREADS", "four", "THREADS is not a whole number"),
        ("TIME_ZONE", "Europe/Wien", "is not a time zone"),
        ("LOG_LEVEL", "loud", "is not a log level"),
        ("DATABASE_URL", "foo", "is not a database URL"),
        ("DATABASE_URL", "foo://x", "is not a database URL"),
        ("REDIS_URL", "redis://127.0.0.1:1/0", "Redis does not answer at REDIS_URL"),
        ("LANGUAGE_CODE", "xx", "LANGUAGE_CODE is not one of: en"),
        ("ALLOWED_HOSTS", "https://chat.example.org", "is not a list of host names"),
        ("SECRET_KEY", "", "SECRET_KEY is empty"),
        ("ADMIN_PATH", "rooms/staff", "ADMIN_PATH is used by Parlour's pages"),
    ],
)
def test_invalid_settings_stop_serve_with_an_explanation(serve, port, name, value, words):
    process = serve("--bind", str(port), **{name: value})
    printed, _none = process.communicate(timeout=20)
    assert process.returncode == 1
    assert words in printed
    assert len(value) < 3 or value not in printed
    assert "Traceback" not in printed
