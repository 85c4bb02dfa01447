"""The .env file: small mistakes are understood or named with their line, and no message contains a value."""

import os
import re
import stat
import subprocess
import sys

import pytest
from django.core.exceptions import ImproperlyConfigured

from chat import checks
from chat_app import env_file, settings
from chat_app.environment import Env
from chat_app.settings import BASE_DIR

SECRET = "k3y-$ecret"


@pytest.fixture
def read(tmp_path, monkeypatch):
    """A function that returns the settings of a .env file with this content."""
    monkeypatch.setattr(Env, "ENVIRON", {})
    monkeypatch.delenv("ENV_FILE")

    def read(content):
        path = tmp_path / ".env"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return Env(path)

    return read


def value(env, name="NAME"):
    return env.str(name)


# What is plain is understood


@pytest.mark.parametrize(
    "line",
    [
        *("NAME=a.org", "NAME = a.org", "  NAME=a.org", "NAME=a.org  ", "NAME =a.org\t", "export NAME=a.org"),
        *("NAME='a.org'", 'NAME="a.org"', "NAME= 'a.org' ", "NAME=a.org\r", "\ufeffNAME=a.org"),
        *(
            "NAME=a.org # live",
            "NAME='a.org' # it's live",
            'NAME="a.org"   # "live"',
            "NAME=a.org #",
            "NAME=x\nNAME=a.org",
        ),
    ],
)
def test_the_usual_ways_to_write_a_setting_mean_the_same(read, line):
    assert value(read(f"{line}\nOTHER=1\n")) == "a.org"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        *(("NAME=", ""), ("NAME = # later", ""), ("NAME=''", ""), ("NAME=a#b", "a#b"), ("NAME='a # b'", "a # b")),
        *(
            ("NAME=' a '", " a "),
            ("NAME='it's'", "it's"),
            ('NAME="a\\"b"', 'a"b'),
            ("NAME=a=b", "a=b"),
            ("NAME=#1", "#1"),
        ),
        *(("NAME=$a$b", "$a$b"), ("NAME='$OTHER'", "$OTHER"), ("NAME=größe", "größe")),
    ],
)
def test_a_value_is_kept_as_it_is_written(read, line, expected):
    assert value(read(f"{line}\nOTHER=1\n")) == expected


def test_comments_and_empty_lines_are_skipped(read):
    assert read("# NAME=a\n\n   \n  # NAME=b\n").lines == {}


def test_switches_may_have_spaces(read):
    assert read("HTTPS = on # at last\n").bool("HTTPS", default=False) is True


@pytest.mark.parametrize(
    ("written", "hosts"),
    [
        ("a.org, b.org", ["a.org", "b.org"]),
        ("a.org:8443", ["a.org"]),
        (" a.org # live", ["a.org"]),
        ("[::1]:8000,::1,127.0.0.1:80", ["[::1]", "[::1]", "127.0.0.1"]),
        ("*.a.org,.b.org,*", [".a.org", ".b.org", "*"]),
        ("localhost,", ["localhost"]),
    ],
)
def test_host_names_are_understood(read, written, hosts):
    assert read(f"ALLOWED_HOSTS={written}").hosts("ALLOWED_HOSTS", default=[]) == hosts


@pytest.mark.parametrize("key", ["$ecret", "$", "$$HOME", "\\$x"])
def test_a_secret_key_may_begin_with_a_dollar(key):
    assert setting("SECRET_KEY", SECRET_KEY=key) == key


# What is not is named with its line


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (SECRET, r"\.env, line 2: this is not a setting. Write SETTING=value."),
        (f"SECRET_KEY: {SECRET}", r"\.env, line 2: SECRET_KEY has no = after its name"),
        (f"SECRET_KEY {SECRET}", r"\.env, line 2: SECRET_KEY has no = after its name"),
        (
            f"SECRET_KEY='{SECRET}",
            r"SECRET_KEY \(\.env, line 2\) begins with a quotation mark, but does not end with it",
        ),
        (f"SECRET_KEY='{SECRET}' and more", r"SECRET_KEY \(\.env, line 2\) begins with a quotation mark"),
        (f"SECRET_KEY={SECRET}\0", r"SECRET_KEY \(\.env, line 2\) contains a null character"),
        (f"SECRET_KEY={SECRET}ü".encode("latin-1"), r"\.env, line 2: not UTF-8. Save the file in that encoding."),
    ],
)
def test_an_invalid_line_is_named_without_its_content(read, line, reason):
    with pytest.raises(ImproperlyConfigured, match=reason) as refused:
        read(b"# first\n" + (line if isinstance(line, bytes) else line.encode()) + b"\nDEBUG=off\n")
    assert SECRET not in str(refused.value)


