"""The private .env file: how it is read, and how it is created with a random secret key."""

import os
import re
import secrets
from pathlib import Path
from typing import NamedTuple

from django.core.exceptions import ImproperlyConfigured

PATH = Path(__file__).resolve().parent.parent / ".env"

FIRST = """\
# Parlour's private settings. docs/settings.md explains every setting.
# Keep this file private: anyone who has the key can sign in as anyone else.
SECRET_KEY='{key}'
"""
# Some editors on Windows begin a file with U+FEFF.
KEY_LINE = re.compile(r"""^\ufeff?[ \t]*(?:export[ \t]+)?SECRET_KEY[ \t]*=(?P<value>.*)$""", re.MULTILINE)
EMPTY = ("", "''", '""')
SETTING = re.compile(r"(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=(.*)")
LOOKS_LIKE_A_NAME = re.compile(r"(?:export\s+)?([A-Z]+(?:_[A-Z]+)*)(?=[:\s])")
COMMENT = r"(?:\s+#.*)?"
QUOTED = {  # the second pattern of each: with the same quotation mark inside
    "'": [re.compile(rf"'([^']*)'{COMMENT}"), re.compile("'(.*)'")],
    '"': [re.compile(rf'"((?:[^"\\]|\\.)*)"{COMMENT}'), re.compile('"(.*)"')],
}


class Line(NamedTuple):
    value: str
    place: str  # such as ".env, line 3"
    overridden: str = ""  # the place of an earlier line for the same setting, with another value


# Read


def read(path):
    """Return the settings in this file as a dictionary from name to Line; the last line counts. No file: no settings.

    Raises ImproperlyConfigured with the number of the line, and never with its content, which may be secret.
    """
    path = Path(path)
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ImproperlyConfigured(f"{path} can't be read: {error.strerror}.") from None
    lines = enumerate(re.split("\r\n|\r|\n", decoded(content, path.name)), 1)
    found = {}
    for name, line in filter(None, (parsed(line.strip(), f"{path.name}, line {number}") for number, line in lines)):
        earlier = found.get(name)
        found[name] = line._replace(overridden=earlier.place) if earlier and earlier.value != line.value else line
    return found


def decoded(content, name):
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        number = content[: error.start].count(b"\n") + 1
        raise ImproperlyConfigured(f"{name}, line {number}: not UTF-8. Save the file in that encoding.") from None


def parsed(line, place):
    """Return the name and the Line, or None for an empty line or a comment."""
    if not line or line.startswith("#"):
        return None
    setting = SETTING.fullmatch(line)
    if not setting:
        name = LOOKS_LIKE_A_NAME.match(line)
        what = f"{name[1]} has no = after its name" if name else "this is not a setting"
        raise ImproperlyConfigured(f"{place}: {what}. Write SETTING=value.")
    name, value = setting.groups()
    return name, Line(unquoted(value, f"{name} ({place})"), place)


def unquoted(text, where):
    """The value without quotation marks, spaces around it, and a comment after it."""
    value = text.strip()
    if value[:1] not in QUOTED:
        value = re.sub(r"\s+#.*", "", text).strip()
    else:
        found = next(filter(None, (pattern.fullmatch(value) for pattern in QUOTED[value[0]])), None)
        if not found:
            raise ImproperlyConfigured(f"{where} begins with a quotation mark, but does not end with it.")
        value = found[1] if value[0] == "'" else re.sub(r"\\([^rnt])", r"\1", found[1])
    if "\0" in value:
        raise ImproperlyConfigured(f"{where} contains a null character.")
    return value


# Write


def write_if_missing():
    """Create .env with a new SECRET_KEY, readable by its owner only.

    If .env exists without a SECRET_KEY, only that is added. Nothing happens if the environment has SECRET_KEY or
    ENV_FILE. Exits with the reason if the file can't be written.
    """
    if "SECRET_KEY" in os.environ or "ENV_FILE" in os.environ:
        return
    try:
        add_key() if PATH.exists() else create()
    except OSError as error:
        raise SystemExit(
            f"Can't write {PATH}: {error.strerror}. Parlour keeps its secret key there. Let the user who runs Parlour "
            "write it, or set SECRET_KEY in the environment."
        ) from None


def create():
    descriptor = os.open(PATH, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(FIRST.format(key=new_key()))
    print(f"Wrote {PATH.name} with a new secret key.", flush=True)


def add_key():
    text = PATH.read_text(encoding="utf-8", errors="surrogateescape")
    found = KEY_LINE.search(text)
    if found and found["value"].strip() not in EMPTY:
        return
    line = f"SECRET_KEY='{new_key()}'"
    if found:
        text = f"{text[: found.start()]}{line}{text[found.end() :]}"
    else:
        text = f"{text}{'' if text.endswith(chr(10)) or not text else chr(10)}{line}\n"
    PATH.write_text(text, encoding="utf-8", errors="surrogateescape")
    PATH.chmod(0o600)
    print(f"Wrote a new secret key into {PATH.name}.", flush=True)


def new_key():
    return secrets.token_urlsafe(48)
