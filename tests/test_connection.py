"""Connections with one poll after the other: polls are recognized by their bytes, and answered as if parsed."""

import contextlib
import re
import socket
import time
from threading import Event
from urllib.parse import urlsplit

import httptools
import pytest

from chat.gate.connection import Connection
from chat.gate.poll_request import PollRequest
from chat.models import Room
from chat.views import rooms as pages
from tests.support.reading import held, until


class Wire:
    """A connection of a reader's browser, byte by byte."""

    def __init__(self, reader):
        url = urlsplit(str(reader.http.base_url))
        self.reader, self.came = reader, b""
        self.socket = socket.create_connection((url.hostname, url.port), timeout=5)

    def head(self, query=None, version="1.1", line="", **headers):
        reader = self.reader
        query = query or reader.query()
        headers = {
            "Host": "127.0.0.1",
            "HX-Request": "true",
            "Cookie": f"a=1; session={reader.http.cookies['session']}",
        } | headers
        lines = [line or f"GET {reader.path}changes/?{query} HTTP/{version}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        return "\r\n".join([*lines, "", ""]).encode()

    def ask(self, query=None, **more):
        self.socket.sendall(self.head(query, **more))

    def read(self):
        """The next answer: status, headers, body."""
        while not (found := re.match(rb"HTTP/1.1 (\d+) .*?\r\n\r\n", self.came, re.DOTALL)):
            self._receive()
        length = int(re.search(rb"(?i)content-length: (\d+)", found[0])[1])
        while len(self.came) < found.end() + length:
            self._receive()
        body, self.came = self.came[found.end() : found.end() + length], self.came[found.end() + length :]
        return int(found[1]), found[0].decode().lower(), body.decode()

    def _receive(self):
        piece = self.socket.recv(65536)
        assert piece, f"the connection ended after {self.came!r}"
        self.came += piece

    @property
    def closed(self):
        with contextlib.suppress(ConnectionResetError):
            return self.socket.recv(1) == b""
        return True


@pytest.fixture
def connect(ann):
    """A function that opens one more connection of Ann's, who has a grant."""
    ann.ask(ann.query(1, 1, 1))
    with contextlib.ExitStack() as stack:

        def connected():
            wire = Wire(ann)
            stack.enter_context(wire.socket)
            return wire

        yield connected


@pytest.fixture
def wire(connect):
    """A connection that has sent a poll before."""
    wire = connect()
    wire.ask(wire.reader.query(1, 1, 1))
    assert wire.read()[0] == 200
    return wire


@pytest.fixture
def parsed(monkeypatch):
    """The requests that were parsed."""
    found, take_poll = [], Connection.take_poll
    monkeypatch.setattr(Connection, "take_poll", lambda *a: found.append(a) or take_poll(*a))
    return found


def test_a_poll_is_parsed_once_and_then_recognized(wire, ben, gate, parsed, asked_django):
    for number in range(5):
        wire.ask()
        held(gate)
        ben.member.send(f"message {number}", f"t:{number}")
        status, headers, body = wire.read()
        assert (status, f"message {number}" in body) == (200, True)
        assert "hx-trigger: asked" in headers
        wire.reader.since = int(re.search(r'name="since" value="(\d+)"', body)[1])
    assert (parsed, asked_django) == ([], [])


def test_a_head_in_pieces_is_recognized(wire, ben):
    ben.send("hello")
    head = wire.head(wire.reader.query(1, 1, 1))
    for _ in range(2):
        for piece in (head[:30], head[30:200], head[200:]):
            wire.socket.sendall(piece)
            time.sleep(0.02)
        assert "hello" in wire.read()[2]
    wire.socket.sendall(head)
    assert "hello" in wire.read()[2]


def test_another_session_on_the_same_connection_is_another_reader(wire, ann, ben, asked_django):
    """As behind a proxy, which sends the requests of many people over one connection."""
    ben.ask(ben.query(1, 1, 1))
    ann.member.leave()
    ben.send("now that she is gone")
    query = ann.query(1, 1, 1)
    for _ in range(2):
        wire.ask(query)
        assert "now that she is gone" not in wire.read()[2]
        wire.ask(query, Cookie=f"a=1; session={ben.http.cookies['session']}")
        assert "now that she is gone" in wire.read()[2]


def test_a_request_after_a_held_poll_ends_the_hold_and_is_answered_next(wire, ann, gate):
    for _ in range(2):
        wire.ask()
        held(gate)
        wire.ask(line=f"GET {ann.path} HTTP/1.1")
        assert 'class="poll"' not in wire.read()[2]
        assert "<!doctype html>" in wire.read()[2]
        held(gate, 0)


@pytest.mark.parametrize("page_too", [False, True])
def test_a_request_after_an_unanswered_poll_waits(wire, ann, ben, gate, monkeypatch, page_too):
    paint, painted = gate.hub.polls.paintings.render, Event()
    monkeypatch.setattr(gate.hub.polls.paintings, "render", lambda *a: (painted.wait(5), paint(*a))[1])
    ben.send("hello")
    wire.ask(wire.reader.query(1, 1, 1))
    until(lambda: gate.hub.polls.answering)
    page = wire.head(line=f"GET {ann.path} HTTP/1.1") if page_too else b""
    wire.socket.sendall(page + wire.head(wire.reader.query(1, 1, 1)))
    time.sleep(0.1)
    painted.set()
    assert "hx-swap-oob" in wire.read()[2]
    assert not page_too or "<!doctype html>" in wire.read()[2]
    assert "hx-swap-oob" in wire.read()[2]
    wire.ask(wire.reader.query(1, 1, 1))
    assert "hx-swap-oob" in wire.read()[2]


def test_a_poll_after_a_request_to_django_waits_for_it(wire, ann, gate, monkeypatch):
    room_page, opened = pages.room_page, Event()
    monkeypatch.setattr(pages, "room_page", lambda *a, **k: (opened.wait(5), room_page(*a, **k))[1])
    wire.ask(line=f"GET {ann.path} HTTP/1.1")
    until(lambda: gate.working)
    wire.ask(wire.reader.query(1, 1, 1))
    time.sleep(0.1)
    opened.set()
    assert "<!doctype html>" in wire.read()[2]
    assert 'name="since"' in wire.read()[2]


def test_polls_sent_all_at_once_are_all_answered_in_order(wire, ben):
    ben.send("hello")
    heads = [wire.head(wire.reader.query(since, since, 1)) for since in (1, 2, 3)]
    wire.socket.sendall(b"".join(heads))
    answers = [wire.read()[2] for _ in heads]
    assert ["hello" in answer for answer in answers] == [True, True, False]


@pytest.mark.parametrize("more", [{"version": "1.0"}, {"Connection": "close"}])
def test_a_poll_with_connection_close_is_held_and_then_closed(connect, gate, ben, more):
    wire = connect()
    wire.ask(**more)
    held(gate)
    ben.member.send("hello", "t:1")
    _, headers, body = wire.read()
    assert "hello" in body
    assert "connection: close" in headers
    assert wire.closed


def test_after_the_grant_expires_django_answers(wire, ben, gate, asked_django):
    ben.send("hello")
    gate.hub.grants.by_session.clear()
    wire.ask(wire.reader.query(1, 1, 1))
    assert "hello" in wire.read()[2]
    assert len(asked_django) == 1
    wire.ask(wire.reader.query(1, 1, 1))
    assert "hello" in wire.read()[2]
    assert len(asked_django) == 1


def test_a_recognized_poll_goes_to_django_after_a_change_of_incarnation(wire, ann, asked_django):
    before = Room.objects.get().incarnation
    Room.objects.rotate_incarnations()
    ann.ask("since=1&at=1")
    del asked_django[:]
    for _ in range(2):
        wire.ask(ann.query(1, 1, 1))
        body = wire.read()[2]
        assert f'name="log" value="{before}"' not in body
        assert "innerHTML:#messages" in body
    assert len(asked_django) == 2


def test_a_connection_without_polls_is_closed_after_a_while(connect, monkeypatch):
    init = Connection.__init__

    def impatient(self, *arguments, **more):
        init(self, *arguments, **more)
        self.timeout_keep_alive = 0.6

    monkeypatch.setattr(Connection, "__init__", impatient)
    wire = connect()
    for _ in range(10):
        wire.ask(wire.reader.query(1, 1, 1))
        assert wire.read()[0] == 200
        time.sleep(0.2)
    assert wire.closed


def test_a_closed_connection_frees_its_place(wire, gate, caplog):
    wire.ask()
    held(gate)
    wire.socket.close()
    held(gate, 0)
    until(lambda: not any(gate.hub.polls.wheel.slots.values()))
    assert not [record for record in caplog.records if record.exc_info]


QUERY = b"since=1&from=1&at=1&log=abcdefgh12"
HEAD = b"GET /rooms/a/changes/?" + QUERY + b" HTTP/1.1\r\nHost: x\r\n\r\n"
SCOPE = {"raw_path": b"/rooms/a/changes/", "query_string": QUERY}


@pytest.mark.parametrize(
    "head",
    [
        b"\r\n" + HEAD,
        HEAD + HEAD,
        HEAD + b"GET",
        HEAD.replace(b"GET ", b"GET http://x"),
        HEAD.replace(b"\r\n\r\n", b"\n\nGET / HTTP/1.1\r\nX: y\r\n\r\n"),
        HEAD.replace(b"Host", b"X: y\nHost"),
        HEAD.replace(b"at=1", b"at=2"),
        HEAD.replace(b"log=a", b"log=b"),
        b"",
    ],
)
def test_only_a_single_plain_head_is_recognized(head):
    assert PollRequest.parse(HEAD, SCOPE, "session", True)
    assert PollRequest.parse(head, SCOPE, "session", True) is None


@pytest.mark.parametrize("other", [b"", b"\r\n", b"0", b"7", b" ", b"&", b"%30", b"\xb2"])
def test_only_the_numbers_of_a_recognized_poll_may_differ(other):
    """With anything inserted anywhere: if the bytes are recognized, a parser reads them as the same request."""
    question, known = PollRequest.parse(HEAD, SCOPE, "session", True), 0
    for place in range(len(HEAD) + 1):
        data = HEAD[:place] + other + HEAD[place:]
        if numbers := question.match(data):
            known += 1
            url, headers = parse(data)
            assert re.fullmatch(rb"/rooms/a/changes/\?since=\d+&from=\d+&at=\d+&log=abcdefgh12", url)
            assert headers == [(b"Host", b"x")]
            assert numbers == tuple(int(number) for number in re.findall(rb"=(\d+)&", url))
            assert question.match(question.to_bytes(*numbers)) == numbers
    assert bool(known) == (other in (b"", b"0", b"7"))


def parse(data):
    class Parsed:
        url, headers = b"", []

        def on_url(self, url):
            self.url += url

        def on_header(self, name, value):
            self.headers = [*self.headers, (name, value)]

    parsed = Parsed()
    httptools.HttpRequestParser(parsed).feed_data(data)
    return parsed.url, parsed.headers
