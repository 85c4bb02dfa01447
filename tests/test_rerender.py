"""Messages that an earlier version of Parlour rendered: shown as this version renders them, and stored by a command."""

import hashlib
import re

import pytest
from django.core.management import call_command
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext

from chat import markup
from chat.management.commands import rerender
from chat.models import Message, Room
from chat.realtime import delta, rendering
from tests.support.browsing import say
from tests.test_links import CASES

LINK = 'href="https://a.example/?b&amp;copy=2"'
TEXT = "https://a.example/?b&copy=2"


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch):
    monkeypatch.setattr(rerender, "PAUSE", 0)


@pytest.fixture
def old(alice):
    """Messages with HTML from an earlier version."""
    messages = say(alice.membership, *[f"{TEXT}#{n}" for n in range(5)])
    Message.objects.filter(event="").update(html="<b>old</b>", renderer=None)
    return [message.pk for message in messages]


def stored():
    return list(Message.objects.filter(event="").order_by("pk").values_list("html", "renderer"))


def rendered_now():
    texts = Message.objects.filter(event="").order_by("pk").values_list("text", flat=True)
    return [(markup.render(text), markup.RENDERER) for text in texts]


def log(room):
    return delta.newest_html(Room.objects.get(pk=room.pk))[1]


def test_the_version_of_the_renderer_rises_when_its_html_changes():
    """Otherwise messages that are stored would stay as they are. The digest alone changes with a new case."""
    html = "".join(markup.render(re.sub("[▸◂]", "", case)) for case in CASES)
    assert (markup.RENDERER, hashlib.sha256(html.encode()).hexdigest()[:12]) == (2, "3aa13e17f3cb")


def test_sent_and_edited_messages_store_which_version_rendered_them(alice):
    (message,) = say(alice.membership, "first")
    assert stored() == rendered_now()
    Message.objects.filter(pk=message.pk).update(renderer=None)
    message.edit("second")
    assert stored() == rendered_now() == [("second", markup.RENDERER)]


@pytest.mark.parametrize("version", [None, markup.RENDERER - 1, markup.RENDERER + 1])
def test_a_message_that_another_version_stored_is_shown_as_this_one_renders_it(alice, room, old, version):
    Message.objects.filter(event="").update(renderer=version)
    for html in (log(room), alice.get(room.get_absolute_url()).content.decode()):
        assert html.count('href="https://a.example/?b&amp;copy=2#') == 5
        assert "<b>old</b>" not in html


def test_showing_them_takes_no_more_queries(room, old):
    with CaptureQueriesContext(
        connection,
    ) as before:
        log_slice = delta.newest(room)
        rendering.render_lines(log_slice.messages)
    assert len(before) == 1


def test_what_an_earlier_version_painted_is_not_shown_by_the_next_one(alice, room, monkeypatch):
    say(alice.membership, "hello")
    message = Message.objects.get(event="")
    painted = rendering.render_messages([message])[0][1]
    assert ">hello</div>" in painted
    assert ">hello</div>" in log(room)
    monkeypatch.setattr(markup, "RENDERER", markup.RENDERER + 1)
    monkeypatch.setattr(markup, "render", lambda text, room=None: "new")
    assert ">new</div>" in rendering.render_messages([message])[0][1]
    assert ">new</div>" in log(room)


def test_the_command_stores_the_html_and_open_pages_get_nothing(alice, room, old, capsys):
    room.refresh_from_db()
    columns = ("version", "nonce", "edited_at", "text")
    before = list(Message.objects.order_by("pk").values_list(*columns))
    call_command("rerender")
    assert capsys.readouterr().out == "Messages rendered again: 5.\n"
    assert stored() == rendered_now()
    assert list(Message.objects.order_by("pk").values_list(*columns)) == before
    assert (room.version, room.nonce) == Room.objects.values_list("version", "nonce").get(pk=room.pk)
    call_command("rerender")
    assert capsys.readouterr().out == "Messages rendered again: 0.\n"


def test_an_interrupted_command_goes_on_where_it_stopped(old, capsys, monkeypatch):
    monkeypatch.setattr(rerender, "BATCH", 2)
    monkeypatch.setattr(rerender, "REPORT", 1)
    whole, seen = Message.store_html, []

    def busy(messages):
        seen.append(messages)
        if len(seen) == 2:
            raise OperationalError("database is locked")
        whole(messages)

    monkeypatch.setattr(Message, "store_html", busy)
    with pytest.raises(OperationalError):
        call_command("rerender")
    assert [version for _, version in stored()] == [markup.RENDERER] * 2 + [None] * 3
    capsys.readouterr()
    call_command("rerender")
    assert capsys.readouterr().out == "2 messages so far.\n3 messages so far.\nMessages rendered again: 3.\n"
    assert stored() == rendered_now()


def test_a_message_that_is_edited_meanwhile_keeps_its_new_text(old):
    read = list(Message.objects.outdated())
    Message.objects.get(pk=old[0]).edit("edited meanwhile")
    Message.store_html(read)
    assert stored() == rendered_now()
    assert stored()[0] == ("edited meanwhile", markup.RENDERER)


def test_removed_messages_are_stored_too_and_look_the_same_when_they_are_restored(room, old):
    message = Message.objects.get(pk=old[0])
    message.remove()
    call_command("rerender", verbosity=0)
    assert log(room).count(LINK[:-1]) == 4
    Message.objects.get(pk=old[0]).restore()
    assert log(room).count(LINK[:-1]) == 5
