"""Static files are collected again when the code or a library has others, and packages are compared."""

import os
import re
import stat
import subprocess
import sys

import httpx
import pytest
from django.contrib.staticfiles import storage
from django.contrib.staticfiles.finders import get_finder
from django.core.management import CommandError

from chat.management import requirements
from chat.management.commands.serve import Command
from chat_app import static_files
from tests.test_serve import port, said  # noqa: F401 - a fixture
from tests.test_wal_check import SETTINGS, copied_site


@pytest.fixture
def collected(tmp_path, settings):
    """The folder for collected files, with the one source `own.css` in the folder beside it."""
    settings.STATIC_ROOT = tmp_path / "static"
    settings.STATICFILES_DIRS = [tmp_path / "sources"]
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    settings.STORAGES = settings.STORAGES | {"staticfiles": {"BACKEND": "chat_app.static_files.Storage"}}
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources/own.css").write_text("a{color:red}")
    get_finder.cache_clear()
    yield settings.STATIC_ROOT
    get_finder.cache_clear()


@pytest.fixture
def collect(collected, capsys):
    """A function that does what `serve` does, and returns what it said."""

    def collect():
        Command().collect()
        return capsys.readouterr().out

    return collect


def stylesheet(collected):
    """The newest collected stylesheet, as pages link it."""
    return (collected / storage.staticfiles_storage.stored_name("own.css")).read_text()


def test_files_are_collected_once(collect, collected):
    assert collect() == "Collecting static files.\n"
    assert stylesheet(collected) == "a{color:red}"
    assert collect() == ""


@pytest.mark.parametrize("change", ["another content of the same size and age", "another file", "one file less"])
def test_they_are_collected_again_when_the_sources_change(collect, collected, change):
    source = collected.parent / "sources/own.css"
    (collected.parent / "sources/old.css").write_text("")
    collect()
    times = source.stat()
    if change == "another file":
        source.with_name("new.css").write_text("")
    elif change == "one file less":
        source.with_name("old.css").unlink()
    else:
        source.write_text("a{color:tan}")
        os.utime(source, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert collect() == "Static files have changed. Collecting them.\n"
    assert stylesheet(collected) == source.read_text()
    assert collect() == ""


def test_they_are_collected_again_with_another_version_of_a_library(collect, monkeypatch):
    collect()
    monkeypatch.setattr(static_files, "version", lambda name: "0.1")
    assert collect() == "Static files have changed. Collecting them.\n"


def test_they_are_collected_again_if_it_is_not_known_from_what(collect, collected):
    """As after an upgrade from a version that didn't remember it."""
    collect()
    (collected / static_files.SOURCES).unlink()
    assert collect() == "Static files have changed. Collecting them.\n"


def test_other_users_may_read_them(collect, collected):
    before = os.umask(0o077)
    try:
        collect()
    finally:
        assert os.umask(before) == 0o077
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in [collected, *collected.rglob("*")]}
    assert {mode for path, mode in modes.items() if path.is_dir()} == {0o755}
    assert {mode for path, mode in modes.items() if path.is_file()} == {0o644}


def test_a_folder_that_cannot_be_written_is_explained(collect, monkeypatch):
    def refuse(*arguments, **more):
        raise PermissionError(13, "Permission denied", "static/own.css")

    monkeypatch.setattr("chat.management.commands.serve.call_command", refuse)
    with pytest.raises(
        CommandError, match=r"can't be collected: .*Permission denied: 'static/own.css'\. Run manage\.py"
    ):
        collect()


@pytest.fixture
def upgraded(tmp_path, port):  # noqa: F811
    """A function that starts `serve` in a copy of Parlour, and returns what it said and the process."""
    copied_site(tmp_path)
    environment = os.environ | SETTINGS | {"DATABASE_URL": f"sqlite:///{tmp_path}/parlour.sqlite3"}
    started = []

    def start():
        command = [sys.executable, "manage.py", "serve", "--bind", str(port)]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        started.append(subprocess.Popen(command, cwd=tmp_path, env=environment, **pipes))
        return said(started[-1], "Parlour is at")

    def stop():
        started[-1].kill()
        started[-1].communicate()

    yield start, stop
    stop()


def test_new_code_brings_its_stylesheet_at_the_next_start(tmp_path, upgraded, port):  # noqa: F811
    start, stop = upgraded
    assert "Collecting static files.\n" in start()
    stop()
    with (tmp_path / "theme/static/css/dist/styles.css").open("a") as file:
        file.write(".newer{color:red}")
    (tmp_path / "theme/static/newer.svg").write_text("<svg/>")
    assert "Static files have changed. Collecting them.\n" in start()
    page = httpx.get(f"http://127.0.0.1:{port}/").text
    address = re.search(r'href="(/static/css/dist/styles[^"]+)"', page)[1]
    assert httpx.get(f"http://127.0.0.1:{port}{address}").text.endswith(".newer{color:red}")
    assert (tmp_path / "static/staticfiles.json").read_text().count("newer.svg")


# Packages


@pytest.fixture
def pinned(tmp_path, settings):
    """A function that writes a requirements.txt."""
    settings.BASE_DIR = tmp_path
    return (tmp_path / "requirements.txt").write_text


def test_the_packages_of_this_installation_are_those_of_requirements():
    assert requirements.differences() == []


def test_packages_that_differ_are_named_with_what_to_run(pinned, capsys):
    pinned("# Why\n\nDjango[argon2]==4.0\nno-such-package==1.0  # why\nredis>=1\n")
    Command().compare_packages()
    printed = capsys.readouterr().out
    assert re.search(
        r"requirements.txt: Django 5\.\S+ \(there: 4.0\), no-such-package is missing \(there: 1.0\)\. Run: ", printed
    )
    assert printed.endswith("/python -m pip install -r requirements.txt\n")


def test_without_requirements_nothing_is_said(tmp_path, settings, capsys):
    settings.BASE_DIR = tmp_path
    Command().compare_packages()
    assert capsys.readouterr().out == ""
