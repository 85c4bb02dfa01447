"""Settings from the environment and .env, with errors that name the setting and its line, and never its value."""

import difflib
import os
import re
import zoneinfo
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

from chat_app import env_file, service_urls

URL_OF_SITE = re.compile(r"https?://(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:[0-9]{1,5})?(/[\w.~%/-]*)?", re.ASCII | re.I)
ON, OFF = ("on", "true", "yes", "1"), ("off", "false", "no", "0", "")
HOST = re.compile(r"\*|\.?[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?|\[[0-9a-f:.]+\]", re.IGNORECASE | re.ASCII)
ALIKE = 0.85  # how similar an unknown name must be to a setting's, from 0 to 1, to be taken for a slip
OTHERS = {"ENV_FILE", "DJANGO_SETTINGS_MODULE"}
RENAMED = {
    "SECOND_FACTOR": "TWO_FACTOR",
    "LIMIT_ASK_PERSON": "LIMIT_CHAT_REQUEST_PERSON",
    "LIMIT_ASK_ADDRESS": "LIMIT_CHAT_REQUEST_ADDRESS",
    "LIMIT_SETTLE_PERSON": "LIMIT_SETTINGS_PERSON",
    "LIMIT_TYPE_PERSON": "LIMIT_TYPING_PERSON",
}


class Env(environ.Env):
    """Settings by name. The environment wins over the file."""

    def __init__(self, path=None):
        super().__init__()
        if path and "ENV_FILE" in os.environ and not os.path.exists(path):
            raise ImproperlyConfigured("ENV_FILE is the path of a file that doesn't exist.")
        self.lines = env_file.read(path) if path else {}
        for name, line in self.lines.items():
            self.ENVIRON.setdefault(name, line.value)
        self.known = set()

    def where(self, name):
        """The name, and where it is set if that is in the file."""
        line = self.lines.get(name)
        return f"{name} ({line.place})" if line and line.value == self.ENVIRON.get(name) else name

    def refusal(self, name, reason):
        return ImproperlyConfigured(f"{self.where(name)} {reason}")

    def str(self, name, default=None):
        """The value as it is. Django-environ would take one that begins with $ for the name of another setting."""
        self.known.add(name)
        value = self.ENVIRON.get(name, default)
        if value is None:
            raise self.refusal(name, "is not set.")
        return value

    def list(self, name, default=None):
        value = self.str(name, default=default)
        if not isinstance(value, str):
            return value
        return [part.strip() for part in value.split(",") if part.strip()]

    def bool(self, name, default):
        """Read `on` or `off` as True or False.

        Raises ImproperlyConfigured for other values, because a typo must not turn a limit off.
        """
        value = self.str(name, default="on" if default else "off").strip().lower()
        if value not in ON + OFF:
            raise self.refusal(name, "is neither on nor off.")
        return value in ON

    def int(self, name, default):
        value = self.str(name, default=str(default)).strip()
        if not value.isascii() or not value.isdigit():
            raise self.refusal(name, "is not a whole number.")
        return int(value)

    def choice(self, name, default, choices):
        value = self.str(name, default=default).strip()
        if value not in choices:
            raise self.refusal(name, f"is not one of: {', '.join(choices)}.")
        return value

    def hosts(self, name, default):
        """Read a list of host names, such as chat.example.org. A port is left out: Django compares the name only.

        Raises ImproperlyConfigured if the list is empty, or one is not a host name.
        """
        values = [host(value) for value in self.list(name, default=default)]
        if not values or None in values:
            raise self.refusal(name, "is not a list of host names. Write names such as chat.example.org, with commas.")
        return values

    def site_url(self, name, default):
        """Read the URL of this site, such as https://chat.example.org/chat, and return it without a slash at the end.

        Raises ImproperlyConfigured unless it has only a scheme (http or https), a host, a port and a path.
        """
        value = self.str(name, default=default).strip()
        if not value:
            return ""
        found = URL_OF_SITE.fullmatch(value)
        if not found or int((found[2] or ":1")[1:]) not in range(1, 65536):
            raise self.refusal(name, "is not the URL of a site. Write one such as https://chat.example.org.")
        url = urlsplit(value)
        return f"{url.scheme}://{url.netloc.lower()}{url.path.rstrip('/')}"

    def time_zone(self, name, default):
        value = self.str(name, default=default).strip()
        if value not in zoneinfo.available_timezones():
            raise self.refusal(name, "is not a time zone. Write one such as Europe/Vienna.")
        return value

    def log_level(self, name, default):
        value = self.str(name, default=default).strip().upper()
        if value not in ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"):
            raise self.refusal(name, "is not a log level. Write DEBUG, INFO, WARNING, ERROR or CRITICAL.")
        return value

    def database(self, name, default):
        return self.service(name, default, service_urls.database)

    def redis(self, name, default):
        return self.service(name, default, service_urls.redis)

    def mail(self, name, default):
        return self.service(name, default, service_urls.mail)

    def service(self, name, default, read):
        """Read the URL of a service. Raises ImproperlyConfigured if it can't be used."""
        value = self.str(name, default=default).strip()
        try:
            return read(value)
        except ValueError as error:
            reason = error.args[0]
        raise self.refusal(name, reason)  # outside `except`: its traceback has the URL

    def slips(self):
        """Names that look like a mistyped setting, as pairs: where it is set, and the nearest setting."""
        unknown = {*self.lines, *self.ENVIRON} - self.known - OTHERS - RENAMED.keys()
        nearest = {name: difflib.get_close_matches(name.upper(), self.known, 1, ALIKE) for name in sorted(unknown)}
        return [(self.where(name), found[0]) for name, found in nearest.items() if found]

    def repeated(self):
        """Settings with two values in the file, as pairs: where the last one is set, and the line without effect."""
        return [(self.where(name), line.overridden) for name, line in self.lines.items() if line.overridden]

    def renamed(self):
        """Earlier names of settings, as pairs: where it is set, and the present name."""
        return [(self.where(name), RENAMED[name]) for name in sorted({*self.lines, *self.ENVIRON} & RENAMED.keys())]


def host(value):
    """The host name without a port, in Django's form; None if it is not one."""
    if value.count(":") > 1 and not value.startswith("["):
        value = f"[{value}]"
    value = re.sub(r":\d+\Z", "", value)
    value = value.removeprefix("*") if value.startswith("*.") else value
    return value if HOST.fullmatch(value) else None
