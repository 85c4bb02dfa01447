"""Two processes that start at the same time migrate one after the other."""

import os
import subprocess
import sys
from contextlib import ExitStack, closing
from urllib.parse import urlsplit

import pytest
from django.core.management import call_command
from django.db import connection, connections

from chat.management.migration_lock import migration_lock
from chat_app import start_lock
from chat_app.settings import BASE_DIR

SITE = {"SECRET_KEY": "x", "ENV_FILE": os.devnull, "DJANGO_SETTINGS_MODULE": "chat_app.settings"}


@pytest.fixture
def migrate():
    """A function that starts `manage.py migrate` for a database in a new process."""
    with ExitStack() as processes:

        def start(database):
            command = [sys.executable, "manage.py", "migrate", "--verbosity=0"]
            pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
            environment = os.environ | SITE | {"DATABASE_URL": database}
            process = processes.enter_context(subprocess.Popen(command, env=environment, cwd=BASE_DIR, **pipes))
            processes.callback(process.kill)
            return process

        yield start


def ended(process):
    printed, _none = process.communicate(timeout=120)
    return process.returncode, printed


@pytest.mark.sqlite
def test_processes_that_start_at_the_same_time_migrate_one_after_the_other(tmp_path, migrate):
    path = tmp_path / "new.sqlite3"
    with start_lock.locked(path):
        processes = [migrate(f"sqlite:///{path}") for _ in range(2)]
        for process in processes:
            assert "Waiting for another process" in process.stdout.readline()
        assert not path.exists(), "they wait before they open the database"
    assert [ended(process) for process in processes] == [(0, ""), (0, "")]


@pytest.mark.sqlite
def test_a_process_that_has_the_lock_gets_it_again(tmp_path):
    path = tmp_path / "new.sqlite3"
    with start_lock.locked(path), start_lock.locked(path):
        assert path in start_lock.held
    assert path not in start_lock.held


@pytest.mark.sqlite
def test_a_folder_that_cannot_be_written_is_named(tmp_path, monkeypatch):
    def refuse(*arguments, **more):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("builtins.open", refuse)
    with pytest.raises(SystemExit, match=r"Can't open .*new.sqlite3-start: Permission denied"):
        start_lock.open_file(tmp_path / "new.sqlite3")


@pytest.mark.sqlite
def test_a_disk_without_locks_is_named(tmp_path, monkeypatch):
    def refuse(*arguments):
        raise OSError(37, "No locks available")

    monkeypatch.setattr("fcntl.flock", refuse)
    reason = r"Can't lock .*new.sqlite3-start: No locks available. Keep the database on a disk of this machine."
    with pytest.raises(SystemExit, match=reason), start_lock.locked(tmp_path / "new.sqlite3"):
        pass


@pytest.mark.django_db(transaction=True)
@pytest.mark.postgresql
def test_migrate_waits_for_the_lock_of_another_connection_on_postgresql(migrate):
    other = connections.create_connection("default")
    with closing(other), migration_lock(other):
        waiting = migrate(url_of_test_database())
        assert "Waiting for another process" in waiting.stdout.readline()
        assert waiting.poll() is None
    assert ended(waiting) == (0, "")


def url_of_test_database():
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}").geturl()


@pytest.mark.django_db(transaction=True)
def test_migrate_takes_the_lock(monkeypatch):
    taken = []

    def noted(connection):
        taken.append(connection.alias)
        return migration_lock(connection)

    monkeypatch.setattr("chat.management.commands.migrate.migration_lock", noted)
    call_command("migrate", verbosity=0)
    assert taken == ["default"]
