"""A -wal file that belongs to another database is refused; the database's own never is."""

import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest

from chat_app import wal_check
from chat_app.settings import BASE_DIR

PAGE = (BASE_DIR / "docs/operating.md").read_text()
NEVER_CLOSED = """
import os, signal, sqlite3, sys
database = sqlite3.connect(sys.argv[1], isolation_level=None)
database.execute("PRAGMA journal_mode=WAL")
for number in range(int(sys.argv[2])):
    database.execute("INSERT INTO note (text) VALUES (?)", [f"{sys.argv[3]} {number}"])
os.kill(os.getpid(), signal.SIGKILL)
"""


def commands(part):
    """The commands that docs/operating.md shows in this part, one per line."""
    return re.search(rf"^## {part}$.*?^```\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)[1].splitlines()


def write_and_crash(path, rows=50, text="note"):
    """As a server that is killed: its last changes are in the -wal only."""
    crashed = subprocess.run([sys.executable, "-c", NEVER_CLOSED, path, str(rows), text], timeout=60)
    assert crashed.returncode == -signal.SIGKILL


def query(path, sql):
    with closing(sqlite3.connect(path)) as database:
        return database.execute(sql).fetchall()


@pytest.fixture
def path(tmp_path):
    """A database that a server has been started with."""
    path = tmp_path / "parlour.sqlite3"
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("CREATE TABLE note (id INTEGER PRIMARY KEY AUTOINCREMENT, text TEXT)")
        database.execute("CREATE INDEX texts ON note (text)")
    start(path)
    return path


def start(path):
    wal_check.refuse_stale_wal(path)
    wal_check.renew_id(path)


BACKUPS = {
    "backup": 'sqlite3 parlour.sqlite3 ".backup copy.sqlite3"',
    "backup by Python": commands("Back up")[1],
    "vacuum": "rm -f copy.sqlite3; sqlite3 parlour.sqlite3 \"VACUUM INTO 'copy.sqlite3'\"",  # also a way to copy
}


def run(command, folder, **environment):
    """Run it in a shell, as operators do."""
    done = subprocess.run(
        command, shell=True, cwd=folder, env=os.environ | environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


@pytest.fixture
def python(path):
    """The folder of the database, with .venv/bin/python in it."""
    (path.parent / ".venv").symlink_to(sys.prefix)
    return path.parent


@pytest.mark.parametrize("way", BACKUPS)
@pytest.mark.parametrize("place", ["the same file", "another file"])
def test_a_copy_that_replaces_the_database_next_to_the_old_wal_is_refused(path, python, way, place):
    write_and_crash(path, text="old")
    run(BACKUPS[way], python)
    start(path)  # uses what the crash left
    write_and_crash(path, text="after the copy")
    if place == "another file":
        path.unlink()
    shutil.copyfile(python / "copy.sqlite3", path)
    before = path.read_bytes()
    with pytest.raises(SystemExit, match=r"parlour.sqlite3-wal belongs to another database than parlour.sqlite3"):
        start(path)
    assert path.read_bytes() == before
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).rename(python / f"moved{suffix}")
    start(path)
    assert query(path, "PRAGMA integrity_check") == [("ok",)]
    assert query(path, "SELECT count(*) FROM note") == [(50,)]


@pytest.mark.parametrize("way", BACKUPS)
def test_a_copy_from_the_same_run_is_refused_too(path, python, way):
    write_and_crash(path)
    run(BACKUPS[way], python)
    write_and_crash(path)
    shutil.copyfile(python / "copy.sqlite3", path)
    with pytest.raises(SystemExit, match="belongs to another database"):
        wal_check.refuse_stale_wal(path)


def test_a_copy_of_the_file_from_before_the_last_start_is_refused(path):
    copy = path.read_bytes()
    start(path)
    write_and_crash(path)
    path.write_bytes(copy)
    with pytest.raises(SystemExit, match="belongs to another database"):
        start(path)


def test_a_database_that_is_put_back_together_with_its_own_wal_can_be_used(path):
    """It looks the same as a foreign -wal, so the reason says what to do then: moving the -wal would lose messages."""
    write_and_crash(path)
    pair = {name: path.with_name(name).read_bytes() for name in (path.name, f"{path.name}-wal")}
    start(path)
    for name, content in pair.items():
        path.with_name(name).write_bytes(content)
    with pytest.raises(SystemExit, match=r"If both come from the same copy, move parlour\.sqlite3-start instead"):
        start(path)
    path.with_name("parlour.sqlite3-start").rename(path.with_name("moved"))
    start(path)
    assert query(path, "SELECT count(*) FROM note") == [(50,)]


@pytest.mark.parametrize("content", ["5", '{"ids": 1, "changes": 0, "schema": 0}', "\0", "[1]", '{"ids": [1]}'])
def test_a_damaged_file_about_the_database_stops_nothing(path, content):
    write_and_crash(path)
    path.with_name("parlour.sqlite3-start").write_text(content)
    start(path)
    assert query(path, "SELECT count(*) FROM note") == [(50,)]


def test_sqlite_itself_would_use_it(path, python):
    """Why all this is necessary."""
    write_and_crash(path, rows=2000)
    run(BACKUPS["vacuum"], python)
    start(path)
    write_and_crash(path, rows=2000)
    shutil.copyfile(python / "copy.sqlite3", path)
    with pytest.raises((AssertionError, sqlite3.DatabaseError)):
        assert query(path, "PRAGMA integrity_check") == [("ok",)]


def test_the_wal_of_a_crash_is_never_refused(path):
    for number in range(10):
        write_and_crash(path, rows=number * 150)  # with and without a checkpoint
        start(path)
    assert query(path, "SELECT count(*) FROM note") == [(150 * 45,)]


@pytest.mark.parametrize("step", range(6))
def test_nor_that_of_a_crash_while_a_server_starts(path, monkeypatch, step):
    """Whatever the last thing was that it wrote."""
    write_and_crash(path)
    before = wal_check.checkpoint, wal_check.remember
    steps = iter([True] * step + [False])

    def or_crash(act):
        def acting(*arguments):
            if not next(steps, True):
                raise KeyboardInterrupt
            return act(*arguments)

        return acting

    for name, act in zip(("checkpoint", "remember"), before, strict=True):
        monkeypatch.setattr(wal_check, name, or_crash(act))
    try:
        start(path)
    except KeyboardInterrupt:
        write_and_crash(path)
    monkeypatch.undo()
    start(path)
    assert query(path, "PRAGMA integrity_check") == [("ok",)]


def test_another_process_that_uses_the_database_delays_the_new_id(path):
    with closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN")
        other.execute("SELECT * FROM note").fetchall()
        before = wal_check.Header.read(path).id
        write_and_crash(path)
        start(path)
        assert wal_check.Header.read(path).id == before
    start(path)
    assert wal_check.Header.read(path).id != before


def test_a_database_without_a_memory_is_accepted(path):
    """From before this check, or moved here with its -wal."""
    write_and_crash(path)
    path.with_name("parlour.sqlite3-start").unlink()
    start(path)
    assert query(path, "SELECT count(*) FROM note") == [(50,)]


@pytest.mark.parametrize("content", [b"", b"nonsense", None])
def test_what_is_no_database_is_left_to_django(tmp_path, content):
    path = tmp_path / "parlour.sqlite3"
    path.write_bytes(content) if content is not None else path.mkdir()
    start(path)
    assert [one.name for one in tmp_path.iterdir()] == ["parlour.sqlite3"]


# The commands in docs/operating.md


SETTINGS = {"SECRET_KEY": "x" * 60, "ENV_FILE": os.devnull, "DJANGO_SETTINGS_MODULE": "chat_app.settings"}


@pytest.fixture
def site(tmp_path):
    """Parlour with a database, as after the first start."""
    copied_site(tmp_path)
    manage(tmp_path, "migrate --verbosity 0")
    query(tmp_path / "parlour.sqlite3", "CREATE TABLE note (id INTEGER PRIMARY KEY AUTOINCREMENT, text TEXT)")
    return tmp_path


def copied_site(folder):
    """Copy Parlour's code into the folder."""
    for name in ("chat", "chat_app", "templates", "theme"):
        shutil.copytree(BASE_DIR / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "node_modules"))
    for name in ("manage.py", "requirements.txt"):
        shutil.copyfile(BASE_DIR / name, folder / name)
    (folder / ".venv").symlink_to(sys.prefix)


