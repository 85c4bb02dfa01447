"""The cache of rendered messages: it never serves text that is no longer in the database."""

import pytest

from chat.models import Message, Room
from chat.realtime import delta, rendering
from tests.support.browsing import say


def shown(message):
    ((_message, html),) = rendering.render_messages([Message.objects.get(pk=message.pk)])
    return html


def rewound(room, message):
    """The room and the message as a backup has them: before the edit."""
    Room.objects.filter(pk=room.pk).update(version=room.version, nonce=room.nonce)
    columns = ("text", "html", "version", "nonce", "edited_at")
    Message.objects.filter(pk=message.pk).update(**{name: getattr(message, name) for name in columns})
    return Message.objects.get(pk=message.pk)


def test_after_a_restored_backup_the_new_text_is_shown(alice, room):
    (message,) = say(alice.membership, "first")
    room.refresh_from_db()
    edited = Message.objects.get(pk=message.pk)
    edited.edit("before the restore")
    assert "before the restore" in shown(message)
    again = rewound(room, message)
    again.edit("after the restore")
    assert (again.pk, again.version) == (edited.pk, edited.version)
    assert "after the restore" in shown(message)


@pytest.mark.parametrize("verb", [lambda m: m.edit("x"), Message.remove, Message.restore])
def test_each_change_has_a_new_nonce(alice, room, verb):
    (message,) = say(alice.membership, "first")
    if verb is Message.restore:
        message.remove()
    before = Message.objects.get(pk=message.pk)
    verb(message)
    after = Message.objects.get(pk=message.pk)
    assert after.version == before.version + 1
    assert len(after.nonce) == 12
    assert after.nonce != before.nonce


def log(room):
    return delta.newest_html(Room.objects.get(pk=room.pk))[1]


@pytest.mark.parametrize("as_before_the_edit", [False, True])
def test_after_a_restored_backup_the_new_log_is_shown(alice, room, as_before_the_edit):
    """Also if only an edit brings the room to the same version, which leaves the time of the last message alone."""
    (message,) = say(alice.membership, "first")
    room.refresh_from_db()
    Message.objects.get(pk=message.pk).edit("before the restore")
    assert "before the restore" in log(room)
    again = rewound(room, message)
    if as_before_the_edit:
        assert "before the restore" not in log(room)
    again.edit("after the restore")
    assert "after the restore" in log(room)


def test_the_log_is_cached_until_the_room_changes(alice, room, django_assert_num_queries):
    say(alice.membership, "first")
    html, known = log(room), Room.objects.get(pk=room.pk)
    with django_assert_num_queries(0):
        assert delta.newest_html(known)[1] == html
    say(alice.membership, "second")
    assert "second" in log(room)
