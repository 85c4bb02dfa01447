"""The admin: it finds objects, acts through the product's verbs, and cannot rewrite what happened."""

import re

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext

from chat.admin.base import BoundedPaginator, VerbAdmin
from chat.models import Membership, Message, Participant, Room, Site
from tests.support.pages import OpenPage

LISTS = ["room", "message", "membership", "participant"]


def act(admin, model, action, *things):
    return admin.post(
        f"/admin/chat/{model}/", {"action": action, "_selected_action": [thing.pk for thing in things]}, follow=True
    )


@pytest.mark.parametrize("model", LISTS)
def test_lists_search_filters_and_dates_work(admin_client, alice, room, model):
    alice.send(room, "find me")
    for query in ("", "?q=find", "?q=Alice", "?o=1"):
        page = admin_client.get(f"/admin/chat/{model}/{query}")
        assert page.status_code == 200


@pytest.mark.parametrize("model", LISTS)
def test_lists_take_the_same_queries_for_three_and_for_thirty_rows(admin_client, person, model, settings):
    settings.LIMITS = False

    def count():
        with CaptureQueriesContext(
            connection,
        ) as queries:
            admin_client.get(f"/admin/chat/{model}/")
        return len(queries)

    def grow(numbers):
        for n in numbers:
            person(f"Room {n}", f"Person {n}").send(Room.objects.get(name=f"Room {n}"), "hello")

    grow(range(3))
    few = count()
    grow(range(3, 30))
    assert count() == few


def test_removing_and_restoring_messages_is_seen_by_open_pages(admin_client, alice, room):
    alice.send(room, "rude words")
    page = OpenPage(alice, room)
    message = Message.objects.get(text="rude words")
    act(admin_client, "message", "remove", message)
    page.poll()
    assert page.words == ["Message removed by a site admin."]
    act(admin_client, "message", "restore", message)
    page.poll()
    assert page.words == ["rude words"]


def test_system_messages_cannot_be_removed(admin_client, alice, room):
    told = room.messages.get(event="opened")
    act(admin_client, "message", "remove", told)
    told.refresh_from_db()
    assert told.removed_at is None


def test_an_edit_in_the_admin_uses_the_verb_and_is_shown(admin_client, alice, room):
    alice.send(room, "typo")
    page = OpenPage(alice, room)
    message = Message.objects.get(text="typo")
    url = f"/admin/chat/message/{message.pk}/change/"
    assert admin_client.post(url, {"text": "bell\x07"}).status_code == 200, "refused beside the field"
    assert admin_client.post(url, {"text": "mended", "nickname": "Forged"}).status_code == 302
    page.poll()
    assert page.words == ["mended"]
    assert "Edited by a site admin" in page.lines[-1][1]
    assert Message.objects.get(pk=message.pk).nickname == "Alice"


def test_locking_a_room_and_setting_its_topic_reach_open_pages(admin_client, alice, room):
    page = OpenPage(alice, room)
    act(admin_client, "room", "lock", room)
    url = f"/admin/chat/room/{room.pk}/change/"
    assert admin_client.post(url, {"topic": "bell\x07"}).status_code == 200, "refused beside the field"
    assert admin_client.post(url, {"topic": "Closed for tonight"}).status_code == 302
    page.poll()
    assert "Closed for tonight" in page.header[0]
    assert "locked" in page.header[1]
    act(admin_client, "room", "unlock", room)
    assert alice.send(room, "hello").status_code == 303


def test_removing_a_member_raises_the_epoch(admin_client, alice, bob, room):
    epoch = Room.objects.get(pk=room.pk).epoch
    act(admin_client, "membership", "remove", bob.membership)
    assert bob.poll(room, 1).status_code == 286
    assert Room.objects.get(pk=room.pk).epoch == epoch + 1
    assert room.messages.filter(event="removed", detail__subject_name="Bob").exists()


def test_each_action_of_the_admin_is_logged(admin_client, alice, room):
    act(admin_client, "room", "lock", room)
    entry = LogEntry.objects.get()
    assert (entry.object_id, entry.get_change_message()) == (str(room.pk), "locked")


@pytest.mark.parametrize("model", LISTS)
def test_nothing_can_be_added_or_deleted(admin_client, alice, room, model):
    kinds = {"room": Room, "message": Message, "membership": Membership, "participant": Participant}
    thing = kinds[model].objects.earliest("pk")
    assert admin_client.get(f"/admin/chat/{model}/add/").status_code == 403
    assert admin_client.post(f"/admin/chat/{model}/{thing.pk}/delete/", {"post": "yes"}).status_code == 403


