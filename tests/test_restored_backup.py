"""A database that was emptied or restored from a backup: nothing cached before is served."""

import time

import pytest
from django.core.cache import caches
from django.core.management import call_command
from django.db import InterfaceError, OperationalError, connection

from chat import restored_backup
from chat.models import Installation, Message, Room, Site
from chat.realtime import gate_backend, presence, pubsub, typing_indicator
from chat_app import caches as parlours_caches
from chat_app.caches import incarnation
from tests.support.browsing import say
from tests.test_redis import redis, redis_settings  # noqa: F401 - fixtures
from tests.test_serve import port, said, serve  # noqa: F401 - fixtures


@pytest.fixture(autouse=True)
def _as_a_new_process(monkeypatch):
    monkeypatch.setattr(incarnation, "value", None)
    monkeypatch.setattr(incarnation, "due_at", 0)


@pytest.fixture
def cached(db):
    """A function that returns the caches that still have the entry stored before the test."""
    for alias in caches:
        caches[alias].set("question", "an old answer")
    assert found() == list(caches)
    return found


def found():
    return [alias for alias in caches if caches[alias].get("question")]


def test_a_rotated_incarnation_leaves_no_cache_entry(cached):
    Installation.rotate()
    assert cached() == []


def test_the_restored_command_rotates_the_incarnation(cached, capsys):
    call_command("restored")
    assert cached() == []
    assert capsys.readouterr().out == "Caches are invalidated. Running servers notice within 30 seconds.\n"


def test_the_restored_command_rotates_the_rooms_incarnations(room):
    before = room.incarnation
    call_command("restored")
    room.refresh_from_db()
    assert room.incarnation != before


@pytest.mark.django_db(transaction=True)
def test_a_flush_leaves_no_cache_entry(cached):
    call_command("flush", interactive=False)
    assert Installation.objects.count() == 1
    incarnation.reload()
    assert cached() == []


@pytest.fixture
def _incarnation_not_reread(monkeypatch):
    """This process has not yet noticed that another one flushed the database."""
    monkeypatch.setattr(incarnation, "reload", lambda: None)
    monkeypatch.setattr(incarnation, "value", "before-the-flush")


@pytest.fixture
def polled_after_a_flush(alice, bob, room, person, _incarnation_not_reread):
    """A function that flushes the database, creates a room with the same id, and returns the answer to a poll there."""

    def poll():
        call_command("flush", interactive=False, verbosity=0)
        zoe = person("A new room", "Zoe")
        new = zoe.membership.room
        assert (new.pk, new.incarnation == room.incarnation) == (room.pk, False)
        query = {"since": 1, "from": 1, "at": int(time.time()) - 1, "log": new.incarnation}
        return zoe.get(f"/rooms/{new.slug}/changes/", query, headers={"HX-Request": "true"}).content.decode()

    return poll


@pytest.mark.django_db(transaction=True, reset_sequences=True)
def test_a_room_shows_no_members_of_the_room_that_had_its_id_before_a_flush(alice, bob, room, polled_after_a_flush):
    for person in (alice, bob):
        person.get(f"/rooms/{room.slug}/")
    assert presence.cached_panel(room).people.online_count == 2
    answer = polled_after_a_flush()
    assert 'innerHTML:#people"' in answer
    assert "Zoe" in answer
    assert "Alice" not in answer


@pytest.mark.django_db(transaction=True, reset_sequences=True)
def test_a_room_shows_no_typists_of_the_room_that_had_its_id_before_a_flush(bob, room, polled_after_a_flush):
    typing_indicator.record_typing(bob.membership)
    assert typing_indicator.current_typists(room.pk, room.incarnation)
    assert "Bob" not in polled_after_a_flush()


