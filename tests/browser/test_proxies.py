"""Behind nginx and Caddy, with the settings in docs/proxies.md: join, read, write and stream, with and without TLS."""

import re
from contextlib import ExitStack
from urllib.parse import urlsplit

import httpx
import pytest
from lxml import html

from tests.conftest import Visitor
from tests.support import proxies

PROXIES = {"nginx": proxies.nginx, "caddy": proxies.caddy}
SENT = [f"message {number}" for number in range(1, 11)]


@pytest.fixture(scope="module")
def sites(tmp_path_factory):
    """A function that returns the URL of a site, by the proxy's name and the kind of site."""
    folder, started = tmp_path_factory.mktemp("proxies"), {}
    with ExitStack() as stack:
        behind = proxies.parlours(stack, folder)

        def url(proxy, kind):
            if proxy not in started:
                started[proxy] = PROXIES[proxy](stack, folder, behind)
            scheme = "http" if kind in ("plain", "host without port") else "https"
            path = "/chat/" if kind in ("subpath", "shortened path") else "/"
            return f"{scheme}://localhost:{started[proxy][kind]}{path}"

        yield url


class Sender:
    """A person who sends messages with plain HTTP requests."""

    def __init__(self, site, room):
        parts = urlsplit(site)
        origin = {"Origin": f"{parts.scheme}://{parts.netloc}"}
        self.client = httpx.Client(base_url=site, verify=False, follow_redirects=True, headers=origin)
        self.page = self.client.get("")
        if self.page.status_code == 200:
            self.page = self.post("join/", room=room, nickname="Bob")
        self.room = str(self.page.url)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.client.close()

    def post(self, path, **fields):
        (token,) = [value for name, value in self.client.cookies.items() if name.endswith("csrf")]
        return self.client.post(path, data=fields | {"csrfmiddlewaretoken": token})

    def send(self, number, text):
        assert self.post(f"{self.room}send/", n=number, page="page-of-tests", text=text).status_code == 200

    def log(self):
        page = html.document_fromstring(self.client.get(f"{self.room}messages/").text)
        return [body.text_content().strip() for body in page.cssselect("[data-message-body]")]


def shown(visitor):
    return [text.strip() for text in visitor.log.locator("#messages [data-message-body]").all_inner_texts()]


@pytest.mark.parametrize("javascript", [True, False], ids=["javascript", "without"])
@pytest.mark.parametrize("kind", proxies.KINDS)
@pytest.mark.parametrize("proxy", PROXIES)
def test_people_chat_through_the_proxy(sites, chromium, proxy, kind, javascript):
    site, room = sites(proxy, kind), f"Room {proxy} {kind} {javascript}"
    with ExitStack() as stack:
        context = chromium.new_context(java_script_enabled=javascript, ignore_https_errors=True)
        alice = Visitor(stack.enter_context(context), site)
        alice.without_script = not javascript
        alice.join(room)
        bob = stack.enter_context(Sender(site, room))
        bob.send(1, "hello")
        alice.reads("hello")
        streams = [request for request in alice.requests if "/live/" in request.url]
        for number, text in enumerate(SENT, 2):
            bob.send(number, text)
        alice.send("from Alice")
        alice.reads(SENT[-1])
        alice.reads("from Alice")
        assert shown(alice) == bob.log()
        assert sorted(shown(alice)) == sorted(["hello", *SENT, "from Alice"])
        assert [request for request in alice.requests if "/live/" in request.url] == streams, "arrived in the stream"
        assert all(request.url.startswith(site) for request in alice.requests)
        assert alice.page.evaluate("typeof htmx") == ("object" if javascript else "undefined")
        assert alice.console == []
        protocol = alice.page.evaluate("performance.getEntriesByType('navigation')[0].nextHopProtocol")
        assert protocol == ("http/1.1" if kind == "plain" else "h2")


@pytest.mark.parametrize("kind", proxies.KINDS)
@pytest.mark.parametrize("proxy", PROXIES)
def test_cookies_headers_and_compression_arrive(sites, proxy, kind):
    site = sites(proxy, kind)
    page = httpx.get(site, verify=False)
    assert page.headers["Content-Encoding"] == "gzip"
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert ("Strict-Transport-Security" in page.headers) == (kind != "plain")
    cookie, path = page.headers["Set-Cookie"], urlsplit(site).path
    assert cookie.startswith({"plain": "csrf=", "tls": "__Host-csrf=", "subpath": "__Secure-csrf="}[kind])
    assert f"Path={path};" in f"{cookie};"
    for file in re.findall(r'(?:href|src)="([^"]*/static/[^"]+)"', page.text):
        assert file.startswith(f"{path}static/")
        assert httpx.get(f"{site.removesuffix(path)}{file}", verify=False).status_code == 200
    assert httpx.get(f"{site}health/", verify=False).text == "ok\n"


@pytest.mark.parametrize(
    ("mistake", "sentence"),
    [
        ("https off", "You use HTTPS, but this site is set up without it"),
        ("host without port", "The proxy in front of this site changes its address"),
        ("no proto", "doesn’t tell the server that you use HTTPS"),
        ("shortened path", "On this host, this site is at /chat/"),
    ],
)
def test_a_mistake_in_the_settings_of_nginx_is_named(sites, mistake, sentence):
    with Sender(sites("nginx", mistake), "R") as visitor:
        assert sentence in visitor.page.text
        assert visitor.page.status_code in (400, 403, 404)


@pytest.mark.parametrize("proxy", PROXIES)
def test_the_sub_path_is_in_all_addresses_outside_pages(sites, proxy):
    site = sites(proxy, "subpath")
    with httpx.Client(base_url=site, verify=False) as client:
        assert client.get("manifest.webmanifest").json()["start_url"] == "/chat/"
        assert "Disallow: /chat/account/" in client.get("robots.txt").text
        assert client.get("favicon.ico").headers["Location"].startswith("/chat/static/")
        assert client.get("join/").headers["Location"] == "/chat/"
        assert client.get(site.removesuffix("/")).headers["Location"].endswith("/chat/")
        admin = client.get("admin/", follow_redirects=True)
        assert admin.url.path == "/chat/admin/login/"
