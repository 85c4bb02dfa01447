"""Settings from the environment, with errors that name the setting and say what to write."""

import re
import zoneinfo
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

URL_OF_SITE = re.compile(r"https?://(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:[0-9]{1,5})?(/[\w.~%/-]*)?", re.ASCII | re.I)
ON, OFF = ("on", "true", "yes", "1"), ("off", "false", "no", "0", "")


class Env(environ.Env):
    def bool(self, name, default):
        """Read `on` or `off` as True or False.

        Raises ImproperlyConfigured for other values, because a typo must not turn a limit off.
        """
        value = self.str(name, default="on" if default else "off").strip().lower()
        if value not in ON + OFF:
            raise ImproperlyConfigured(f"{name}={value!r} is neither on nor off.")
        return value in ON

    def int(self, name, default):
        value = self.str(name, default=str(default))
        if not value.isascii() or not value.isdigit():
            raise ImproperlyConfigured(f"{name}={value!r} is not a whole number.")
        return int(value)

    def choice(self, name, default, choices):
        value = self.str(name, default=default)
        if value not in choices:
            raise ImproperlyConfigured(f"{name}={value!r} is not one of: {', '.join(choices)}.")
        return value

    def hosts(self, name, default):
        """Read a list of host names, such as chat.example.org. Raises ImproperlyConfigured if one contains a slash."""
        values = self.list(name, default=default)
        for value in values:
            if "/" in value:
                raise ImproperlyConfigured(f"{name}={value!r} is not a host name. Write one such as chat.example.org.")
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
            raise ImproperlyConfigured(f"{name} is not the URL of a site. Write one such as https://chat.example.org.")
        url = urlsplit(value)
        return f"{url.scheme}://{url.netloc.lower()}{url.path.rstrip('/')}"

    def time_zone(self, name, default):
        value = self.str(name, default=default)
        if value not in zoneinfo.available_timezones():
            raise ImproperlyConfigured(f"{name}={value!r} is not a time zone. Write one such as Europe/Vienna.")
        return value

    def log_level(self, name, default):
        value = self.str(name, default=default).upper()
        if value not in ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"):
            raise ImproperlyConfigured(
                f"{name}={value!r} is not a log level. Write DEBUG, INFO, WARNING, ERROR or CRITICAL."
            )
        return value

    def database(self, name, default):
        """Read a database URL from this variable and return Django's settings for it.

        Raises ImproperlyConfigured if it is not a URL of SQLite or PostgreSQL.
        """
        value = self.str(name, default=default)
        if value.partition(":")[0] not in ("sqlite", "postgres", "postgresql"):
            raise ImproperlyConfigured(f"{name} is not a database URL. Write postgres://user:password@host/name.")
        return environ.Env.db_url_config(value)

    def mail(self, name, default):
        """Read a mail server's URL from this variable and return Django's settings for it.

        Raises ImproperlyConfigured if the URL's scheme is not supported.
        """
        value = self.str(name, default=default)
        if value.partition("://")[0] not in ("consolemail", "smtp", "smtp+tls", "smtp+ssl"):
            raise ImproperlyConfigured(f"{name} is not a mail server URL. Write smtp+tls://user:password@host:587.")
        return environ.Env.email_url_config(value)
