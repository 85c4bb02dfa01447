"""News: in which room something has happened, told to whoever listens in this process, and by Redis in all others."""

import logging
import time
from functools import cache
from threading import Thread

import redis
from django.conf import settings
from django.dispatch import Signal

from chat_app.caches import PATIENCE, forgiven

logger = logging.getLogger("chat")
room_changed, typing_started = Signal(), Signal()
CHANGES_CHANNEL, TYPING_CHANNEL = "parlour:news", "parlour:typing"
RECONNECT_SECONDS = 1  # seconds until Redis is tried again


def publish_change(room):
    """Say that this room has changed; what was written is committed by now."""
    _tell(room_changed, CHANGES_CHANNEL, room.pk, room.version, room.epoch)


def publish_typing(room):
    """Say that somebody types in the room of this id."""
    _tell(typing_started, TYPING_CHANNEL, room)


def _tell(signal, channel, *news):
    signal.send(None, news=news)
    if settings.REDIS_URL:
        with forgiven():
            redis_client(settings.REDIS_URL).publish(channel, " ".join(map(str, news)))


def subscribe(hear, hear_typing):
    """From now on call `hear(room, version, epoch)` and `hear_typing(room)`, with the room's id, in the thread in which
    it happened."""
    room_changed.connect(lambda news, **_: hear(*news), weak=False)
    typing_started.connect(lambda news, **_: hear_typing(*news), weak=False)
    if settings.REDIS_URL:
        listening = [settings.REDIS_URL, hear, hear_typing]
        Thread(target=listen_to_redis, args=listening, name="news", daemon=True).start()


def listen_to_redis(url, hear, hear_typing):
    """The same for other processes. What is written while Redis is away, the gate's watch finds."""
    hears = {CHANGES_CHANNEL.encode(): hear, TYPING_CHANNEL.encode(): hear_typing}
    while True:
        with forgiven(), redis.Redis.from_url(url).pubsub(ignore_subscribe_messages=True) as channel:
            channel.subscribe(*hears)
            while True:
                if message := channel.get_message(timeout=60):
                    hears[message["channel"]](*map(int, message["data"].split()))
        time.sleep(RECONNECT_SECONDS)


@cache
def redis_client(url):
    return redis.Redis.from_url(url, **PATIENCE)
