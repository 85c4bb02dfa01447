"""What is thrown away by itself, and what is not."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.utils import timezone

from chat import readers, retention
from chat.models import FormerAddress, Membership, PersonalLink, Room
from tests.browsing import say

LONG_AGO = timezone.now() - timedelta(days=15)


@pytest.fixture
def silent(alice, room):
    """A room in which nobody wrote, and at which nobody has looked for long."""
    Room.objects.update(last_sent_at=LONG_AGO)
    Membership.objects.update(seen_at=LONG_AGO)
    return room


def is_there(room):
    return Room.objects.filter(pk=room.pk).exists()


def test_a_room_in_which_nobody_ever_wrote_goes(silent, capsys):
    call_command("prune")
    assert capsys.readouterr().out == "Rooms deleted: 1.\n"
    assert not is_there(silent)


def test_a_room_in_which_somebody_wrote_once_stays(alice, silent):
    (said,) = say(alice.membership, "hello")
    said.remove()
    Room.objects.update(last_sent_at=LONG_AGO)
    retention.tidy()
    assert is_there(silent)


def test_a_room_in_which_something_happened_stays(silent):
    silent.set_topic("Emma")
    retention.tidy()
    assert is_there(silent)


def test_a_room_at_which_somebody_looks_stays(alice, silent):
    alice.get(f"/rooms/{silent.slug}/")
    retention.tidy()
    assert is_there(silent)


def test_they_may_stay_for_ever(silent, settings):
    settings.EMPTY_ROOM_DAYS = 0
    retention.tidy()
    assert is_there(silent)


def test_what_has_expired_goes_with_them_and_nothing_else(alice, room):
    for days, slug in ((-1, "past"), (1, "soon")):
        FormerAddress.objects.create(room=room, slug=slug, until=timezone.now() + timedelta(days=days))
        Session.objects.create(session_key=slug, expire_date=timezone.now() + timedelta(days=days))
    FormerAddress.objects.create(room=room, slug="for ever")
    for hours in (-31 * 24, 1):
        PersonalLink.objects.make(alice.membership.participant, hours)
    readers.tidy.__wrapped__()
    assert sorted(FormerAddress.objects.values_list("slug", flat=True)) == ["for ever", "soon"]
    assert not Session.objects.filter(session_key="past").exists()
    assert Session.objects.filter(session_key="soon").exists()
    assert PersonalLink.objects.count() == 1