HERE = r" \(\.env, line 1\) "


@pytest.mark.parametrize(
    ("kind", "written", "reason"),
    [
        ("bool", SECRET, "is neither on nor off"),
        ("int", SECRET, "is not a whole number"),
        ("log_level", SECRET, "is not a log level"),
        ("time_zone", SECRET, "is not a time zone"),
        ("hosts", f"https://{SECRET}/", "is not a list of host names"),
        ("hosts", "a.org b.org", "is not a list of host names"),
        ("hosts", "", "is not a list of host names"),
        ("database", f"postgres://u:{SECRET}/x@h/name", "can't be read. In its user and password, write / as %2F"),
        ("database", f"postgres://u:12/{SECRET}@h/name", "can't be read"),
        ("database", f"postgres://u:{SECRET}?x@h/name", "can't be read"),
        ("database", f"postgres://u:{SECRET}#x@h/name", "can't be read"),
        ("database", f"postgres://u:[{SECRET}@h/name", "can't be read"),
        ("database", f"postgres://u:{SECRET}@h", "names no database"),
        ("database", f"mysql://u:{SECRET}@h/name", "is not a database URL"),
        ("database", f"sqlite://{SECRET}.sqlite3", "names no file"),
        ("database", "sqlite:///", "names no file"),
        ("database", f"sqlite:////srv/{SECRET}#1", "names no file"),
        ("mail", f"smtp+tls://u:{SECRET}#x@h:587", "can't be read"),
        ("mail", f"smtp+tls://u:{SECRET}/x@h:587", "can't be read"),
        ("mail", f"imap://u:{SECRET}@h", "is not a mail server URL"),
        ("redis", "127.0.0.1:6379", "is not a Redis URL. Write redis://127.0.0.1:6379/0"),
        ("redis", f"redis://:{SECRET}/x@h:6379/0", "can't be read"),
        ("redis", f"redis://h:{SECRET}/0", "can't be read"),
    ],
)
def test_an_invalid_value_is_named_with_its_line(read, kind, written, reason):
    with pytest.raises(ImproperlyConfigured, match="NAME" + HERE + reason) as refused:
        getattr(read(f"NAME={written}"), kind)("NAME", default="")
    assert SECRET not in str(refused.value)


def test_a_value_from_the_environment_has_no_line(read):
    env = read("NAME=on")
    env.ENVIRON["NAME"] = "maybe"
    with pytest.raises(ImproperlyConfigured, match=r"^NAME is neither on nor off"):
        env.bool("NAME", default=False)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgres://u:p%2F%3F%23@h:5433/name", {"PASSWORD": "p/?#", "HOST": "h", "PORT": 5433, "NAME": "name"}),
        ("postgres://u@/name?host=/run/postgresql", {"NAME": "name", "OPTIONS": {"host": "/run/postgresql"}}),
        ("postgres://u:p@h1:5432,h2:5433/name", {"HOST": "h1,h2", "PORT": "5432,5433"}),
        ("sqlite:////srv/a%23b.sqlite3", {"NAME": "/srv/a#b.sqlite3"}),
        ("sqlite://:memory:", {"NAME": ":memory:"}),
    ],
)
def test_urls_of_databases_are_read(read, url, expected):
    found = read(f"NAME={url}").database("NAME", default="")
    assert {name: found[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("url", "port"),
    [("smtp://h", 25), ("smtp+tls://h", 587), ("smtp+ssl://h", 465), ("smtp+ssl://h:26", 26), ("consolemail://", 25)],
)
def test_a_mail_server_has_the_usual_port_of_its_scheme(read, url, port):
    assert read(f"NAME={url}").mail("NAME", default="")["EMAIL_PORT"] == port


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("valkey://h/0", "redis://h/0"),
        ("valkeys://h/0", "rediss://h/0"),
        ("rediss://h/0", "rediss://h/0"),
        ("unix:///run/redis.sock", "unix:///run/redis.sock"),
        ("", ""),
    ],
)
def test_urls_of_redis_are_read(read, url, expected):
    assert read(f"NAME={url}").redis("NAME", default="") == expected


