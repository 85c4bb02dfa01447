"""Readers as the gate sees them, without a browser: pages that poll, and frames whose log is streamed."""

import re
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from django.utils.crypto import get_random_string

from chat.gate import polls, streams
from chat.models import Membership
from chat.views import poll as views
from tests.support.joining import join_without_request
from tests.support.threads import closing

HTMX = {"HX-Request": "true"}
FRAMED = {"Sec-Fetch-Dest": "iframe"}


class Reader:
    """The poller of a browser with an open room."""

    def __init__(self, server, nickname, room="Live"):
        self.http = httpx.Client(base_url=server, timeout=30)
        # As from a page that is not requested: Django accepts any token that is in both the cookie and the form.
        self.token = get_random_string(32)
        self.http.cookies.set("csrf", self.token, domain=self.http.base_url.host)
        key = join_without_request(room, nickname)
        self.http.cookies.set("session", key, domain=self.http.base_url.host)
        self.member = Membership.objects.select_related("room").get(nickname=nickname)
        self.path = self.member.room.get_absolute_url()
        page = self.http.get(self.path).text
        self.since = self.origin = int(re.search(r'name="since" value="(\d+)"', page)[1])
        self.incarnation = re.search(r'name="log" value="(\w+)"', page)[1]

    def write(self, path, **form):
        return self.http.post(path, data=form | {"csrfmiddlewaretoken": self.token})

    def send(self, text):
        form = {"text": text, "n": str(time.monotonic_ns()), "page": "page-of-tests"}
        assert self.write(f"{self.path}send/", **form).status_code == 303

    def query(self, since=None, origin=None, at=None):
        """The query of a poll, by default with the current numbers of the page."""
        since = self.since if since is None else since
        origin = self.origin if origin is None else origin
        return f"since={since}&from={origin}&at={int(time.time()) if at is None else at}&log={self.incarnation}"

    def ask(self, query=None, **headers):
        query = query or self.query()
        return self.http.get(f"{self.path}changes/?{query}", headers=HTMX | headers)

    def poll(self):
        answer = self.ask()
        self.since = int(re.search(r'name="since" value="(\d+)"', answer.text)[1])
        return answer


def stream_url(http, path):
    """The URL that a frame's first answer announces: its stream. `path` is the room's."""
    seconds, url = http.get(f"{path}live/", headers=FRAMED).headers["Refresh"].split("; url=")
    assert seconds == "0"
    return url


class Frame:
    """A reader's log frame, read while it is streamed."""

    def __init__(self, reader, meanwhile, url=None):
        self.text, self.ended = "", False
        self.reader, self.url = reader, url or stream_url(reader.http, reader.path)
        self.came = meanwhile(self._read)
        until(lambda: "<ol id=" in self.text or self.ended)

    def _read(self):
        base, cookies = str(self.reader.http.base_url).rstrip("/"), dict(self.reader.http.cookies)
        with httpx.stream("GET", base + self.url, cookies=cookies, headers=FRAMED, timeout=30) as answer:
            self.headers = answer.headers
            for piece in answer.iter_text():
                self.text += piece
        self.ended = True

    def reads(self, words):
        until(lambda: words in self.text)


def until(true, seconds=5):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "this did not come about"
        time.sleep(0.01)


def held(gate, count=1):
    until(lambda: gate.hub.polls.held == count)


@pytest.fixture
def reader(server):
    readers = []

    def open_room(nickname, **more):
        readers.append(Reader(server, nickname, **more))
        return readers[-1]

    yield open_room
    for one in readers:
        one.http.close()


@pytest.fixture
def meanwhile(gate):
    """A function that calls another one in a thread, and returns a Future."""
    with ThreadPoolExecutor(20) as pool:
        yield lambda call, *arguments: pool.submit(closing(call), *arguments)
        gate.hub.loop.call_soon_threadsafe(gate.hub.forget)


@pytest.fixture
def asked_django(monkeypatch):
    """The polls that Django had to answer."""
    asked, polled = [], views.responses.poll_response
    monkeypatch.setattr(views.responses, "poll_response", lambda *a, **k: asked.append(a) or polled(*a, **k))
    return asked


@pytest.fixture
def short_holds(monkeypatch):
    monkeypatch.setattr(polls, "MIN_HOLD", 0.5)
    monkeypatch.setattr(polls, "MAX_HOLD", 0.6)


@pytest.fixture
def beats(monkeypatch):
    monkeypatch.setattr(streams, "HEARTBEAT_SECONDS", 0.2)


@pytest.fixture
def ann(reader):
    return reader("Ann")


@pytest.fixture
def ben(ann, reader):
    ben = reader("Ben")
    ann.poll()
    return ben
