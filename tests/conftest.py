"""The cast with their roles, the server as it really runs, and browsers."""

import gc
import os
import re
import socket
import threading
import time
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest
import uvicorn
from django.conf import settings
from django.core.cache import caches
from django.core.wsgi import get_wsgi_application
from django.db import connection
from django.test import Client

from chat import emails
from chat.gate import background
from chat.gate.asgi import Gate
from chat.gate.connection import Connection
from chat.middleware import security_headers
from chat.models import Participant, Room
from chat.realtime import drafts, gate_backend
from chat_app.caches import incarnation
from tests.support.browsing import IN_TIME
from tests.support.joining import join_without_request
from tests.support.phones import clock  # noqa: F401 - a fixture for all
from tests.support.reading import ann, asked_django, beats, ben, meanwhile, reader, short_holds  # noqa: F401 - fixtures for all
from tests.support.transactions import rolled_back

# Playwright's event loop runs in the thread of the tests, so Django would refuse to use the database there.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
emails.PAUSE = 0  # tests wait for emails, and nobody measures the answers
# The headless shell is the same engine without the rest of a browser: a new context takes a fifth of the time.
CHROMIUMS = ("/usr/bin/chromium-headless-shell", "/usr/bin/chromium")


def pytest_collection_modifyitems(config, items):
    """Leave out tests of one database's guarantees on the other."""
    if other := {"sqlite": "postgresql", "postgresql": "sqlite"}.get(connection.vendor):
        others = [item for item in items if item.get_closest_marker(other)]
        config.hook.pytest_deselected(items=others)
        items[:] = [item for item in items if item not in others]


