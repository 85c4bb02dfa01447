"""Many requests at once: nothing is lost or doubled, all see one order, and the database is never locked."""

import re
from collections import Counter
from functools import partial

import httpx
import pytest
from django.db import connection
from django.utils.crypto import get_random_string

from chat.exceptions import Refused
from chat.models import Message, Participant, Room
from tests.support.threads import together

SENDERS, EACH = 100, 5


@pytest.fixture
def crowd(server, settings, person):
    """A function that lets so many people join one room, each in their own browser."""
    settings.LIMITS = False
    people = []

    def gather(count):
        people.extend(Sender(server, person("Crowd", f"Member {n}"), n) for n in range(count))
        return people

    yield gather
    for sender in people:
        sender.http.close()


class Sender:
    def __init__(self, server, member, number):
        self.number, self.answers, self.room = number, [], Room.objects.get()
        # As from a page that is not requested: Django accepts any token that is in both the cookie and the form.
        self.token = get_random_string(32)
        cookies = {name: morsel.value for name, morsel in member.cookies.items()} | {"csrf": self.token}
        self.http = httpx.Client(base_url=server, cookies=cookies, timeout=60)

    def send_all(self):
        for n in range(EACH):
            self.send(n, f"{self.number}:{n}")
            self.send(n, f"{self.number}:{n}")  # every form is sent twice

    def send(self, n, text):
        form = {"n": n, "page": "crowd-of-tests", "text": text, "csrfmiddlewaretoken": self.token}
        answer = self.http.post(f"/rooms/{self.room.slug}/send/", data=form, headers={"HX-Request": "true"})
        self.answers.append(answer.status_code)

    def reads(self):
        """All messages that this person's browser gets, page by page from the first one."""
        seen, after = [], 1
        while after:
            page = self.http.get(f"/rooms/{self.room.slug}/messages/", params={"after": after}).text
            seen += re.findall(r'data-message="(\d+)"', page)
            newer = re.search(r"\?after=(\d+)", page)
            after = newer and int(newer[1])
        return seen


def test_no_message_of_a_hundred_senders_is_lost_or_doubled(crowd):
    crowd = crowd(SENDERS)
    together(sender.send_all for sender in crowd)
    assert Counter(status for sender in crowd for status in sender.answers) == {200: SENDERS * EACH * 2}

    lines = list(Message.objects.filter(event="").order_by("first_version"))
    assert Counter(line.text for line in lines) == Counter(f"{s}:{n}" for s in range(SENDERS) for n in range(EACH))
    for sender in range(SENDERS):
        mine = [line.text for line in lines if line.text.startswith(f"{sender}:")]
        assert mine == [f"{sender}:{n}" for n in range(EACH)], "in the order in which they were sent"
    times = [line.sent_at for line in Message.objects.order_by("first_version")]
    assert times == sorted(times), "times never run backwards"

    expected = [str(line.pk) for line in lines]
    for reader in crowd[::25]:
        assert reader.reads() == expected, "every reader sees the same order"


def test_the_same_form_sent_many_times_at_once_is_one_message(crowd):
    (sender,) = crowd(1)
    together([partial(sender.send, 1, "only once")] * 20)
    assert sender.answers == [200] * 20
    assert Message.objects.filter(text="only once").count() == 1


def test_a_join_form_sent_many_times_at_once_creates_one_guest(server, settings):
    settings.LIMITS = False
    with httpx.Client(base_url=server, timeout=60) as visitor:
        visitor.get("/")
        form = {"key": "key-of-a-form", "nickname": "Alice", "csrfmiddlewaretoken": visitor.cookies["csrf"]}
        answers = []

        def join(room):
            answer = httpx.post(
                f"{server}/join/", data=form | {"room": room}, cookies={"csrf": visitor.cookies["csrf"]}
            )
            answers.append(answer.status_code)

        together([partial(join, "Crowd")] * 20)
        assert answers == [303] * 20
        assert Participant.objects.count() == 1
        assert list(Message.objects.values_list("event", flat=True)) == ["opened"]


def test_look_alike_rooms_are_not_created_at_the_same_time(server):
    outcomes = []

    def join(name, nickname):
        try:
            outcomes.append(Participant().enter(nickname, room=name).room.name)
        except Refused as refusal:
            outcomes.append(refusal.code)

    names = ["Cafe", "Саfe", "Cаfe", "Cafе"]  # the first is Latin, the others have Cyrillic letters
    together(partial(join, name, f"Guest {n}") for n, name in enumerate(names))
    assert Room.objects.count() == 1
    assert outcomes.count("looks_alike") == 3


def test_simultaneous_joins_with_one_nickname_admit_one_person(server, settings, person):
    settings.LIMITS = False
    person("Crowd", "First")
    room = Room.objects.get()
    outcomes = []

    def join():
        try:
            Participant().enter("Same", target_room=room)
            outcomes.append("in")
        except Refused as refusal:
            outcomes.append(refusal.code)

    together([join] * 20)
    assert Counter(outcomes) == {"in": 1, "taken": 19}


@pytest.mark.sqlite
def test_acknowledged_messages_survive_a_power_cut(transactional_db):
    with connection.cursor() as cursor:
        assert cursor.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
        assert cursor.execute("PRAGMA synchronous").fetchone()[0] == 2  # FULL
