"""Databases that this version cannot upgrade are refused in one sentence, and left as they are."""

import os
import sqlite3
import subprocess
import sys

import pytest
from django.core.management import CommandError, call_command, get_commands
from django.db.migrations.recorder import MigrationRecorder

from chat_app import command_line
from chat_app.settings import BASE_DIR
from tests.test_serve import port, serve  # noqa: F401 - fixtures


def applied(name, app="chat"):
    MigrationRecorder.Migration.objects.create(app=app, name=name)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["0001_first"], "from before its first release"),
        (["0001_first", "0002_one_of_each"], "from before its first release"),
        (["0099_later"], r"newer version of Parlour \(0099_later\)"),
    ],
)
def test_migrate_refuses_unknown_migrations(names, message):
    for name in names:
        applied(name)
    with pytest.raises(CommandError, match=message):
        call_command("migrate", verbosity=0)


@pytest.mark.django_db
def test_unknown_migrations_of_other_apps_are_accepted():
    applied("0001_first", app="elsewhere")
    call_command("migrate", verbosity=0)


@pytest.fixture
def old(tmp_path):
    """A database of the first versions: Django's own first migration was applied before ours."""
    with sqlite3.connect(tmp_path / "serve.sqlite3") as database:
        columns = "id INTEGER PRIMARY KEY AUTOINCREMENT, app TEXT, name TEXT, applied TEXT"
        database.execute(f"CREATE TABLE django_migrations ({columns})")
        for app, name in (("admin", "0001_initial"), ("auth", "0001_initial"), ("chat", "0001_first")):
            database.execute(
                "INSERT INTO django_migrations (app, name, applied) VALUES (?, ?, '2026-11-23 10:00:00')", (app, name)
            )
    (tmp_path / "serve.sqlite3").chmod(0o600)
    return tmp_path / "serve.sqlite3"


def test_serve_refuses_unknown_migrations_in_one_sentence(old, serve, port):  # noqa: F811
    process = serve("--bind", str(port))
    printed, _none = process.communicate(timeout=20)
    assert process.returncode == 1
    assert "from before its first release" in printed
    assert "Traceback" not in printed
    assert len(printed.strip().splitlines()) == 1
    with sqlite3.connect(old) as database:
        assert database.execute("SELECT count(*) FROM django_migrations").fetchone() == (3,)


@pytest.mark.parametrize("command", ["createsuperuser --no-input --username ann", "restored", "shell -c 1/0", "flush"])
def test_commands_that_use_it_refuse_it_in_one_sentence(old, command):
    refused = manage(command, old)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "from before its first release" in refused.stderr
    assert len(refused.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize("command", ["showmigrations chat", "prune --help", "help prune"])
def test_commands_that_do_not_use_it_run(old, command):
    assert manage(command, old).returncode == 0


def test_only_commands_without_rows_of_parlours_are_not_checked():
    ours = {name for name, app in get_commands().items() if app == "chat"}
    assert ours & command_line.UNCHECKED == {"migrate", "serve"}
    writing = {"changepassword", "clearsessions", "createsuperuser", "loaddata", "runserver", "shell"}
    assert writing & command_line.UNCHECKED == set()


@pytest.mark.parametrize("server", ["wsgi", "asgi"])
def test_other_servers_refuse_it_in_one_sentence_too(old, server):
    refused = start(server, f"sqlite:///{old}")
    assert refused.returncode == 1
    assert "from before its first release" in refused.stderr
    assert len(refused.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize("server", ["wsgi", "asgi"])
def test_other_servers_start_without_a_database_that_answers(tmp_path, server):
    started = start(server, f"sqlite:///{tmp_path}")  # a folder is no database
    assert (started.returncode, started.stdout) == (0, "started\n")
    assert "unable to open database file" in started.stderr
    assert "Traceback" not in started.stderr


def manage(command, database):
    environment = {"SECRET_KEY": "x", "ENV_FILE": os.devnull, "DATABASE_URL": f"sqlite:///{database}"}
    environment["DJANGO_SUPERUSER_PASSWORD"] = "x"
    run = [sys.executable, "manage.py", *command.split()]
    return subprocess.run(run, env=environment, cwd=BASE_DIR, capture_output=True, text=True, timeout=120)


def start(server, database):
    """As a server does that imports the application, inside its event loop where it has one."""
    environment = {"SECRET_KEY": "x", "ENV_FILE": os.devnull, "DATABASE_URL": database}
    code = (
        "import asyncio, importlib\n"
        f"async def main(): importlib.import_module('chat_app.{server}'); print('started')\n"
        "asyncio.run(main())"
    )
    command = [sys.executable, "-c", code]
    return subprocess.run(command, env=environment, cwd=BASE_DIR, capture_output=True, text=True, timeout=120)
