"""Redis between processes: news travels by it, and without it everything goes on, only slower."""

import os
import shutil
import subprocess
import time
from contextlib import suppress
from threading import Thread

import pytest
from django.core.cache import caches
from redis import Redis, RedisError

from chat.realtime import db_watch, pubsub
from tests.support.reading import until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def redis(tmp_path):
    """A Redis of one's own: its address, a function that stops it and one that starts it."""
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
def parlour(redis, settings):
    """Parlour as one of several processes that share this Redis."""
    settings.REDIS_URL = redis.url
    redis_cache = {"BACKEND": "chat_app.caches.ForgivingRedisCache", "LOCATION": redis.url}
    settings.CACHES = {"default": redis_cache, "limits": redis_cache | {"KEY_PREFIX": "limits"}}
    pubsub.redis_client.cache_clear()
    return settings


class Ended(Exception):
    pass


@pytest.fixture
def heard(parlour):
    """What comes by Redis, as (room, version, epoch)."""
    heard, ending = [], False

    def hear(*what):
        if ending:
            raise Ended
        heard.append(what)

    def hear_until_the_end():
        with suppress(Ended):
            pubsub.listen_to_redis(parlour.REDIS_URL, hear, lambda room: hear("typing", room))

    thread = Thread(target=hear_until_the_end, daemon=True)
    thread.start()
    yield heard
    ending = True
    Redis.from_url(parlour.REDIS_URL).publish(pubsub.CHANGES_CHANNEL, "0 0 0")
    thread.join(5)


def test_what_one_process_writes_the_others_hear(heard, redis, room, alice):
    until(lambda: Redis.from_url(redis.url).pubsub_numsub(pubsub.CHANGES_CHANNEL)[0][1])
    alice.membership.send("hello", "t:1")
    room.refresh_from_db()
    until(lambda: (room.pk, room.version, room.epoch) in heard)


def test_that_somebody_types_the_others_hear_too(heard, redis, room):
    until(lambda: Redis.from_url(redis.url).pubsub_numsub(pubsub.TYPING_CHANNEL)[0][1])
    pubsub.publish_typing(room.pk)
    until(lambda: ("typing", room.pk) in heard)


def test_when_redis_is_back_news_is_heard_again(heard, redis, room, alice, monkeypatch):
    monkeypatch.setattr(pubsub, "RECONNECT_SECONDS", 0.05)
    redis.stop()
    alice.membership.send("said into the dark", "t:1")
    redis.start()
    until(lambda: Redis.from_url(redis.url).pubsub_numsub(pubsub.CHANGES_CHANNEL)[0][1])
    del heard[:]
    alice.membership.send("hello", "t:2")
    until(lambda: heard)


def test_without_redis_people_go_on_talking(parlour, redis, alice, room):
    redis.stop()
    began = time.monotonic()
    assert alice.send(room, "hello").status_code == 303
    assert "hello" in alice.get(room.get_absolute_url()).text
    assert "hello" in alice.poll(room, 1).text
    assert time.monotonic() - began < 5


def test_what_is_to_be_forgotten_is_not_forgotten_in_silence(parlour, redis):
    caches["default"].set("session", "of somebody")
    redis.stop()
    with pytest.raises(RedisError):
        caches["default"].delete("session")


def test_with_redis_the_watch_is_a_safety_net(settings, monkeypatch):
    monkeypatch.setattr(db_watch.connection, "vendor", "postgresql")
    monkeypatch.setattr(db_watch, "INTERVAL_WITH_REDIS", 0.2)
    settings.REDIS_URL = "redis://anywhere"
    due = db_watch.new_watch()
    assert due()
    assert not due()
    until(due)