def pytest_collection_finish(session):
    """Collect garbage less often, and never look again at the modules and tests that stay: a tenth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


@pytest.fixture(autouse=True)
def _nothing_remembered():
    """Each test starts with empty caches: no paintings, sessions, drafts or counted limits of another."""
    for cache in caches.all():
        cache.clear()
    drafts.unwritten.take()
    # Known already, so that reading it adds no query to any test.
    incarnation.value, incarnation.due_at = "tests", float("inf")
    yield
    drafts.unwritten.take()


class Person(Client):
    """A person with a browser without scripts."""

    nickname = ""

    def join(self, room, nickname, time_zone=None, **more):
        self.nickname = nickname
        answer = self.post("/join/", {"room": room, "nickname": nickname, **more})
        if time_zone:
            Participant.objects.filter(pk=self.session["participant"]).update(time_zone=time_zone)
        return answer

    def enter(self, room, nickname):
        """Be a member, as after `join`, without its request."""
        self.nickname = nickname
        self.cookies[settings.SESSION_COOKIE_NAME] = join_without_request(room, nickname)

    def copy(self):
        """The same person in a browser with the same cookies."""
        other = Person()
        other.nickname = self.nickname
        other.cookies.load(self.cookies.output(header="", sep=";"))
        return other

    @property
    def membership(self):
        participant = Participant.objects.get(pk=self.session["participant"])
        return participant.memberships.select_related("room").get()

    def send(self, room, text, n=1, page="page-of-tests", headers=None, **more):
        return self.post(f"/rooms/{room.slug}/send/", {"n": n, "page": page, "text": text, **more}, headers=headers)

    def type(self, room, text, n=1, page="page-of-tests", **more):
        """Report a draft, as a page does while its person types."""
        typed = {"n": n, "page": page, "text": text, **more}
        return self.post(f"/rooms/{room.slug}/typing/", typed, headers={"HX-Request": "true"})

    def poll(self, room, since, origin=None, **more):
        # As a page that is up to date except for the log, so the answer has nothing else.
        query = {"since": since, "from": since if origin is None else origin, "at": int(time.time()) + 2}
        query["log"] = room.incarnation
        return self.get(f"/rooms/{room.slug}/changes/", query, headers={"HX-Request": "true"}, **more)


def new_person(room=None, nickname=None, **more):
    """A new person; with a room and a name, they have joined."""
    visitor = Person(**more)
    if room:
        visitor.enter(room, nickname)
    return visitor


@pytest.fixture
def person(db):
    return new_person


@pytest.fixture(scope="module")
def module_db(request, django_db_setup, django_db_blocker):
    """A transaction around all tests of the module, for rows that they share. Each test's own is a savepoint in it.

    It yields a context in which the shared rows are written."""
    items = [item for item in request.session.items if item.path == request.path]
    assert not [item for item in items if "transactional_db" in item.fixturenames], (
        "they would wait for this transaction"
    )
    with django_db_blocker.unblock():
        rollback = ExitStack()
        rollback.enter_context(rolled_back())
    yield django_db_blocker.unblock
    with django_db_blocker.unblock():
        rollback.close()


@pytest.fixture
def alice(person):
    """Alice created the room and owns it."""
    return person("Reading club", "Alice")


@pytest.fixture
def room(alice):
    return alice.membership.room


@pytest.fixture
def bob(person, room):
    """Bob is a member."""
    return person(room.name, "Bob")


@pytest.fixture
def carol(person, room):
    """Carol joined the room and left it."""
    carol = person(room.name, "Carol")
    carol.membership.leave()
    return carol


@pytest.fixture
def mallory(person):
    """Mallory is in another room, but not in this one."""
    return person("Elsewhere", "Mallory")


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix):
    """As in pytest-django. Django has deleted the database afterwards, but if a thread still has it open, its -wal and
    -shm are left: delete them too, and the file that was locked while it was migrated."""
    yield
    if connection.vendor == "sqlite":
        for suffix in ("-wal", "-shm", "-start"):
            Path(f"{connection.settings_dict['TEST']['NAME']}{suffix}").unlink(missing_ok=True)


@pytest.fixture(scope="session")
def _serving(django_db_setup):
    """Parlour behind its gate, on a free local port. It refreshes panels and records presence only when a test does it:
    otherwise some answers would have a panel by chance."""
    for name in ("PANEL_INTERVAL", "CHANGE_INTERVAL", "PRESENCE_INTERVAL", "DRAFTS_INTERVAL"):
        setattr(background, name, 3600)
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    gate = Gate(get_wsgi_application(), threads=4, headers=tuple(security_headers().items()), backend=gate_backend)
    config = uvicorn.Config(gate, http=Connection, log_config=None, proxy_headers=False, timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{listener.getsockname()[1]}", gate
    gate.hub.loop.call_soon_threadsafe(gate.stop)
    server.should_exit = True
    thread.join(5)
    gc.collect()  # closes the database connections of its threads


@pytest.fixture
def server(_serving, transactional_db):
    """The URL of the running server, with a database that its threads can see."""
    url, gate = _serving
    yield url
    # The next test begins with an empty database, and uses the same ids for other objects.
    gate.hub.loop.call_soon_threadsafe(gate.hub.forget)


@pytest.fixture
def gate(_serving, server):
    return _serving[1]


@pytest.fixture(scope="session")
def chromium():
    from playwright.sync_api import sync_playwright

    program = next(filter(os.path.exists, CHROMIUMS), None)
    if program is None:
        missing = f"no browser at {' or '.join(CHROMIUMS)} (Debian: apt-get install chromium-headless-shell)"
        pytest.fail(missing) if os.environ.get("BROWSER") == "required" else pytest.skip(missing)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-quic"])
        yield browser
        browser.close()


def patient(page):
    """The page, set to wait for documents only, because a page with a streamed log never finishes loading."""
    for way in ("goto", "go_back", "reload", "wait_for_url"):
        setattr(page, way, partial(getattr(page, way), wait_until="domcontentloaded"))
    return page


class Visitor:
    """One person's browser: a page, its console output and its requests."""

    def __init__(self, context, server):
        self.context, self.server = context, server
        self.page = patient(context.new_page())
        self.console, self.requests = [], []
        self.page.on("console", lambda message: self._heard(message.text))
        self.page.on("pageerror", lambda error: self.console.append(str(error)))
        context.on("request", lambda request: self.requests.append(request))

    def _heard(self, line):
        # Chromium logs this if a test types before the page has set the focus.
        if not line.startswith("Autofocus processing was blocked"):
            self.console.append(line)

    def join(self, room="Reading club", nickname="Alice"):
        self.page.goto(self.server)
        self.page.get_by_label("Room", exact=True).fill(room)
        self.page.get_by_label("Your name").fill(nickname)
        self.page.get_by_role("button", name="Join", exact=True).click()
        self.page.wait_for_url(re.compile(r"/rooms/[^/]+/$"))
        return self

    def enter(self, room="Reading club", nickname="Alice"):
        """Be a member and open the room, as after `join`, without its form."""
        self.become_member(room, nickname)
        self.page.goto(self.server + Room.objects.get(name=room).get_absolute_url())
        return self

    def become_member(self, room="Reading club", nickname="Alice"):
        """Be a member, and open nothing."""
        key = join_without_request(room, nickname)
        self.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": key, "url": self.server}])

    @property
    def writing(self):
        """The page with the composer: the page itself, or without JavaScript a frame in it."""
        return self.page.frame_locator("iframe[name=compose]") if self.without_script else self.page

    @property
    def log(self):
        return self.page.frame_locator("iframe[name=live]") if self.without_script else self.page

    without_script = False

    @property
    def field(self):
        return self.writing.get_by_label("Message", exact=True).last

    def send(self, text):
        self.field.fill(text)
        self.field.press("Enter")

    def toggle(self):
        """Switch between one line and several, with the mouse."""
        self.writing.locator(".toggle").last.click(force=True)

    def reads(self, text):
        """Wait until this text is in the log."""
        self.log.locator("#messages [data-message-body]", has_text=text).first.wait_for()


@pytest.fixture
def visitor(chromium, server, monkeypatch):
    """A function that opens a new browser for one person."""
    from playwright.sync_api import expect

    expect.set_options(timeout=IN_TIME)
    # Without JavaScript, the log reloads at the shortest interval.
    monkeypatch.setattr(Participant._meta.get_field("refresh_seconds"), "_get_default", lambda: 2)
    contexts = []

    def open_browser(javascript=True, **options):
        options = {"viewport": {"width": 1280, "height": 800}} | options
        contexts.append(chromium.new_context(java_script_enabled=javascript, **options))
        visitor = Visitor(contexts[-1], server)
        visitor.without_script = not javascript
        return visitor

    yield open_browser
    for context in contexts:
        context.close()


@pytest.fixture
def browser_user(visitor, javascript):
    """A function that opens a browser, in a room if a nickname is given. At the end, it checks that htmx is there only
    with JavaScript, and that consoles show no errors except the browser's own about error responses."""
    opened = []

    def open_browser(nickname=None, room="Reading club"):
        opened.append(visitor(javascript))
        return opened[-1].enter(room, nickname) if nickname else opened[-1]

    yield open_browser
    for one in opened:
        assert (one.page.evaluate("typeof htmx") == "object") is javascript
        assert [line for line in one.console if "Failed to load resource" not in line] == []
