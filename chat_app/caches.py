"""A cache in Redis without which everything goes on: while it does not answer, it is empty."""

import logging
from contextlib import contextmanager

from django.core.cache.backends.redis import RedisCache
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

logger = logging.getLogger("chat")
# Seconds for Redis to answer. Tried twice, because a connection that was kept may be closed by now, and no more: the
# library itself would wait for ten seconds while somebody waits for a page.
PATIENCE = {"socket_connect_timeout": 1, "socket_timeout": 1, "retry": Retry(NoBackoff(), 1)}


class ForgivingRedisCache(RedisCache):
    """Deleting alone is not forgiven: a session that was ended would be back as soon as Redis is."""

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

    def incr(self, key, delta=1, version=None):
        with forgiven():
            return super().incr(key, delta, version)
        raise ValueError("nothing is counted while Redis is away")


@contextmanager
def forgiven():
    try:
        yield
    except RedisError as error:
        logger.warning("Redis is away: %s", error)
