"""The installed packages, compared with requirements.txt."""

import re
from importlib.metadata import PackageNotFoundError, version

from django.conf import settings

PINNED = re.compile(r"([\w.-]+)(?:\[[\w,.-]*\])?==([\w.+!-]+)")


def differences():
    """Packages that are missing or have another version than in requirements.txt, in words. No file: none."""
    path = settings.BASE_DIR / "requirements.txt"
    lines = path.read_text().splitlines() if path.exists() else []
    pinned = [found.groups() for found in map(PINNED.match, lines) if found]
    return [
        f"{name} {installed(name) or 'is missing'} (there: {expected})"
        for name, expected in pinned
        if installed(name) != expected
    ]


def installed(name):
    try:
        return version(name)
    except PackageNotFoundError:
        return None
