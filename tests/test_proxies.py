"""Mistakes of a reverse proxy: page and log name the cause, and nothing redirects in a loop."""

import pytest

from chat.models import Room
from tests.conftest import new_person

SITE = "chat.example.org"
BROWSER = {"Host": SITE, "Sec-Fetch-Site": "same-origin"}


@pytest.fixture(autouse=True)
def allowed_host(settings, db):
    settings.ALLOWED_HOSTS = [SITE]


@pytest.fixture
def https(settings):
    settings.SECURE_SSL_REDIRECT, settings.TRUSTED_PROXIES = True, 1
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    return settings


def join(**headers):
    """Send the join form with these headers, and a token that Django accepts."""
    person = new_person(enforce_csrf_checks=True)
    person.get("/", headers={"Host": headers["Host"]})
    form = {"room": "R", "nickname": "N", "csrfmiddlewaretoken": person.cookies["csrf"].value}
    return person.post("/join/", form, headers=headers)


def logged(caplog):
    (line,) = [record.getMessage() for record in caplog.records if record.name == "chat"]
    return line


def test_a_certificate_in_front_of_a_server_with_https_off_is_named(caplog):
    refused = join(Host=SITE, Origin=f"https://{SITE}")
    assert refused.status_code == 403
    assert "You use HTTPS, but this site is set up without it" in refused.text
    assert "open for a long time" not in refused.text
    assert "set HTTPS=on and TRUSTED_PROXIES=1" in logged(caplog)
    assert not Room.objects.exists()


@pytest.mark.parametrize(
    ("host", "headers"),
    [
        (SITE, {"Origin": f"http://{SITE}:8080"}),
        ("127.0.0.1:8000", {"Origin": f"http://{SITE}", "Sec-Fetch-Site": "same-origin"}),
    ],
    ids=["without port", "not passed on"],
)
def test_a_changed_host_is_named(caplog, settings, host, headers):
    settings.ALLOWED_HOSTS = [SITE, "127.0.0.1"]
    refused = join(Host=host, **headers)
    assert refused.status_code == 403
    assert "The proxy in front of this site changes its address" in refused.text
    assert "proxy_set_header Host $http_host" in logged(caplog)
    assert not Room.objects.exists()


def test_a_forged_origin_writes_no_other_line_into_the_log(caplog):
    """Some readers of logs begin a new line at U+0085, and terminals a command at U+009B."""
    for scheme in ("http", "https"):
        caplog.clear()
        join(Host=SITE, Origin=f"{scheme}://a\x85\x9b{'b' * 1000}", **{"Sec-Fetch-Site": "same-origin"})
        assert logged(caplog).isprintable()
        assert len(logged(caplog)) < 500


@pytest.mark.parametrize("origin", ["https://evil.example", f"https://{SITE}.evil.example", "null", "http://[", ""])
def test_a_form_of_another_site_is_not_taken_for_a_mistake(caplog, origin):
    refused = join(Host=SITE, Origin=origin)
    assert refused.status_code == 403
    assert "proxy" not in refused.text.lower()
    assert [record for record in caplog.records if record.name == "chat"] == []


@pytest.mark.parametrize(
    "headers",
    [{"Host": SITE}, BROWSER | {"X-Forwarded-Proto": "http"}, BROWSER],
    ids=["missing", "another proxy overwrote it", "missing from a browser"],
)
def test_a_missing_or_wrong_x_forwarded_proto_is_named_instead_of_a_redirect_loop(client, https, caplog, headers):
    page = client.get("/", headers=headers)
    assert (page.status_code, "Location" in page.headers) == (400, False)
    assert "doesn’t tell the server that you use HTTPS" in page.text
    assert "proxy_set_header X-Forwarded-Proto $scheme" in logged(caplog)


@pytest.mark.parametrize("headers", [{"Host": SITE, "X-Forwarded-Proto": "https"}, BROWSER])
def test_a_proxy_that_is_not_trusted_is_named_instead_of_a_redirect_loop(client, https, caplog, headers):
    https.TRUSTED_PROXIES, https.SECURE_PROXY_SSL_HEADER = 0, None
    page = client.get("/", headers=headers)
    assert (page.status_code, "Location" in page.headers) == (400, False)
    assert "Set TRUSTED_PROXIES=1" in logged(caplog)


@pytest.mark.parametrize(
    ("proxies", "headers"),
    [
        (1, {"Host": SITE, "X-Forwarded-Proto": "http"}),
        (1, {"Host": "localhost", "Sec-Fetch-Site": "none", "X-Forwarded-Proto": "http"}),
        (0, {"Host": SITE}),
    ],
)
def test_visitors_without_https_are_redirected(client, https, proxies, headers):
    https.TRUSTED_PROXIES, https.ALLOWED_HOSTS = proxies, [SITE, "localhost"]
    page = client.get("/rules/", headers=headers)
    assert (page.status_code, page.headers["Location"]) == (301, f"https://{headers['Host']}/rules/")


def test_visitors_with_https_get_the_page(client, https):
    assert client.get("/", headers=BROWSER | {"X-Forwarded-Proto": "https"}).status_code == 200