def test_cache_keys_cost_no_query(cached, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert cached()


def test_another_process_notices_a_new_incarnation(cached, monkeypatch):
    Installation.objects.update(incarnation="another")
    assert cached() == list(caches)
    monkeypatch.setattr(incarnation, "due_at", 0)
    incarnation.reread_if_due()
    assert cached() == []


def test_the_gate_rereads_the_incarnation(cached, monkeypatch):
    asked = []
    monkeypatch.setattr(gate_backend, "close_old_connections", lambda: None)
    monkeypatch.setattr(incarnation, "reread_if_due", lambda: asked.append(1))
    gate_backend.room_versions([])
    assert asked == [1]


def test_a_server_without_the_gate_looks_for_it_once_per_request(cached, client, monkeypatch):
    Installation.objects.update(incarnation="another")
    client.get("/rules/")
    assert cached() == list(caches), "not before it is due"
    monkeypatch.setattr(incarnation, "due_at", 0)
    client.get("/rules/")
    assert incarnation.value == "another"
    assert cached() == []


@pytest.mark.django_db(transaction=True)
def test_connections_are_closed_where_it_cannot_be_looked_for(monkeypatch):
    closed = []
    monkeypatch.setattr(gate_backend, "close_old_connections", lambda: closed.append(1))
    monkeypatch.setattr(incarnation, "reread_if_due", lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        gate_backend.room_versions([])
    assert len(closed) == 2


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
def test_a_database_that_does_not_answer_leaves_the_site_its_name(db, monkeypatch, error):
    monkeypatch.setattr(Site.objects, "first", lambda: (_ for _ in ()).throw(error("connection already closed")))
    assert Site.current().name == "Parlour"


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
def test_pages_work_while_the_incarnation_cannot_be_read(alice, room, monkeypatch, caplog, error):
    say(alice.membership, "hello")
    incarnation.value, incarnation.due_at = None, 0
    asked = []

    def failing():
        asked.append(1)
        raise error("disk I/O error")

    monkeypatch.setattr(Installation, "current", failing)
    for _ in range(2):
        assert "hello" in alice.get(f"/rooms/{room.slug}/").content.decode()
    assert len(asked) == 1, "it is not asked for each key"
    assert "can't be read: disk I/O error" in caplog.text
    monkeypatch.undo()
    incarnation.value, incarnation.due_at = None, 0
    assert incarnation.get() == Installation.current().incarnation


# With Redis, a server notices by itself that ids went backwards.


def rewind(model):
    table = model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("UPDATE sqlite_sequence SET seq = seq - 1 WHERE name = %s", [table])
        else:
            last = restored_backup.highest_id(model)
            cursor.execute("SELECT setval(pg_get_serial_sequence(%s, 'id'), %s)", [table, last - 1])


@pytest.fixture
def with_redis(redis_settings, alice, room):  # noqa: F811
    say(alice.membership, "hello")
    restored_backup.detect()
    return Installation.current().incarnation


@pytest.mark.parametrize("model", restored_backup.COUNTED)
def test_ids_that_went_backwards_are_a_restored_backup(with_redis, caplog, model):
    rewind(model)
    restored_backup.detect()
    assert Installation.current().incarnation != with_redis
    assert caplog.text.count("older than before") == 1
    now = Installation.current().incarnation
    restored_backup.detect()
    assert (Installation.current().incarnation, caplog.text.count("older than before")) == (now, 1)


def test_growing_ids_and_deleted_rows_are_not_a_restored_backup(with_redis, alice, person, caplog):
    person("Another room", "Dave")
    gate_backend.prune.__wrapped__(lambda: False)
    Message.objects.latest("pk").delete()
    Room.objects.latest("pk").delete_with_messages()
    restored_backup.detect()
    assert (Installation.current().incarnation, caplog.text) == (with_redis, "")


def test_the_hourly_cleanup_records_the_ids(with_redis, alice, caplog):
    say(alice.membership, "hello")
    gate_backend.prune.__wrapped__(lambda: False)
    rewind(Message)
    restored_backup.detect()
    assert Installation.current().incarnation != with_redis


def test_after_the_restored_command_nothing_is_detected(with_redis, caplog):
    rewind(Message)
    call_command("restored")
    now = Installation.current().incarnation
    restored_backup.detect()
    assert (now != with_redis, Installation.current().incarnation == now, caplog.text) == (True, True, "")


def test_without_an_answer_from_redis_nothing_is_detected(with_redis, redis):  # noqa: F811
    redis.stop()
    rewind(Message)
    restored_backup.detect()
    assert Installation.current().incarnation == with_redis


def test_serve_detects_a_restored_backup_at_the_start(redis, serve, port):  # noqa: F811
    pubsub.redis_client(redis.url).hset(restored_backup.HIGHEST_IDS, "chat_message", 7)
    process = serve("--bind", str(port), REDIS_URL=redis.url)
    assert "older than before" in said(process, "Parlour is at")
    assert pubsub.redis_client(redis.url).hget(restored_backup.HIGHEST_IDS, "chat_message") == b"0"


def test_all_caches_use_incarnation_keys():
    for alias in caches:
        assert caches[alias].key_func is parlours_caches.incarnation_key
