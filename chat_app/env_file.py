"""The private .env file: its path, and how it is created with a random secret key."""

import os
import secrets
from pathlib import Path

PATH = Path(__file__).resolve().parent.parent / ".env"

FIRST = """\
# Parlour's private settings. Every setting is explained in .env.example and in the README.
# Keep this file private: anyone who has the key can sign in as anyone else.
SECRET_KEY='{key}'
"""


def write_if_missing():
    """Create .env with a new SECRET_KEY, readable by its owner only.

    If .env exists, only an empty SECRET_KEY line in it is filled in. Nothing happens if the environment has SECRET_KEY.
    """
    if "SECRET_KEY" in os.environ:
        return
    if PATH.exists():
        _fill_empty_key()
        return
    descriptor = os.open(PATH, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(FIRST.format(key=secrets.token_urlsafe(48)))
    print(f"Wrote {PATH.name} with a new secret key.", flush=True)


def _fill_empty_key():
    lines = PATH.read_text().splitlines(keepends=True)
    if "SECRET_KEY=\n" in lines:
        lines[lines.index("SECRET_KEY=\n")] = f"SECRET_KEY='{secrets.token_urlsafe(48)}'\n"
        PATH.write_text("".join(lines))
        PATH.chmod(0o600)
        print(f"Wrote a new secret key into {PATH.name}.", flush=True)
