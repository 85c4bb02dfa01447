"""Redis between processes: it carries the signals of changes, and without it everything works, only slower."""

import os
import shutil
import subprocess
import time
from contextlib import suppress
from threading import Thread

import pytest
from django.core.cache import caches
from redis import Redis, RedisError

from chat.exceptions import LimitExceeded
from chat.limit_counters import TryLimit
from chat.realtime import db_watch, pubsub
from tests.support.reading import until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def redis(tmp_path):
    """A Redis server for this test, with its `url`, `start` and `stop`."""
    server = Server(tmp_path)
    try:
        server.start()
        yield server
    finally:
        server.stop()


class Server:
    def __init__(self, folder):
        self.socket, self.folder = folder / "redis.socket", folder
        self.url = f"unix://{self.socket}"

    def start(self):
        command = [shutil.which("redis-server"), "--port", "0", "--unixsocket", self.socket, "--save", ""]
        self.process = subprocess.Popen([*command, "--dir", self.folder], stdout=subprocess.DEVNULL)
        until(self.answers)

    def answers(self):
        with suppress(RedisError), Redis.from_url(self.url) as client:
            return client.ping()

    def stop(self):
        self.process.terminate()
        self.process.wait(5)


if not shutil.which("redis-server"):
    missing = "no redis-server (Debian: apt-get install redis-server)"
    if os.environ.get("BROWSER") == "required":
        pytest.fail(missing)
    pytest.skip(missing, allow_module_level=True)


@pytest.fixture
def redis_settings(redis, settings):
    """Settings of one of several processes that share this Redis."""
    settings.REDIS_URL = redis.url
    redis_cache = {"BACKEND": "chat_app.caches.ForgivingRedisCache", "LOCATION": redis.url}
    settings.CACHES = {"default": redis_cache, "limits": redis_cache | {"KEY_PREFIX": "limits"}}
    pubsub.redis_client.cache_clear()
    return settings


class Ended(Exception):
    pass


@pytest.fixture
def heard(redis_settings):
    """The signals received through Redis, as (room, version, epoch) or ("typing", room)."""
    heard, ending = [], False

    def hear(*what):
        if ending:
            raise Ended
        heard.append(what)

    def hear_until_the_end():
        with suppress(Ended):
            pubsub.listen_to_redis(redis_settings.REDIS_URL, hear, lambda room: hear("typing", room))

    thread = Thread(target=hear_until_the_end, daemon=True)
    thread.start()
    yield heard
    ending = True
    Redis.from_url(redis_settings.REDIS_URL).publish(pubsub.CHANGES_CHANNEL, "0 0 0")
    thread.join(5)


def test_other_processes_receive_the_signal_of_a_change(heard, redis, room, alice):
    until(lambda: Redis.from_url(redis.url).pubsub_numsub(pubsub.CHANGES_CHANNEL)[0][1])
    alice.membership.send("hello", "t:1")
    room.refresh_from_db()
    until(lambda: (room.pk, room.version, room.epoch) in heard)


def test_other_processes_receive_the_signal_of_typing(heard, redis, room):
    until(lambda: Redis.from_url(redis.url).pubsub_numsub(pubsub.TYPING_CHANNEL)[0][1])
    pubsub.publish_typing(room.pk)
    until(lambda: ("typing", room.pk) in heard)


def test_signals_are_received_again_when_redis_is_back(heard, redis, room, alice, monkeypatch):
    monkeypatch.setattr(pubsub, "RECONNECT_SECONDS", 0.05)
    redis.stop()
    alice.membership.send("sent while Redis is down", "t:1")
    redis.start()
    until(lambda: Redis.from_url(redis.url).pubsub_numsub(pubsub.CHANGES_CHANNEL)[0][1])
    del heard[:]
    alice.membership.send("hello", "t:2")
    until(lambda: heard)


def test_without_redis_messages_are_sent_and_read(redis_settings, redis, alice, room):
    redis.stop()
    began = time.monotonic()
    assert alice.send(room, "hello").status_code == 303
    assert "hello" in alice.get(room.get_absolute_url()).text
    assert "hello" in alice.poll(room, 1).text
    assert time.monotonic() - began < 5


def test_wrong_tries_are_counted_in_redis(redis_settings):
    limit = TryLimit("TRIES", 3, 600)
    for _try in range(3):
        limit.spend("me")
    with pytest.raises(LimitExceeded) as exceeded:
        limit.spend("me")
    assert 190 < exceeded.value.wait <= 200
    limit.refund("me")
    limit.spend("me")
    with pytest.raises(LimitExceeded):
        limit.spend("me")


def test_without_redis_people_can_sign_in(redis_settings, redis):
    limit = TryLimit("TRIES", 1, 600)
    redis.stop()
    for _try in range(3):
        limit.spend("me")
        limit.refund("me")
    assert caches["limits"].touch("TRIES:me", 600) is False


def test_a_failed_cache_deletion_raises(redis_settings, redis):
    caches["default"].set("session", "of somebody")
    redis.stop()
    with pytest.raises(RedisError):
        caches["default"].delete("session")


def test_with_redis_the_database_is_checked_rarely(settings, monkeypatch):
    monkeypatch.setattr(db_watch.connection, "vendor", "postgresql")
    monkeypatch.setattr(db_watch, "INTERVAL_WITH_REDIS", 0.2)
    settings.REDIS_URL = "redis://anywhere"
    due = db_watch.new_watch()
    assert due()
    assert not due()
    until(due)
