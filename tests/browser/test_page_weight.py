"""The server in production mode, with compressed files: the bytes of a visit, and no requests to other hosts."""

import os
import random
import re
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import expect

from tests.support.browsing import EITHER_WAY, IN_TIME

MOST = 100_000  # bytes that a first visit may transfer
HOUSE = Path(__file__).resolve().parents[2]
HASHED = re.compile(r"/static/.+\.[0-9a-f]{12}\.\w+$")

# The product's settings, but static files are collected in a folder that no other server or test uses.
SETTINGS = """\
from pathlib import Path
from chat_app.settings import *
STATIC_ROOT = Path('{folder}') / "static"
"""


@pytest.fixture(autouse=True)
def _patience():
    expect.set_options(timeout=IN_TIME)


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    """The URL of `manage.py serve` in its own process, without any setup for tests."""
    folder = tmp_path_factory.mktemp("running")
    (folder / "elsewhere.py").write_text(SETTINGS.format(folder=folder))
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join([str(HOUSE), str(folder)]),
        "DJANGO_SETTINGS_MODULE": "elsewhere",
        "DATABASE_URL": f"sqlite:///{folder / 'parlour.sqlite3'}",
        "ENV_FILE": os.devnull,
        "SECRET_KEY": "x" * 50,
        "LIMIT_SEND_PERSON": "1000/60",
    }
    serve = [sys.executable, "-u", str(HOUSE / "manage.py"), "serve", "--bind", "0"]
    with subprocess.Popen(serve, env=environment, stdout=subprocess.PIPE, text=True) as serving:
        try:
            yield address_told_by(serving)
            serving.send_signal(signal.SIGTERM)
            assert serving.wait(30) == 0
        finally:
            serving.kill()


def address_told_by(serving):
    for line in serving.stdout:
        if found := re.search(r"http://[\d.]+:\d+", line):
            return found[0]
    raise AssertionError("the server ended before it was there")


@pytest.fixture(scope="module")
def full_room(running):
    """The URL of a room with fifty messages of normal length by Bob."""
    with httpx.Client(base_url=running, headers={"Origin": running}) as bob:
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', bob.get("/").text)[1]
        form = {"csrfmiddlewaretoken": token}
        room = bob.post("/join/", data=form | {"room": "Reading club", "nickname": "Bob"}).headers["Location"]
        for n, text in enumerate(sentences(50), start=1):
            answer = bob.post(f"{room}send/", data=form | {"n": n, "page": "page-of-tests", "text": text})
            assert answer.status_code == 303, answer.text
    return running + room


def sentences(count):
    """Invented words, so that the text compresses no better than that of people."""
    dice = random.Random(1)
    word = lambda: "".join(dice.choices("etaoinshrdlucmfwypvbg", k=dice.randint(2, 8)))  # noqa: E731
    return [" ".join(word() for _ in range(12)) for _ in range(count)]


@pytest.fixture
def reader(chromium, running):
    """A function that opens a browser with an empty cache; it records requests and console output."""
    contexts = []

    def open_browser(javascript=True):
        contexts.append(chromium.new_context(java_script_enabled=javascript))
        page = contexts[-1].new_page()
        page.asked, page.answers, page.console_lines = [], [], []
        contexts[-1].on("request", lambda request: page.asked.append(request.url))
        page.on("response", lambda response: page.answers.append(response))
        page.on("console", lambda message: page.console_lines.append(message.text))
        page.on("pageerror", lambda error: page.console_lines.append(str(error)))
        return page

    yield open_browser
    for context in contexts:
        context.close()


def weigh(page):
    """A function that returns the number of bytes that this page has received so far."""
    sizes = []
    network = page.context.new_cdp_session(page)
    network.send("Network.enable")
    network.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    return lambda: int(sum(sizes))


def come_in(page, room, nickname):
    page.goto(room)
    page.get_by_label("Your name").fill(nickname)
    page.get_by_role("button", name="Join", exact=True).click()


def test_a_first_visit_to_a_full_room_weighs_less_than_100_kilobytes(reader, full_room, capsys):
    page = reader()
    weight = weigh(page)
    come_in(page, full_room, "Alice")
    expect(page.get_by_label("Message", exact=True).last).to_be_focused()
    expect(page.locator("#messages [data-message]")).to_have_count(49)  # and the system message that Alice joined
    page.wait_for_load_state("networkidle")
    with capsys.disabled():
        print(f"\na first visit, door and full room with all they need: {weight():,} bytes ", end="")
    assert 10_000 < weight() < MOST
    # Nothing that the browser had already, and only the composer in use.
    assert sorted(page.asked) == sorted(set(page.asked))


def test_the_second_page_transfers_little_more_than_its_text(reader, full_room, capsys):
    page = reader()
    come_in(page, full_room, "Carol")
    expect(page.get_by_label("Message", exact=True).last).to_be_focused()
    page.wait_for_load_state("networkidle")
    weight = weigh(page)
    page.reload(wait_until="networkidle")
    with capsys.disabled():
        print(f"\nthe room once more: {weight():,} bytes ", end="")
    assert weight() < 30_000


def test_people_can_chat_on_a_production_server(reader, running):
    page = reader()
    page.goto(f"{running}/")
    page.get_by_label("Room", exact=True).fill("Smoke")
    page.get_by_label("Your name").fill("Dora")
    page.get_by_role("button", name="Join", exact=True).click()
    assert page.evaluate("typeof htmx == 'object' && htmx.version").startswith("2.")
    page.get_by_label("Message", exact=True).last.fill("Is it on?")
    page.get_by_label("Message", exact=True).last.press("Enter")
    expect(page.locator("#messages [data-message-body]")).to_have_text("Is it on?")
    assert page.console_lines == []


def test_files_are_hashed_compressed_and_kept_for_good(reader, full_room):
    page = reader()
    come_in(page, full_room, "Erin")
    page.wait_for_load_state("networkidle")
    files = [answer for answer in page.answers if "/static/" in answer.url]
    assert {Path(answer.url).suffix for answer in files} >= {".css", ".js", ".svg"}
    for answer in files:
        assert answer.status == 200
        assert HASHED.search(answer.url), answer.url
        assert answer.header_value("content-encoding") in ("br", "gzip"), answer.url
        assert "immutable" in answer.header_value("cache-control"), answer.url


def test_pages_carry_the_policy_and_are_compressed(reader, running, full_room):
    page = reader()
    for url in (f"{running}/", full_room, f"{running}/nothing/here/"):
        answer = page.goto(url)
        policy = answer.header_value("content-security-policy")
        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';"), url
        assert "unsafe" not in policy
        assert answer.header_value("cache-control") == "private, no-store"
        assert answer.header_value("content-encoding") == "gzip", url


@EITHER_WAY
def test_no_page_requests_other_hosts_or_logs_errors(reader, running, full_room, javascript):
    page = reader(javascript)
    page.goto(running)
    come_in(page, full_room, "Frida" if javascript else "Gerd")
    expect(page.locator("#room")).to_be_attached()
    for path in ("", "messages/", "live/", "compose/"):
        page.goto(full_room + path, wait_until="commit")  # a streamed log never ends
        page.wait_for_timeout(1000)
    for path in ("/preferences/", "/messages/2/", "/admin/", "/"):
        page.goto(running + path, wait_until="networkidle")
    assert [url for url in page.asked if not url.startswith((f"{running}/", "data:"))] == []
    assert page.console_lines == []
