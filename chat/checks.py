"""System checks: settings that make no sense are refused at the start, in words."""

import re

from django.conf import settings
from django.core import checks

LIMIT = re.compile(r"[1-9]\d*/[1-9]\d*\Z")


@checks.register()
def limits_are_counts_per_seconds(app_configs, **kwargs):
    names = sorted({name for name in dir(settings) if name.startswith("LIMIT_")})
    return [
        checks.Error(
            f"{name}={getattr(settings, name)!r} is no limit.",
            hint="Write count/seconds, such as 30/60.",
            id="chat.E001",
        )
        for name in names
        if not LIMIT.match(getattr(settings, name))
    ]


@checks.register()
def numbers_are_in_range(app_configs, **kwargs):
    lowest = {"THREADS": 1, "TRUSTED_PROXIES": 0, "NAME_HELD_DAYS": 0, "EMPTY_ROOM_DAYS": 0}
    return [
        checks.Error(f"{name}={getattr(settings, name)} is too low.", hint=f"{least} is the least.", id="chat.E002")
        for name, least in lowest.items()
        if getattr(settings, name) < least
    ]


@checks.register()
def the_admin_hides_no_page(app_configs, **kwargs):
    from chat.urls import urlpatterns  # the views need the models, which are not there yet when checks are registered

    taken = {first_part(str(address.pattern)) for address in urlpatterns} | {first_part(settings.STATIC_URL)}
    if first_part(settings.ADMIN_PATH) not in taken:
        return []
    hint = "Choose another path, such as staff/."
    return [checks.Error(f"ADMIN_PATH={settings.ADMIN_PATH!r} is Parlour's own.", hint=hint, id="chat.E003")]


@checks.register()
def who_speaks_https_is_known(app_configs, **kwargs):
    if not settings.HTTPS or settings.TRUSTED_PROXIES:
        return []
    hint = "Set TRUSTED_PROXIES=1 where a reverse proxy with the certificate stands in front: mostly it does."
    return [checks.Warning("HTTPS=on, but no proxy is trusted to say so.", hint=hint, id="chat.W002")]


@checks.register()
def ended_sessions_end_everywhere(app_configs, **kwargs):
    cache = settings.CACHES[settings.SESSION_CACHE_ALIAS]["BACKEND"]
    if "cache" not in settings.SESSION_ENGINE or not cache.endswith(("LocMemCache", "DummyCache")):
        return []
    hint = "Set REDIS_URL, or SESSION_ENGINE to django.contrib.sessions.backends.db."
    message = f"{settings.SESSION_ENGINE} with {cache}: each process would keep sessions that another one has ended."
    return [checks.Error(message, hint=hint, id="chat.E005")]


@checks.register()
def somebody_opens_rooms(app_configs, **kwargs):
    if settings.ACCOUNTS != "off" or settings.CREATE_ROOMS == "anyone":
        return []
    hint = "Set ACCOUNTS=on, so that those who may open rooms can sign in, or CREATE_ROOMS=anyone."
    message = f"CREATE_ROOMS={settings.CREATE_ROOMS}, but with ACCOUNTS=off nobody can sign in to open one."
    return [checks.Error(message, hint=hint, id="chat.E004")]


@checks.register(deploy=True)
def limits_are_on(app_configs, **kwargs):
    if settings.LIMITS:
        return []
    return [checks.Warning("LIMITS=off: anybody may send, join and create without end.", id="chat.W001")]


def first_part(path):
    return path.strip("/").partition("/")[0]
