"""Other users of the machine can't read the database, its copies or .env."""

import os
import sqlite3
import stat
import subprocess
import sys

import pytest

from chat_app import env_file, private_files
from chat_app.settings import BASE_DIR
from tests.test_serve import port, said, serve  # noqa: F401 - fixtures
from tests.test_unknown_migrations import start


@pytest.fixture(autouse=True)
def _usual_umask():
    """The umask of most systems, with which every user can read new files."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def mode(path):
    return oct(stat.S_IMODE(path.stat().st_mode))


def modes(folder):
    return {path.name: mode(path) for path in folder.glob("serve.sqlite3*")}


def open_to_all(*paths):
    for path in paths:
        path.touch()
        path.chmod(0o644)


def test_a_new_database_is_private(tmp_path, serve, port):  # noqa: F811
    said(serve("--bind", str(port)), "Parlour is at")
    found = modes(tmp_path)
    assert {"serve.sqlite3", "serve.sqlite3-wal", "serve.sqlite3-shm"} <= set(found)
    assert set(found.values()) == {"0o600"}


def test_existing_files_are_corrected_at_the_start_and_named_once(tmp_path, serve, port):  # noqa: F811
    database = tmp_path / "serve.sqlite3"
    with sqlite3.connect(database) as open_database:
        open_database.execute("PRAGMA journal_mode=WAL")
        open_database.execute("CREATE TABLE t (x)")
        open_to_all(database, *(tmp_path / f"serve.sqlite3{suffix}" for suffix in ("-wal", "-shm", ".old")))
        process = serve("--bind", str(port))
        lines = said(process, "Parlour is at").splitlines()
        assert set(modes(tmp_path).values()) == {"0o600"}
    names = "serve.sqlite3, serve.sqlite3-shm, serve.sqlite3-wal, serve.sqlite3.old"
    assert lines.count(f"Other users of this machine could read {names}. Now only the owner can.") == 1
    assert sum("Other users" in line for line in lines) == 1


@pytest.mark.parametrize("server", ["wsgi", "asgi"])
def test_other_servers_correct_them_too(tmp_path, server):
    open_to_all(tmp_path / "serve.sqlite3")
    start(server, f"sqlite:///{tmp_path}/serve.sqlite3")
    assert set(modes(tmp_path).values()) == {"0o600"}


def test_commands_create_private_files_too(tmp_path):
    environment = {"SECRET_KEY": "x", "ENV_FILE": os.devnull, "DATABASE_URL": f"sqlite:///{tmp_path}/serve.sqlite3"}
    command = [sys.executable, "manage.py", "migrate", "--verbosity=0"]
    subprocess.run(command, env=os.environ | environment, cwd=BASE_DIR, check=True, timeout=60)
    assert set(modes(tmp_path).values()) == {"0o600"}


@pytest.fixture
def site(tmp_path, settings, monkeypatch):
    """A folder in the place of Parlour's own, without a database."""
    settings.BASE_DIR = tmp_path
    monkeypatch.setitem(settings.DATABASES["default"], "NAME", ":memory:")
    monkeypatch.setattr(env_file, "PATH", tmp_path / ".env")
    return tmp_path


def test_env_and_copies_next_to_it_are_corrected(site, capsys):
    paths = [site / ".env", site / "copy.sqlite3", site / "copy.sqlite3.gz"]
    open_to_all(*paths, site / "README.md")
    private_files.protect()
    assert {mode(path) for path in paths} == {"0o600"}
    assert mode(site / "README.md") == "0o644"
    assert ".env, copy.sqlite3, copy.sqlite3.gz" in capsys.readouterr().err
    private_files.protect()
    assert capsys.readouterr().err == ""


def test_files_whose_names_only_begin_like_the_database_are_left_alone(site, settings, monkeypatch):
    """A web server may have to read them."""
    monkeypatch.setitem(settings.DATABASES["default"], "NAME", str(site / "chat"))
    database, others = [site / "chat", site / "chat-wal"], [site / "chat.css", site / "chatter", site / "chat-logo.png"]
    open_to_all(*database, *others)
    private_files.protect()
    assert [mode(path) for path in database] == ["0o600"] * 2
    assert [mode(path) for path in others] == ["0o644"] * 3


def test_a_group_keeps_the_access_that_was_given_to_it(site, capsys):
    (site / ".env").touch()
    (site / ".env").chmod(0o640)
    private_files.protect()
    assert (mode(site / ".env"), capsys.readouterr().err) == ("0o640", "")


def test_a_file_of_another_user_is_named_with_what_to_run(site, capsys, monkeypatch):
    def refuse(*arguments, **more):
        raise PermissionError(1, "Operation not permitted")

    open_to_all(site / ".env")
    monkeypatch.setattr("pathlib.Path.chmod", refuse)
    private_files.protect()
    assert f"Run: chmod 600 '{site / '.env'}' (Operation not permitted)." in capsys.readouterr().err
