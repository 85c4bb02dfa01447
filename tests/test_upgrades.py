"""Upgrades: a database that an earlier version has filled goes on with everything in it."""

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from chat import names
from chat.models import Room


@pytest.fixture
def as_of(transactional_db):
    """A function that takes the database back to a migration and gives the models of that time."""

    def migrate(name):
        MigrationExecutor(connection).migrate([("chat", name)])
        return MigrationExecutor(connection).loader.project_state([("chat", name)]).apps

    yield migrate
    upgrade()


def upgrade():
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())


def test_rooms_that_were_made_alike_at_the_same_moment_are_both_kept(as_of, person):
    before = as_of("0001_first")
    look = names.room_look("Cafe")
    for number, name in enumerate(["Cafe", "Саfe", "Cаfe"]):
        key = names.room_key(name)
        before.get_model("chat", "Room").objects.create(name=name, key=key, look=look, slug=f"cafe-{number}")
    upgrade()
    assert [Room.objects.named(name).name for name in ("Cafe", "Саfe", "Cаfe")] == ["Cafe", "Саfe", "Cаfe"]
    assert person().join("Саfe", "Alice").headers["Location"] == "/rooms/cafe-1/"
    assert person().join("Cafе", "Bob").status_code == 422, "one more that only looks like them is still refused"


def test_the_names_of_accounts_that_were_there_are_nobody_elses(as_of, person):
    before = as_of("0012_poll_interval")
    before.get_model("auth", "User").objects.create(username="Maria", is_staff=True)
    upgrade()
    assert person().join("Reading club", "Maria").status_code == 422