# Names


def test_a_mistyped_name_is_warned_of_with_the_nearest(read, monkeypatch):
    env = read("ALLOWED_HOST=a.org\nhttps=on\nPGPASSWORD=x\nLIMITS=on\n")
    env.ENVIRON["LIMIT_SEND_PERSONS"] = SECRET
    env.known.update(settings.env.known)
    monkeypatch.setattr(checks, "env", env)
    found = [(warning.msg, warning.hint) for warning in checks.check_names_of_settings(None)]
    assert found == [
        ("ALLOWED_HOST (.env, line 1) is not a setting.", "Did you mean ALLOWED_HOSTS?"),
        ("LIMIT_SEND_PERSONS is not a setting.", "Did you mean LIMIT_SEND_PERSON?"),
        ("https (.env, line 2) is not a setting.", "Did you mean HTTPS?"),
    ]


def test_an_earlier_name_stops_the_start(read, monkeypatch):
    """Ignored, it would leave the default: optional two-factor authentication, where it was required."""
    env = read("SECOND_FACTOR=required\nLIMIT_SETTLE_PERSON=1/60\n")
    env.known.update(settings.env.known)
    monkeypatch.setattr(checks, "env", env)
    found = [(error.is_serious(), error.msg, error.hint) for error in checks.check_names_of_settings(None)]
    assert found == [
        (True, "LIMIT_SETTLE_PERSON (.env, line 2) has another name now.", "Write LIMIT_SETTINGS_PERSON instead."),
        (True, "SECOND_FACTOR (.env, line 1) has another name now.", "Write TWO_FACTOR instead."),
    ]


def test_two_values_of_a_setting_are_warned_of(read, monkeypatch):
    """An example appended to the file would otherwise turn two-factor authentication off again without a word."""
    env = read("TWO_FACTOR=required\nLANGUAGE=en\nTWO_FACTOR=optional\nLANGUAGE=en\n")
    env.known.update(settings.env.known)
    monkeypatch.setattr(checks, "env", env)
    found = [(error.is_serious(), error.msg, error.hint) for error in checks.check_names_of_settings(None)]
    assert found == [
        (False, "TWO_FACTOR (.env, line 3) is set twice.", ".env, line 1 has no effect. Remove one of them."),
    ]


def test_names_of_other_programs_are_not_warned_of(read):
    env = read("")
    env.known.update(settings.env.known)
    usual = ["PATH", "LANG", "LANGUAGE", "EMAIL", "TZ", "HOST", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "PORT"]
    env.ENVIRON.update(dict.fromkeys(usual, "x"))
    assert env.slips() == []


# As an operator sees it


def command(*arguments, **environment):
    clean = {name: text for name, text in os.environ.items() if name not in ("SECRET_KEY", "ENV_FILE")}
    clean["DJANGO_SETTINGS_MODULE"] = "chat_app.settings"
    run = [sys.executable, *arguments]
    return subprocess.run(run, cwd=BASE_DIR, env=clean | environment, capture_output=True, text=True, timeout=60)


def setting(name, **environment):
    code = f"from django.conf import settings; print(settings.{name})"
    return command("-c", code, ENV_FILE=os.devnull, **environment).stdout.removesuffix("\n")


def test_a_command_stops_with_one_sentence(tmp_path):
    (tmp_path / "env").write_text(f"SECRET_KEY={SECRET}\nDATABASE_URL=postgres://u:{SECRET}/x@h/name\n")
    refused = command("manage.py", "check", ENV_FILE=str(tmp_path / "env"))
    assert (refused.returncode, refused.stdout) == (1, "")
    assert re.fullmatch(r"Parlour can't start: DATABASE_URL \(env, line 2\) can't be read\. .+\n", refused.stderr)
    assert SECRET not in refused.stderr


@pytest.mark.parametrize("server", ["wsgi", "asgi"])
def test_so_do_other_servers(tmp_path, server):
    (tmp_path / "env").write_text(f"SECRET_KEY: {SECRET}\n")
    refused = command("-c", f"import chat_app.{server}", ENV_FILE=str(tmp_path / "env"))
    assert refused.stderr.startswith("Parlour can't start: env, line 1: SECRET_KEY has no = after its name")
    assert (refused.returncode, len(refused.stderr.splitlines())) == (1, 1)