def manage(folder, command):
    clean = {"DATABASE_URL": f"sqlite:///{folder}/parlour.sqlite3"}
    return run(f".venv/bin/python manage.py {command}", folder, **SETTINGS, **clean)


@pytest.mark.parametrize("way", range(2))
def test_the_shown_commands_back_up_and_restore_also_a_second_time(site, way):
    for text in ("first", "second"):
        write_and_crash(site / "parlour.sqlite3", text=text)
        run(commands("Back up")[way], site)
        assert query(site / "copy.sqlite3", f"SELECT count(*) FROM note WHERE text LIKE '{text}%'") == [(50,)]
        write_and_crash(site / "parlour.sqlite3", text="lost")
        for command in commands("Restore"):
            run(command, site, **SETTINGS, DATABASE_URL=f"sqlite:///{site}/parlour.sqlite3")
        assert query(site / "parlour.sqlite3", "PRAGMA integrity_check") == [("ok",)]
        assert query(site / "parlour.sqlite3", "SELECT count(*) FROM note WHERE text LIKE 'lost%'") == [(0,)]
        assert query(site / "parlour.sqlite3", f"SELECT count(*) FROM note WHERE text LIKE '{text}%'") == [(50,)]
    moved_away = list(site.glob("replaced*/parlour.sqlite3"))
    assert len(moved_away) == 2
    for path in moved_away:
        assert path.parent.stat().st_mode & 0o777 == 0o700
        assert query(path, "SELECT count(*) FROM note WHERE text LIKE 'lost%'") == [(50,)]


def test_every_command_refuses_a_stale_wal(site):
    manage(site, "check")  # remembers the database
    run(commands("Back up")[0], site)
    write_and_crash(site / "parlour.sqlite3")
    shutil.copyfile(site / "copy.sqlite3", site / "parlour.sqlite3")
    with pytest.raises(AssertionError, match="then run manage") as refusal:
        manage(site, "migrate")
    assert "Traceback" not in str(refusal.value)
