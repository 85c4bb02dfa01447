"""Settings from the environment, with a sentence that names the setting where its value makes no sense."""

import zoneinfo

import environ
from django.core.exceptions import ImproperlyConfigured

ON, OFF = ("on", "true", "yes", "1"), ("off", "false", "no", "0", "")


class Env(environ.Env):
    def bool(self, name, default):
        """`on` or `off`: anything else is refused, since a limit or a lock must not open by a slip of the pen."""
        value = self.str(name, default="on" if default else "off").strip().lower()
        if value not in ON + OFF:
            raise ImproperlyConfigured(f"{name}={value!r} is neither on nor off.")
        return value in ON

    def int(self, name, default):
        value = self.str(name, default=str(default))
        if not value.isascii() or not value.isdigit():
            raise ImproperlyConfigured(f"{name}={value!r} is no whole number.")
        return int(value)

    def choice(self, name, default, choices):
        value = self.str(name, default=default)
        if value not in choices:
            raise ImproperlyConfigured(f"{name}={value!r} is none of what there is: {', '.join(choices)}.")
        return value

    def hosts(self, name, default):
        """Names of hosts, which is less than addresses of pages."""
        values = self.list(name, default=default)
        for value in values:
            if "/" in value:
                raise ImproperlyConfigured(f"{name}={value!r} is no name of a host. Write chat.example.org alone.")
        return values

    def time_zone(self, name, default):
        value = self.str(name, default=default)
        if value not in zoneinfo.available_timezones():
            raise ImproperlyConfigured(f"{name}={value!r} is no time zone. Write one such as Europe/Vienna.")
        return value

    def log_level(self, name, default):
        value = self.str(name, default=default).upper()
        if value not in ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"):
            raise ImproperlyConfigured(f"{name}={value!r} is no level. Write DEBUG, INFO, WARNING, ERROR or CRITICAL.")
        return value

    def database(self, name, default):
        """What Django needs to know of the database at this address."""
        value = self.str(name, default=default)
        if value.partition(":")[0] not in ("sqlite", "postgres", "postgresql"):
            raise ImproperlyConfigured(f"{name} is no database's address. Write postgres://user:password@host/name.")
        return environ.Env.db_url_config(value)

    def mail(self, name, default):
        """What Django needs to know of the mail server at this address."""
        value = self.str(name, default=default)
        if value.partition("://")[0] not in ("consolemail", "smtp", "smtp+tls", "smtp+ssl"):
            raise ImproperlyConfigured(f"{name} is no mail server's address. Write smtp+tls://user:password@host:587.")
        return environ.Env.email_url_config(value)
