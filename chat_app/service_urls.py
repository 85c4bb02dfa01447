"""The URLs of the database, Redis and the mail server, as Django's settings; errors never contain the URL."""

import re
from urllib.parse import parse_qs, urlsplit

from environ import Env

POSTGRES = ("postgres", "postgresql")
MAIL_PORTS = {"smtp": 25, "smtp+tls": 587, "smtp+ssl": 465, "consolemail": 25}
REDIS = ("redis", "rediss", "unix")
ESCAPE = (
    "can't be read. In its user and password, write / as %2F, ? as %3F, # as %23, @ as %40, : as %3A, [ as %5B, ] as "
    "%5D and % as %25."
)
SQLITE = (
    "names no file. Write sqlite:////srv/parlour/parlour.sqlite3, with four slashes. In the path, write # as %23 and ? "
    "as %3F."
)


def database(value):
    """Return Django's settings for a database. Raises ValueError with the reason if this is not a URL of one."""
    if value == "sqlite://:memory:":
        return Env.db_url_config(value)
    url = split(value, ("sqlite", *POSTGRES), "is not a database URL. Write postgres://user:password@host/name.")
    if url.scheme == "sqlite":
        if url.netloc or url.fragment or url.query or not url.path.strip("/"):
            raise ValueError(SQLITE)
    elif not url.path.strip("/") and "service" not in parse_qs(url.query):
        raise ValueError("names no database. Write postgres://user:password@host/name.")
    return Env.db_url_config(value)


def redis(value):
    """Return the URL as redis-py knows it: it works with Valkey, but not with its scheme."""
    if not value:
        return ""
    value = re.sub("^valkey(s?)://", r"redis\1://", value)
    split(value, REDIS, "is not a Redis URL. Write redis://127.0.0.1:6379/0.")
    return value


def mail(value):
    """Return Django's settings for a mail server, with the usual port of its scheme."""
    url = split(value, MAIL_PORTS, "is not a mail server URL. Write smtp+tls://user:password@host:587.")
    config = Env.email_url_config(value)
    return config | {"EMAIL_PORT": config["EMAIL_PORT"] or MAIL_PORTS[url.scheme]}


def split(value, schemes, otherwise):
    """Return the parts of the URL. Raises ValueError if it has none of the schemes, or characters in a wrong place."""
    scheme, separator, _rest = value.partition("://")
    if scheme not in schemes or not separator:
        raise ValueError(otherwise)
    try:
        url = urlsplit(value)
        valid = "," in url.netloc or url.port is None or url.port > 0
    except ValueError:
        valid = False
    if not valid or (scheme != "sqlite" and (url.fragment or "@" in url.path + url.query)):
        raise ValueError(ESCAPE)
    return url
