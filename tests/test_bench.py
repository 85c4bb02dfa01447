"""The readers of the bench: how they read an answer, and what they count as missed or doubled."""

import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from bench import crowd, requests
from bench.alike import Side
from bench.connection import Answer, parsed
from bench.firefox import stopped_often
from bench.people import Person
from bench.readers import Readers
from bench.report import Bound, Row
from bench.typing_ahead import differences

PERSON = Person("room", 1, "Ann", "s" * 32, "c" * 32, "t" * 64, "page-of-tests", "incarnat10")


def answer(since, origin, *numbers):
    poller = "".join(
        f'<input type="hidden" name="{name}" value="{value}" autocomplete="off">'
        for name, value in (("since", since), ("from", origin), ("at", 1_700_000_000))
    )
    body = (poller + "".join(f"<p>{requests.text(number)}</p>" for number in numbers)).encode()
    return b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\nhx-trigger: asked\r\n\r\n%b" % (len(body), body)


@pytest.fixture
def readers(monkeypatch):
    monkeypatch.setattr(Readers, "ask", lambda *_: None)
    return Readers(("127.0.0.1", 1), [(PERSON, 5)], spread=0)


def hear(readers, data):
    readers.received(readers.readers[0], data)


def test_an_answer_in_pieces_is_read_when_complete(readers):
    whole = answer(6, 5, 1)
    for piece in (whole[:20], whole[20:-7], whole[-7:]):
        assert readers.arrivals == []
        hear(readers, piece)
    assert [number for _, number, _ in readers.arrivals] == [1]
    assert b"?since=6&from=5&at=1700000000&log=incarnat10 " in readers.readers[0].request()


def test_a_message_shown_twice_counts_as_doubled_except_after_a_full_refresh(readers):
    for data in (answer(6, 5, 1), answer(7, 5, 1, 2), answer(8, 8, 1, 2, 3)):
        hear(readers, data)
    assert [number for _, number, _ in readers.arrivals] == [1, 2, 3]
    assert readers.doubled == 1


def test_a_message_never_received_counts_as_missed(readers):
    hear(readers, answer(6, 5, 1))
    one = crowd.Crowd(None, ["room"])
    one.report = readers.report
    sent = [(1, 0, 0.0, 0.5), (2, 0, 1.0, 1.5)]
    assert one.delivery(sent, ["room"]).missed == 1
    assert one.delivery(sent[:1], ["room"]).missed == 0


def test_a_form_is_sent_as_a_page_sends_it():
    request = requests.send(PERSON, "127.0.0.1:1", 7, "hello & bye")
    head, _, body = request.partition(b"\r\n\r\n")
    assert f"Content-Length: {len(body)}".encode() in head
    assert body == b"n=7&page=page-of-tests&text=hello+%26+bye&csrfmiddlewaretoken=" + b"t" * 64


def test_answers_that_differ_only_in_names_and_random_values_are_alike():
    def told(name, token, more=b""):
        body = b'<p>%b <input name="csrfmiddlewaretoken" value="%b">' % (name, token * 64)
        side = Side(None, [b"GET"], ["secret", "absent"])
        side.ask(Told(Answer(404, b"HTTP/1.1 404 Not Found\r\ndate: %b%b" % (token, more), body, 0)))
        return side.told

    assert told(b"secret", b"a") == told(b"absent", b"b")
    assert told(b"secret", b"a") != told(b"absent", b"a", b"\r\nvary: Cookie")
    assert told(b"secret", b"a") != told(b"absent-2", b"a")


class Told(NamedTuple):
    """A connection that gives this answer."""

    answer: Answer

    def ask(self, request):
        return self.answer


def test_an_incomplete_answer_is_none():
    assert parsed(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nx") is None


@pytest.mark.parametrize(
    ("value", "verdict"), [(3, "reaches the aim"), (5, "reaches"), (7, "falls short")], ids=lambda value: str(value)
)
def test_a_row_says_whether_it_reaches_its_bounds(value, verdict):
    assert Row("page", "", bounds=(Bound(value, 6, 3),)).verdict == verdict


@pytest.mark.parametrize(
    ("shown", "found"),
    [
        (["1 a", "2 b", "3 c"], []),
        (["1 a2 b", "3 c"], [(["1 a", "2 b"], ["1 a2 b"])]),
        (["1 a", "3 c", "2 b"], [([], ["3 c"]), (["3 c"], [])]),
        (["1 a", "2", "3 c"], [(["2 b"], ["2"])]),
    ],
)
def test_only_the_messages_that_were_altered_are_found(shown, found):
    assert differences(["1 a", "2 b", "3 c"], shown) == found


@pytest.fixture
def program():
    """A program that ends when it has read a line."""
    program = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, start_new_session=True)
    yield program
    program.kill()
    program.communicate()


def test_a_slowed_browser_runs_on_afterwards(program):
    seen = set()
    with stopped_often(program.pid, 4):
        while seen != {False, True}:
            seen.add(is_stopped(program))
    assert not is_stopped(program)


def is_stopped(program):
    return Path(f"/proc/{program.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"
