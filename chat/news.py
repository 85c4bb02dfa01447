"""News: which room has just changed, told to whoever listens in this process, and by Redis in all others."""

import logging
import time
from functools import cache
from threading import Thread

import redis
from django.conf import settings
from django.dispatch import Signal

from chat_app.caches import PATIENCE, forgiven

logger = logging.getLogger("chat")
told = Signal()
CHANNEL = "parlour:news"
COMES_BACK = 1  # seconds until Redis is tried again


def tell(room):
    """Say that this room has changed; what was written is committed by now."""
    news = room.pk, room.version, room.epoch
    told.send(None, news=news)
    if settings.REDIS_URL:
        with forgiven():
            server(settings.REDIS_URL).publish(CHANNEL, " ".join(map(str, news)))


def listen(hear):
    """From now on call `hear(room, version, epoch)`, with the room's id, in the thread that has written."""
    told.connect(lambda news, **_: hear(*news), weak=False)
    if settings.REDIS_URL:
        Thread(target=hear_others, args=[settings.REDIS_URL, hear], name="news", daemon=True).start()


def hear_others(url, hear):
    """The same for what other processes write. What is missed while Redis is away, the gate's watch finds."""
    while True:
        with forgiven(), redis.Redis.from_url(url).pubsub(ignore_subscribe_messages=True) as channel:
            channel.subscribe(CHANNEL)
            while True:
                if message := channel.get_message(timeout=60):
                    hear(*map(int, message["data"].split()))
        time.sleep(COMES_BACK)


@cache
def server(url):
    return redis.Redis.from_url(url, **PATIENCE)
