"""Collected static files, and whether they still are those of the code and the installed libraries."""

import fcntl
import hashlib
import os
from contextlib import contextmanager
from importlib.metadata import version

from django.apps import apps
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from whitenoise.storage import CompressedManifestStaticFilesStorage

SOURCES = "staticfiles.sources"  # in STATIC_ROOT: the digest of what was collected
PROCESSORS = ("Django", "whitenoise")  # other versions of these may collect the same files in another way


class Storage(CompressedManifestStaticFilesStorage):
    """WhiteNoise's storage, which also remembers from what the files were made.

    Other users may read them: they are public, and another server may deliver them.
    """

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, file_permissions_mode=0o644, directory_permissions_mode=0o755, **options)

    def post_process(self, paths, dry_run=False, **options):
        before = os.umask(0o022)
        try:
            yield from super().post_process(paths, dry_run=dry_run, **options)
            if not dry_run:
                (settings.STATIC_ROOT / SOURCES).write_text(digest())
        finally:
            os.umask(before)


def are_collected():
    return (settings.STATIC_ROOT / "staticfiles.json").exists()


def are_current():
    """Whether the collected files are those that would be collected now. This reads every file, in about 10 ms."""
    try:
        return are_collected() and (settings.STATIC_ROOT / SOURCES).read_text() == digest()
    except FileNotFoundError:
        return False


def digest():
    """A digest of every file to collect, with its path."""
    ignored = apps.get_app_config("staticfiles").ignore_patterns
    files = sorted((path, storage.path(path)) for finder in get_finders() for path, storage in finder.list(ignored))
    found = hashlib.blake2b(digest_size=16)
    for path, source in files:
        with open(source, "rb") as file:
            found.update(f"{path} {hashlib.file_digest(file, 'blake2b').hexdigest()}\n".encode())
    for name in PROCESSORS:
        found.update(f"{name} {version(name)}\n".encode())
    return found.hexdigest()


@contextmanager
def one_at_a_time():
    """Let one process at a time collect. It locks the folder, so there is no other file."""
    if not settings.STATIC_ROOT.exists():
        settings.STATIC_ROOT.mkdir(exist_ok=True)
        settings.STATIC_ROOT.chmod(0o755)
    folder = os.open(settings.STATIC_ROOT, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)
