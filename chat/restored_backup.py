"""Restored backups: detects them, and invalidates what was cached before."""

import logging

from django.conf import settings
from django.db import connection
from django.db.models import Max

from chat.models import Installation, Membership, Message, Participant, Room
from chat.realtime import pubsub
from chat_app.caches import forgiven

logger = logging.getLogger("chat")

HIGHEST_IDS = "parlour:highest-ids"  # a Redis hash, outside the caches: it has to outlive their incarnation
COUNTED = (Participant, Membership, Room, Message)
QUERIES = {  # the last id that a table's sequence gave; deleting rows doesn't lower it
    "sqlite": "SELECT seq FROM sqlite_sequence WHERE name = %s",
    "postgresql": "SELECT pg_sequence_last_value(pg_get_serial_sequence(%s, 'id')::regclass)",
}


def invalidate():
    """Make every cache entry and every open page from before a restored backup invalid."""
    Installation.rotate()
    Room.objects.rotate_incarnations()
    if settings.REDIS_URL:
        with forgiven():
            record(highest_ids())


def detect():
    """Invalidate caches and open pages if a table's highest id is lower than at the last call, as after a restore.

    Does nothing without Redis, which keeps the earlier ids. Redis is asked first: other processes may record higher ids
    while this one reads the database.
    """
    if not settings.REDIS_URL:
        return
    with forgiven():
        before = {name.decode(): int(pk) for name, pk in redis_client().hgetall(HIGHEST_IDS).items()}
        now = highest_ids()
        if any(now.get(name, pk) < pk for name, pk in before.items()):
            logger.warning("The database is older than before, as after restoring a backup. Caches are invalidated.")
            invalidate()
        record(now)


def record(ids):
    redis_client().hset(HIGHEST_IDS, mapping=ids)


def redis_client():
    return pubsub.redis_client(settings.REDIS_URL)


def highest_ids():
    """The highest id that each table in COUNTED has given to a row so far, by the table's name."""
    return {model._meta.db_table: highest_id(model) for model in COUNTED}


def highest_id(model):
    query = QUERIES.get(connection.vendor)
    if query is None:
        return model._base_manager.aggregate(highest=Max("pk"))["highest"] or 0
    with connection.cursor() as cursor:
        cursor.execute(query, [model._meta.db_table])
        row = cursor.fetchone()
    return (row and row[0]) or 0
