"""Prepared queries: they find what plain queries find, each time for the values of that call."""

from datetime import timedelta
from functools import partial

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from chat.access.rooms import memberships_at
from chat.models import Membership, Participant, Room
from chat.prepared_query import Parameter, PreparedQuery
from tests.support.threads import together


@pytest.fixture
def members(db):
    """Members of three rooms, the last of whom was seen an hour ago."""
    found = [Participant.objects.create().enter(name, room=f"Room {name}") for name in ("Ann", "Ben", "Cem")]
    Membership.objects.filter(pk=found[-1].pk).update(seen_at=timezone.now() - timedelta(hours=1))
    return found


@pytest.fixture
def seen_before():
    """A prepared query of the members named so who were seen before a time, with their rooms."""
    matching = Membership.objects.filter(nickname=Parameter("name"), seen_at__lt=Parameter("time"))
    return PreparedQuery(lambda: matching.select_related("room"))


def test_each_call_finds_the_rows_for_its_own_values(members, seen_before):
    ann, _, cem = members
    now = timezone.now()
    assert seen_before.rows(name="Ann", time=now) == [ann]
    assert seen_before.rows(name="Cem", time=now) == [cem]
    assert seen_before.rows(name="Nobody", time=now) == []
    assert seen_before.rows(name="Ann", time=now - timedelta(minutes=5)) == []
    assert seen_before.rows(name="Cem", time=now - timedelta(minutes=5)) == [cem]


def test_it_reads_every_column_and_the_related_rows_in_one_statement(members, seen_before):
    with CaptureQueriesContext(connection) as queries:
        (found,) = seen_before.rows(name="Cem", time=timezone.now())
        room = found.room
    assert len(queries) == 1
    for row in (found, room):
        plain = type(row).objects.get(pk=row.pk)
        columns = [field.attname for field in row._meta.concrete_fields]
        assert [getattr(row, name) for name in columns] == [getattr(plain, name) for name in columns]


def test_it_reads_the_database_again_on_each_call(members, seen_before):
    Room.objects.update(topic="Now")
    assert seen_before.rows(name="Ann", time=timezone.now())[0].room.topic == "Now"
    Room.objects.update(topic="Later")
    assert seen_before.rows(name="Ann", time=timezone.now())[0].room.topic == "Later"


def test_what_people_type_is_never_part_of_the_sql(members, seen_before):
    assert seen_before.rows(name="' OR 1=1 --", time=timezone.now()) == []
    assert seen_before.rows(name="%s", time=timezone.now()) == []


def test_a_value_that_is_missing_is_an_error(members, seen_before):
    with pytest.raises(KeyError, match="time"):
        seen_before.rows(name="Ann")


@pytest.mark.django_db(transaction=True)
def test_threads_use_their_own_connections(members):
    found = []

    def look_up(member):
        values = {"participant": member.participant_id, "generation": 0, "slug": member.room.slug}
        found.extend((member, row) for row in memberships_at.rows(now=timezone.now(), **values))

    together([partial(look_up, member) for member in members * 5])
    assert len(found) == 15
    assert all(member == row for member, row in found)


def test_an_account_is_found_with_as_many_statements_as_a_guest(alice, room):
    def statements():
        with CaptureQueriesContext(connection) as queries:
            assert alice.poll(room, Room.objects.get(pk=room.pk).version).status_code == 200
        return [query["sql"].split()[:4] for query in queries]

    statements()
    of_guest = statements()
    alice.post("/account/create/", {"name": "Alice", "password": "a long walk home"})
    statements()
    assert statements() == of_guest