def test_a_file_that_is_not_there_is_refused_if_the_environment_names_it():
    refused = command("manage.py", "check", ENV_FILE="/nowhere/env")
    assert refused.stderr == "Parlour can't start: ENV_FILE is the path of a file that doesn't exist.\n"


def test_a_folder_in_its_place_is_refused(tmp_path):
    with pytest.raises(ImproperlyConfigured, match="can't be read: Is a directory"):
        env_file.read(tmp_path)


def test_the_default_database_may_be_in_a_folder_of_any_name():
    code = f"from pathlib import Path; print(Path({str(BASE_DIR)!r}) / 'parlour.sqlite3')"
    assert setting("DATABASES['default']['NAME']", SECRET_KEY="x") == command("-c", code).stdout.strip()


# The first .env


@pytest.fixture
def env_path(tmp_path, monkeypatch):
    monkeypatch.setattr(env_file, "PATH", tmp_path / ".env")
    monkeypatch.delenv("SECRET_KEY")
    monkeypatch.delenv("ENV_FILE")
    return env_file.PATH


def test_a_first_env_file_is_private_and_has_a_key_of_its_own(env_path):
    keys = set()
    for _ in range(2):
        env_file.write_if_missing()
        assert stat.S_IMODE(env_path.stat().st_mode) == 0o600
        keys.add(re.search("^SECRET_KEY='([A-Za-z0-9_-]{64})'$", env_path.read_text(), re.MULTILINE)[1])
        env_path.unlink()
    assert len(keys) == 2


def test_an_env_file_is_never_overwritten(env_path):
    env_path.write_text("SECRET_KEY=mine")
    env_file.write_if_missing()
    assert env_path.read_text() == "SECRET_KEY=mine"


def test_a_key_after_a_byte_order_mark_is_kept(env_path):
    """Windows' Notepad writes one. A new key would end all sessions."""
    env_path.write_text("\ufeffSECRET_KEY=mine\nTHREADS=2\n", encoding="utf-8")
    env_file.write_if_missing()
    assert env_file.read(env_path)["SECRET_KEY"].value == "mine"


def test_a_copy_of_the_example_gets_a_key_and_keeps_the_rest(env_path):
    env_path.write_text("# mine\nSECRET_KEY=\nTHREADS=2\n")
    env_file.write_if_missing()
    filled = env_path.read_text()
    assert re.fullmatch(r"# mine\nSECRET_KEY='[\w-]{60,}'\nTHREADS=2\n", filled)
    env_file.write_if_missing()
    assert env_path.read_text() == filled


def test_no_env_file_is_written_if_the_environment_has_the_key(env_path, monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "from the environment")
    env_file.write_if_missing()
    assert not env_path.exists()


@pytest.mark.parametrize("line", ["SECRET_KEY=''", "  SECRET_KEY = ", 'export SECRET_KEY=""'])
def test_an_empty_key_is_filled_in_however_it_is_written(env_path, line):
    env_path.write_text(f"{line}\nTHREADS=2\n")
    env_file.write_if_missing()
    assert re.fullmatch(r"SECRET_KEY='[\w-]{60,}'\nTHREADS=2\n", env_path.read_text())


@pytest.mark.parametrize("content", ["THREADS=2\n", "THREADS=2"])
def test_a_file_without_a_key_gets_one(env_path, content):
    env_path.write_text(content)
    env_file.write_if_missing()
    assert re.fullmatch(r"THREADS=2\nSECRET_KEY='[\w-]{60,}'\n", env_path.read_text())


@pytest.mark.parametrize("exists", [False, True])
def test_a_folder_that_cannot_be_written_is_named(env_path, monkeypatch, exists):
    def refuse(*arguments, **more):
        raise PermissionError(13, "Permission denied")

    if exists:
        env_path.write_text("SECRET_KEY=\n")
    monkeypatch.setattr("os.open", refuse)
    monkeypatch.setattr("pathlib.Path.write_text", refuse)
    with pytest.raises(
        SystemExit, match=r"Can't write .*\.env: Permission denied\. Parlour keeps its secret key there"
    ):
        env_file.write_if_missing()
