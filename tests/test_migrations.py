"""Migrations with data in the tables: everything is still there, and the audit log still can't be changed."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.migrations.executor import MigrationExecutor

from chat.models import AuditDetail, AuditEntry, Membership, Message, Participant, Room, Site


def migrate(name=None):
    """Migrate the app to this migration, or to the latest one, and return the models of then."""
    executor = MigrationExecutor(connection)
    latest = [node for node in executor.loader.graph.leaf_nodes() if node[0] == "chat"]
    targets = [("chat", name)] if name else latest
    executor.migrate(targets)
    return executor.loader.project_state(targets).apps.get_model


@pytest.fixture
def migrated_back(transactional_db):
    """A function that migrates to an earlier migration, until the test ends."""
    yield migrate
    migrate()


def test_messages_of_before_are_shown_as_the_renderer_makes_them_now(migrated_back):
    models = migrated_back("0003_audit_group_actions")
    room = models("chat", "Room").objects.create(name="Club", key="club", lookalike_key="club", slug="club", version=1)
    fields = {"first_version": 1, "version": 1, "sent_at": room.created_at}
    text, html = "(see http://example.com).", "(see http://example.com)"
    models("chat", "Message").objects.create(room=room, text=text, html=html, nickname="Alice", **fields)

    migrate()

    message = Message.objects.get()
    assert (message.text, message.html, message.renderer) == (text, html, None)
    assert message.safe_html.endswith(">http://example.com</a>).")


def test_everyone_keeps_the_colour_that_came_from_an_id(migrated_back):
    models = migrated_back("0005_removals")
    room = models("chat", "Room").objects.create(name="Club", key="club", lookalike_key="club", slug="club", version=1)
    people = [models("chat", "Participant").objects.create() for _ in range(20)]
    for n, person in enumerate(people[:-1]):
        names = {"nickname": f"Member {n}", "nickname_key": f"member {n}"}
        member = models("chat", "Membership").objects.create(room=room, participant=person, **names)
    fields = {"first_version": 1, "version": 1, "sent_at": room.created_at}
    models("chat", "Message").objects.create(room=room, membership=member, text="hello", nickname="Alice", **fields)

    migrate()

    assert all(member.hue == member.participant.hue == member.pk % 12 for member in Membership.objects.all())
    assert Message.objects.get().shown_hue == member.pk % 12
    assert 0 <= Participant.objects.get(memberships=None).hue < 12


def test_a_welcome_that_nobody_has_chosen_becomes_the_new_sentence(migrated_back):
    models = migrated_back("0007_plain_words")
    models("chat", "Site").objects.create(name="Club")
    models("chat", "Site").objects.create(name="Bar", welcome="Come in.")

    migrate()

    club, bar = Site.objects.order_by("pk")
    assert (club.welcome, bar.welcome) == ("", "Come in.")


def test_a_room_was_last_active_when_somebody_posted_or_joined(migrated_back):
    models = migrated_back("0007_plain_words")
    room = models("chat", "Room").objects.create(name="Club", key="club", lookalike_key="club", slug="club", version=4)
    times = [room.created_at + timedelta(hours=n) for n in range(4)]
    for n, (event, sent_at) in enumerate(zip(["opened", "", "joined", "topic"], times, strict=True), 1):
        fields = {"first_version": n, "version": n, "event": event}
        models("chat", "Message").objects.create(room=room, sent_at=sent_at, **fields)

    migrate()

    assert Room.objects.get().active_at == times[2]


def refused(change):
    with pytest.raises(IntegrityError), transaction.atomic():
        change()


def columns(model):
    with connection.cursor() as cursor:
        return {column.name for column in connection.introspection.get_table_description(cursor, model._meta.db_table)}


def test_members_messages_and_the_audit_log_survive_the_migrations_after_the_first(migrated_back):
    models = migrated_back("0001_initial")
    assert "room_deleted" in columns(Membership)
    room = models("chat", "Room").objects.create(name="Club", key="club", lookalike_key="club", slug="club", version=2)
    for nickname, role in (("Alice", "owner"), ("Bob", "member")):
        participant = models("chat", "Participant").objects.create()
        member = models("chat", "Membership").objects.create(
            room=room, participant=participant, nickname=nickname, nickname_key=nickname.lower(), role=role
        )
        models("chat", "Message").objects.create(
            room=room,
            membership=member,
            nickname=nickname,
            text=f"{nickname}'s words",
            token=nickname,
            first_version=member.pk,
            version=member.pk,
            sent_at=room.created_at,
        )
    entry = models("chat", "AuditEntry").objects.create(action="mute", room_id=room.pk, actor_kind="system")
    models("chat", "AuditDetail").objects.create(pk=entry.pk, data={"subject_name": "Bob"})

    migrate()

    assert "room_deleted" not in columns(Membership)
    members = Room.objects.get(slug="club").memberships.order_by("pk")
    assert list(members.values_list("nickname", "role", "status")) == [
        ("Alice", "owner", "in"),
        ("Bob", "member", "in"),
    ]
    written = Message.objects.order_by("pk").values_list("membership__nickname", "text")
    assert list(written) == [("Alice", "Alice's words"), ("Bob", "Bob's words")]
    with pytest.raises(IntegrityError), transaction.atomic():
        Membership.objects.create(room_id=room.pk, participant_id=participant.pk, nickname="Bob", nickname_key="bob")
    refused(AuditEntry.objects.all().delete)
    refused(lambda: AuditEntry.objects.update(action="ban"))
    refused(AuditDetail.objects.all().delete)
    refused(lambda: AuditDetail.objects.update(data={}))
    assert AuditEntry.objects.get().detail.data == {"subject_name": "Bob"}
    assert AuditDetail.objects.get().erase()
