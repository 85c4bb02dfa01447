"""System checks: settings that can't work are refused at the start, with a hint."""

import re
from urllib.parse import urlsplit

from django.conf import settings
from django.core import checks
from django.http.request import validate_host

from chat_app.settings import env

SESSIONS = "chat.sessions"
SUBPATH = re.compile(r"(?:[A-Za-z0-9_-]+(?:/[A-Za-z0-9_-]+)*)?")
LIMIT = re.compile(r"[1-9]\d*/[1-9]\d*\Z")


@checks.register()
def check_limits(app_configs, **kwargs):
    names = sorted({name for name in dir(settings) if name.startswith("LIMIT_")})
    return [
        checks.Error(
            f"{env.where(name)} is not a rate limit.",
            hint="Write count/seconds, such as 30/60.",
            id="chat.E001",
        )
        for name in names
        if not LIMIT.match(getattr(settings, name))
    ]


@checks.register()
def check_minimums(app_configs, **kwargs):
    minimums = {"THREADS": 1, "TRUSTED_PROXIES": 0, "NAME_HELD_DAYS": 0, "EMPTY_ROOM_DAYS": 0, "REMOVAL_MINUTES": 0}
    minimums |= dict.fromkeys((f"MAX_{what}_ADDRESS" for what in ("HEADS", "BODIES", "REFUSED", "HELD")), 1)
    return [
        checks.Error(f"{env.where(name)} is too low.", hint=f"The minimum is {minimum}.", id="chat.E002")
        for name, minimum in minimums.items()
        if getattr(settings, name) < minimum
    ]


@checks.register()
def check_names_of_settings(app_configs, **kwargs):
    slips = [
        checks.Warning(f"{where} is not a setting.", hint=f"Did you mean {nearest}?", id="chat.W003")
        for where, nearest in env.slips()
    ]
    repeated = [
        checks.Warning(f"{where} is set twice.", hint=f"{earlier} has no effect. Remove one of them.", id="chat.W004")
        for where, earlier in env.repeated()
    ]
    renamed = [
        checks.Error(f"{where} has another name now.", hint=f"Write {present} instead.", id="chat.E010")
        for where, present in env.renamed()
    ]
    return slips + repeated + renamed


@checks.register()
def check_admin_path(app_configs, **kwargs):
    from chat.urls import urlpatterns  # imported here: views need the models, which load after this module

    taken = {first_part(str(url.pattern)) for url in urlpatterns} | {first_part(settings.STATIC_URL)}
    if first_part(settings.ADMIN_PATH) not in taken:
        return []
    hint = "Choose another path, such as staff/."
    return [checks.Error(f"{env.where('ADMIN_PATH')} is used by Parlour's pages.", hint=hint, id="chat.E003")]


@checks.register()
def check_subpath(app_configs, **kwargs):
    if SUBPATH.fullmatch(settings.SUBPATH):
        return []
    hint = "Write a path such as /chat, of letters without accents, digits, hyphens and slashes."
    return [checks.Error(f"SUBPATH={settings.SUBPATH!r} is not a path.", hint=hint, id="chat.E006")]


@checks.register()
def check_https_proxy(app_configs, **kwargs):
    if not settings.HTTPS or settings.TRUSTED_PROXIES:
        return []
    hint = "Set TRUSTED_PROXIES=1 if a reverse proxy with the certificate is in front, which is the usual setup."
    message = "HTTPS=on, but no proxy is trusted to report that a request used HTTPS."
    return [checks.Warning(message, hint=hint, id="chat.W002")]


@checks.register()
def check_site_url(app_configs, **kwargs):
    """Check that links in emails, which begin with SITE_URL, open this site over the right protocol."""
    url = urlsplit(settings.SITE_URL)
    if not settings.SITE_URL:
        return []
    host = f"[{url.hostname}]" if ":" in url.hostname else url.hostname
    if not validate_host(host, settings.ALLOWED_HOSTS):
        message = f"The host of SITE_URL, {host}, is not in ALLOWED_HOSTS."
        return [checks.Error(message, hint="Add it to ALLOWED_HOSTS, or correct SITE_URL.", id="chat.E007")]
    if settings.HTTPS and url.scheme == "http":
        hint = "Let SITE_URL begin with https://."
        return [checks.Error("HTTPS=on, but SITE_URL begins with http://.", hint=hint, id="chat.E008")]
    if settings.SUBPATH and url.path != f"/{settings.SUBPATH}":
        message = "The path of SITE_URL is not SUBPATH, so links in emails would lead to no page."
        return [checks.Error(message, hint=f"Let its path be /{settings.SUBPATH}.", id="chat.E009")]
    return []


@checks.register()
def check_session_store(app_configs, **kwargs):
    """Check that sessions are those of `chat.sessions`, in the database, where the gate looks for them.

    A cache may miss that another process ended a session.
    """
    if settings.SESSION_ENGINE == SESSIONS:
        return []
    hint = f"Set SESSION_ENGINE to {SESSIONS}."
    message = f"SESSION_ENGINE={settings.SESSION_ENGINE}: a session that one process ends could stay valid in others."
    return [checks.Error(message, hint=hint, id="chat.E005")]


@checks.register()
def check_room_creation(app_configs, **kwargs):
    if settings.ACCOUNTS != "off" or settings.CREATE_ROOMS == "anyone":
        return []
    hint = "Set ACCOUNTS=on, so that people with an account can sign in, or CREATE_ROOMS=anyone."
    message = f"CREATE_ROOMS={settings.CREATE_ROOMS} needs accounts, but ACCOUNTS=off: no one could create a room."
    return [checks.Error(message, hint=hint, id="chat.E004")]


@checks.register(deploy=True)
def check_limits_are_on(app_configs, **kwargs):
    if settings.LIMITS:
        return []
    message = "LIMITS=off: people can send, join and create rooms without any rate limit."
    return [checks.Warning(message, id="chat.W001")]


def first_part(path):
    return path.strip("/").partition("/")[0]
