"""Caches: keys that belong to one incarnation of the database, and a Redis cache that is empty while Redis is down."""

import logging
import secrets
import time
from contextlib import contextmanager

from django.apps import apps
from django.core.cache.backends.redis import RedisCache
from django.db import DatabaseError, InterfaceError
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from chat_app.logs import about

logger = logging.getLogger("chat")
# Timeouts in seconds. One retry, because a pooled connection may be closed by now. The library's own default would
# make a page wait for ten seconds.
PATIENCE = {"socket_connect_timeout": 1, "socket_timeout": 1, "retry": Retry(NoBackoff(), 1)}
REREAD_SECONDS = 30  # how soon other processes notice that the incarnation changed
RETRY_SECONDS = 5  # until an unreadable incarnation is read again


class Incarnation:
    """The installation's incarnation as this process last read it, so that a cache key needs no query.

    Until it could be read for the first time, a random value is used: this process then shares no cache entries with
    others.
    """

    def __init__(self):
        self.value, self.fallback = None, secrets.token_urlsafe(9)
        self.due_at = 0

    def get(self):
        if self.value is None:
            self.reread_if_due()
        return self.value or self.fallback

    def reread_if_due(self):
        if time.monotonic() >= self.due_at:
            self.reload()

    def reload(self):
        self.due_at = time.monotonic() + RETRY_SECONDS
        try:
            self.value = apps.get_model("chat.Installation").current().incarnation
            self.due_at = time.monotonic() + REREAD_SECONDS
        except (DatabaseError, InterfaceError) as error:
            logger.warning("The installation's incarnation can't be read: %s", error, extra=about("incarnation"))


incarnation = Incarnation()


def incarnation_key(key, key_prefix, version):
    """Build the cache key, as the KEY_FUNCTION of every cache, with the incarnation in it.

    So entries from before a flush or a restored backup are not found any more.
    """
    return f"{key_prefix}:{version}:{incarnation.get()}:{key}"


class ForgivingRedisCache(RedisCache):
    """A Redis cache that works while Redis is down: nothing is found or stored, and the error is logged.

    `incr` then raises ValueError. `delete` raises the error of Redis: what was deleted would come back when Redis does.
    """

    def __init__(self, server, params):
        super().__init__(server, params | {"OPTIONS": PATIENCE | params.get("OPTIONS", {})})

    def has_key(self, key, version=None):
        with forgiven():
            return super().has_key(key, version)
        return False

    def get(self, key, default=None, version=None):
        with forgiven():
            return super().get(key, default, version)
        return default

    def get_many(self, keys, version=None):
        with forgiven():
            return super().get_many(keys, version)
        return {}

    def set(self, key, *arguments, **more):
        with forgiven():
            super().set(key, *arguments, **more)

    def set_many(self, data, *arguments, **more):
        with forgiven():
            return super().set_many(data, *arguments, **more)
        return list(data)

    def add(self, key, *arguments, **more):
        with forgiven():
            return super().add(key, *arguments, **more)
        return False

    def touch(self, key, *arguments, **more):
        with forgiven():
            return super().touch(key, *arguments, **more)
        return False

    def incr(self, key, delta=1, version=None):
        with forgiven():
            return super().incr(key, delta, version)
        raise ValueError("Redis is down, so nothing is counted.")


@contextmanager
def forgiven():
    """A context manager that logs Redis errors instead of raising them."""
    try:
        yield
    except RedisError as error:
        logger.warning("Redis is down: %s", error, extra=about("Redis"))
