"""The same product on both: behind the gate, and on any plain WSGI server, where nothing is held."""

import threading
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from django.core.wsgi import get_wsgi_application
from playwright.sync_api import expect

from tests.support.browsing import EITHER_WAY, lines

pytestmark = [pytest.mark.django_db(transaction=True)]


class ThreadingServer(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class Quiet(WSGIRequestHandler):
    def log_message(self, *arguments):
        pass


@pytest.fixture
def plain():
    """The address of Parlour on the standard library's own server."""
    with make_server("127.0.0.1", 0, get_wsgi_application(), ThreadingServer, Quiet) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def behind_the_gate(_serving):
    url, gate = _serving
    yield url
    gate.hub.loop.call_soon_threadsafe(gate.hub.forget)


@pytest.fixture(params=["behind_the_gate", "plain"])
def server(request):
    return request.getfixturevalue(request.param)


@EITHER_WAY
def test_two_people_join_chat_and_leave(visitor, javascript):
    alice, bob = visitor(javascript).join(nickname="Alice"), visitor(javascript).join(nickname="Bob")
    assert (alice.page.evaluate("typeof htmx") == "object") is javascript
    alice.send("Has anybody read Middlemarch?")
    expect(lines(bob)).to_have_text(["Has anybody read Middlemarch?"])
    bob.send("Twice.")
    expect(lines(alice)).to_have_text(["Has anybody read Middlemarch?", "Twice."])
    bob.page.get_by_role("button", name="Menu").click()
    bob.page.get_by_role("link", name="Leave room…").click()
    bob.page.get_by_role("button", name="Leave room").click()
    expect(bob.page.get_by_label("Your name")).to_be_visible()
    expect(alice.log.get_by_text("Bob left")).to_be_visible()
