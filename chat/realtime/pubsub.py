"""Signals that a room has changed or that someone types in it: within this process, and through Redis to all others."""

import logging
import time
from collections.abc import Callable
from functools import cache
from threading import Thread
from typing import TYPE_CHECKING, NoReturn

import redis
from django.conf import settings
from django.dispatch import Signal

from chat_app.caches import PATIENCE, forgiven

if TYPE_CHECKING:
    from chat.models import Room

logger = logging.getLogger("chat")
room_changed, typing_started = Signal(), Signal()
CHANGES_CHANNEL, TYPING_CHANNEL = "parlour:changes", "parlour:typing"
RECONNECT_SECONDS = 1


def publish_change(room: "Room") -> None:
    """Signal to all processes that this room has changed. Call it after the transaction is committed."""
    _publish(room_changed, CHANGES_CHANNEL, room.pk, room.version, room.epoch)


def publish_typing(room_id: int) -> None:
    """Signal that the typists of this room have changed."""
    _publish(typing_started, TYPING_CHANNEL, room_id)


def _publish(signal: Signal, channel: str, *numbers: int) -> None:
    signal.send(None, numbers=numbers)
    if settings.REDIS_URL:
        with forgiven():
            redis_client(settings.REDIS_URL).publish(channel, " ".join(map(str, numbers)))


def subscribe(on_change: Callable[[int, int, int], None], on_typing: Callable[[int], None]) -> None:
    """Call `on_change(room_id, version, epoch)` and `on_typing(room_id)` for each signal from now on.

    They run in the thread that sent the signal, or in one that listens to Redis.
    """
    room_changed.connect(lambda numbers, **_: on_change(*numbers), weak=False)
    typing_started.connect(lambda numbers, **_: on_typing(*numbers), weak=False)
    if settings.REDIS_URL:
        arguments = settings.REDIS_URL, on_change, on_typing
        Thread(target=listen_to_redis, args=arguments, name="pubsub", daemon=True).start()


def listen_to_redis(url: str, on_change: Callable[..., None], on_typing: Callable[..., None]) -> NoReturn:
    """Call `on_change` or `on_typing` for each signal from Redis, and reconnect if that fails. Never returns.

    While Redis is down, `db_watch` finds the changes.
    """
    callbacks = {CHANGES_CHANNEL.encode(): on_change, TYPING_CHANNEL.encode(): on_typing}
    while True:
        with forgiven(), redis.Redis.from_url(url).pubsub(ignore_subscribe_messages=True) as channel:
            channel.subscribe(*callbacks)
            while True:
                if message := channel.get_message(timeout=60):
                    callbacks[message["channel"]](*map(int, message["data"].split()))
        time.sleep(RECONNECT_SECONDS)


@cache
def redis_client(url: str) -> redis.Redis:
    return redis.Redis.from_url(url, **PATIENCE)