def test_the_site_admin_opens_its_one_row_and_every_page_shows_it(admin_client, client):
    assert admin_client.get("/admin/chat/site/").headers["Location"] == "/admin/chat/site/add/"
    form = {
        "name": "The Club",
        "welcome": "Come in.",
        "contact": "desk@example.org",
        "rules": "Be kind.",
        "privacy": "None kept.",
    }
    admin_client.post("/admin/chat/site/add/", form)
    site = Site.objects.get()
    assert admin_client.get("/admin/chat/site/").headers["Location"] == f"/admin/chat/site/{site.pk}/change/"
    assert admin_client.get("/admin/chat/site/add/").status_code == 403
    home = client.get("/").content.decode()
    for words in ("The Club", "Come in.", "desk@example.org", 'href="/rules/"', 'href="/privacy/"'):
        assert words in home
    assert b"Be kind." in client.get("/rules/").content
    assert b"None kept." in client.get("/privacy/").content


def test_pages_without_text_are_not_linked(client, db):
    assert client.get("/rules/").status_code == 404
    assert b"/rules/" not in client.get("/").content


def test_strangers_cannot_open_the_admin(client, alice, room):
    for model in [*LISTS, "site"]:
        assert client.get(f"/admin/chat/{model}/").status_code == 302
        assert alice.get(f"/admin/chat/{model}/").status_code == 302


def test_staff_who_may_only_look_cannot_act(client, django_user_model, alice, room):
    alice.send(room, "hello")
    looker = django_user_model.objects.create_user("looker", password="x", is_staff=True)
    looker.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    client.force_login(looker)
    message = Message.objects.get(text="hello")
    for model, action, thing in [
        ("room", "lock", room),
        ("message", "remove", message),
        ("membership", "remove", alice.membership),
    ]:
        assert client.get(f"/admin/chat/{model}/").status_code == 200
        act(client, model, action, thing)
    message.refresh_from_db()
    room.refresh_from_db()
    assert (room.locked, message.removed_at, alice.membership.is_inside) == (False, None, True)


@pytest.mark.parametrize("query", ["", "?room__id__exact={room}", "?p=2"])
def test_the_list_of_messages_reads_no_more_rows_than_it_shows(admin_client, alice, room, monkeypatch, query):
    monkeypatch.setattr(VerbAdmin, "list_per_page", 2)
    for n in range(6):
        alice.send(room, f"line {n}", n=n)
    with CaptureQueriesContext(connection) as queries:
        admin_client.get("/admin/chat/message/" + query.format(room=room.pk))
    reading = [q["sql"] for q in queries if 'FROM "chat_message"' in q["sql"]]
    assert len(reading) == 2
    for sql in reading:
        assert re.search(r" LIMIT \d+", sql), sql
        if connection.vendor == "sqlite":
            plan = " ".join(map(str, connection.cursor().execute(f"EXPLAIN QUERY PLAN {sql}").fetchall()))
            assert "USE TEMP B-TREE" not in plan, plan


def test_lists_count_up_to_a_maximum(admin_client, alice, room, monkeypatch):
    for n in range(6):
        alice.send(room, f"line {n}", n=n)
    monkeypatch.setattr(VerbAdmin, "list_per_page", 2)
    monkeypatch.setattr(BoundedPaginator, "MAX_ROWS", 3)
    page = admin_client.get("/admin/chat/message/")
    assert [str(message) for message in page.context["cl"].result_list] == ["line 5", "line 4"]
    last = admin_client.get("/admin/chat/message/?p=2")
    assert [str(message) for message in last.context["cl"].result_list] == ["line 3"]
    assert admin_client.get("/admin/chat/message/?p=3").status_code == 302


def select_all(admin, model, action, thing):
    """What the list sends after "Select all N" was clicked: the filter's rows, not only the page's."""
    form = {"action": action, "select_across": "1", "_selected_action": [thing.pk]}
    return admin.post(f"/admin/chat/{model}/", form, follow=True).content.decode()


def test_select_all_never_acts_on_more_rows_than_the_list_counts(admin_client, alice, bob, room, monkeypatch):
    members = room.memberships.filter(status="in").count()
    monkeypatch.setattr(BoundedPaginator, "MAX_ROWS", members - 1)
    page = select_all(admin_client, "membership", "remove", bob.membership)
    assert f"More than {members - 1} are selected, so nothing was changed." in page
    assert room.memberships.filter(status="in").count() == members
    monkeypatch.setattr(BoundedPaginator, "MAX_ROWS", members)
    assert f"{members} people removed." in select_all(admin_client, "membership", "remove", bob.membership)


def test_acts_before_an_error_are_logged_and_counted(admin_client, person, monkeypatch):
    rooms = [person(f"Room {n}", "Ann").membership.room for n in range(3)]
    lock, locked = Room.lock, []

    def fails_at_the_last(room, by):
        locked.append(room.pk)
        if len(locked) == 3:
            raise OperationalError("database is locked")
        return lock(room, by=by)

    monkeypatch.setattr("chat.admin.rooms.Room.lock", fails_at_the_last)
    page = act(admin_client, "room", "lock", *rooms)
    assert page.status_code == 200
    assert "2 rooms locked. Then the database failed" in page.content.decode()
    assert LogEntry.objects.count() == 2
