"""A site on a path of a shared host: links, cookies and redirects have it; a proxy that removes it is named."""

import runpy

import pytest
from django.core import checks
from django.urls import clear_script_prefix, reverse, set_script_prefix

from chat.realtime import gate_backend
from chat.template_hash import _compute
from chat_app.settings import BASE_DIR

SETTINGS = str(BASE_DIR / "chat_app/settings.py")


@pytest.fixture(autouse=True)
def subpath(settings, db):
    settings.FORCE_SCRIPT_NAME, settings.SUBPATH = "/chat", "chat"
    set_script_prefix("/chat")  # as Django does for each request of a server
    yield
    clear_script_prefix()


def test_pages_are_below_the_path_and_link_to_it(client):
    page = client.get("/chat/")
    assert page.status_code == 200
    assert 'action="/chat/join/"' in page.text
    assert 'href="/chat/manifest.webmanifest"' in page.text
    joined = client.post("/chat/join/", {"room": "Reading club", "nickname": "Alice"})
    assert joined.headers["Location"] == "/chat/rooms/reading-club/"
    left = client.post("/chat/rooms/reading-club/leave/")
    assert left.headers["Location"] == "/chat/"


def test_without_its_slash_the_path_leads_to_the_home_page(client):
    assert client.get("/chat").headers["Location"] == "/chat/"


@pytest.mark.parametrize("path", ["/", "/rules/", "/chatter/", "/health/"])
def test_a_path_that_the_proxy_has_shortened_is_refused_and_named(client, caplog, path):
    page = client.get(path)
    assert page.status_code == 404
    assert "On this host, this site is at /chat/." in page.text
    (line,) = [record.getMessage() for record in caplog.records if record.name == "chat"]
    assert "SUBPATH=/chat" in line
    assert "proxy_pass" in line


def test_the_health_address_is_below_the_path(client):
    assert client.get("/chat/health/", headers={"Host": "10.0.0.7"}).text == "ok\n"


def test_following_a_link_in_a_room_marks_it_as_read(alice, bob, room):
    alice.get("/chat/rooms/reading-club/")
    bob.membership.send("hello", "t:1")
    assert alice.membership.read_version < bob.membership.room.version
    alice.get("/chat/", headers={"Referer": "http://testserver/chat/rooms/reading-club/"})
    assert alice.membership.read_version == bob.membership.room.version


def test_the_gates_calls_render_links_with_the_path():
    clear_script_prefix()
    assert gate_backend.with_own_connection(lambda: reverse("home"))() == "/chat/"


def test_cached_html_belongs_to_the_path(settings):
    below = _compute("partials/message.html")
    settings.FORCE_SCRIPT_NAME = None
    assert _compute("partials/message.html") != below


@pytest.mark.parametrize(
    ("environment", "names", "path", "script"),
    [
        ({"HTTPS": "on", "SUBPATH": "/chat"}, ("__Secure-session", "__Secure-csrf"), "/chat/", "/chat"),
        ({"SUBPATH": "a/b/"}, ("session", "csrf"), "/a/b/", "/a/b"),
        ({"HTTPS": "on"}, ("__Host-session", "__Host-csrf"), "/", None),
        ({"SUBPATH": "/"}, ("session", "csrf"), "/", None),
    ],
)
def test_cookies_are_sent_to_the_path_only(monkeypatch, environment, names, path, script):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    read = runpy.run_path(SETTINGS)
    assert (read["SESSION_COOKIE_NAME"], read["CSRF_COOKIE_NAME"]) == names
    assert read["SESSION_COOKIE_PATH"] == read["CSRF_COOKIE_PATH"] == path
    assert read["FORCE_SCRIPT_NAME"] == script


@pytest.mark.parametrize(
    ("subpath", "valid"), [("chat", True), ("a/b-1", True), ("", True), ("a b", False), ("a//b", False), ("ä", False)]
)
def test_an_invalid_path_stops_the_start(settings, subpath, valid):
    settings.SUBPATH = subpath
    assert [error.id for error in checks.run_checks() if error.id == "chat.E006"] == ([] if valid else ["chat.E006"])
