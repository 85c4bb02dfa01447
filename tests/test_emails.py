"""Emails: their links lead to this site, whatever the request says; without a known address, none is sent."""

import inspect
import re
from io import StringIO

import pytest
from django.core import mail
from django.core.exceptions import ImproperlyConfigured

from chat import checks, emails
from chat.management.commands import serve
from chat.models import Participant, Site
from chat_app.environment import Env

REFUSED_URLS = [
    "chat.example.org",
    "ftp://chat.example.org",
    "https://",
    "https://chat.example.org:port",
    "https://chat.example.org:99999",
    "https://bob:secret@chat.example.org",
    "https://chat.example.org/?room=1",
    "https://chat.example.org/#room",
    "https://chat.example.org/a b",
    "https://chat.example.org\r\nhttps://other.example",
    "https://[::1",
]


@pytest.fixture
def two_hosts(settings, monkeypatch, db):
    """A site with two host names and an account with an email address. Emails are sent at once."""
    monkeypatch.setattr(emails, "PAUSE", 0)
    monkeypatch.setattr(emails.senders, "submit", lambda work, *arguments: work(*arguments))
    settings.ALLOWED_HOSTS, settings.SITE_URL = ["chat.example.org", "other.example.org"], ""
    Participant().create_account("Bob", "a long walk home", "bob@example.org")
    return settings


def request_reset(person, host, **more):
    return person().post("/account/reset/", {"who": "Bob"}, HTTP_HOST=host, **more)


@pytest.mark.parametrize("host", ["chat.example.org", "chat.example.org:444", "other.example.org", "evil.example"])
def test_the_link_in_an_email_never_comes_from_the_host_header(two_hosts, person, host):
    two_hosts.SITE_URL = "https://talk.example.org:8443/chat"
    request_reset(person, host, HTTP_X_FORWARDED_HOST="evil.example")
    texts = [sent.body for sent in mail.outbox]
    assert len(texts) == (0 if host == "evil.example" else 1)
    assert all("https://talk.example.org:8443/chat/account/reset/" in text and host not in text for text in texts)


@pytest.mark.parametrize(("https", "url"), [(False, "http://chat.example.org/"), (True, "https://chat.example.org/")])
def test_the_only_allowed_host_is_the_host_of_links_in_emails(two_hosts, person, https, url):
    two_hosts.ALLOWED_HOSTS, two_hosts.HTTPS = ["chat.example.org"], https
    request_reset(person, "chat.example.org:444")
    assert f"{url}account/reset/" in mail.outbox[0].body


@pytest.mark.parametrize("hosts", [["chat.example.org", "other.example.org"], ["*"], [".example.org"]])
def test_without_a_known_address_no_email_is_sent_and_the_page_says_so(two_hosts, person, hosts):
    two_hosts.ALLOWED_HOSTS = hosts
    pages = [
        person().get("/account/reset/", HTTP_HOST="chat.example.org"),
        request_reset(person, "chat.example.org"),
    ]
    assert {page.status_code for page in pages} == {200}
    for page in pages:
        text = page.content.decode()
        assert "This site doesn’t send email, so it can’t send you a reset link." in text
        assert 'name="who"' not in text
    assert mail.outbox == []


@pytest.mark.parametrize("prefix", ["/", "/chat/"])
def test_links_in_emails_have_the_sub_path_once(two_hosts, monkeypatch, prefix):
    monkeypatch.setattr(emails, "get_script_prefix", lambda: prefix)
    two_hosts.SITE_URL = "https://talk.example.org/chat"
    assert emails.absolute_url(emails.site_url(), f"{prefix}account/") == "https://talk.example.org/chat/account/"
    two_hosts.SITE_URL, two_hosts.ALLOWED_HOSTS = "", ["chat.example.org"]
    assert emails.absolute_url(emails.site_url(), f"{prefix}account/") == f"http://chat.example.org{prefix}account/"


def greeting():
    out = StringIO()
    serve.Command(stdout=out).greet("http://127.0.0.1:8000/")
    return [line for line in out.getvalue().splitlines() if "SITE_URL" in line]


def test_the_start_says_in_one_line_if_no_email_can_be_sent(two_hosts, monkeypatch):
    monkeypatch.setattr(serve.connections, "close_all", lambda: None)  # it would close that of the test
    assert greeting() == [
        "No password reset emails: set SITE_URL, such as https://chat.example.org, or only one name in ALLOWED_HOSTS."
    ]
    two_hosts.ACCOUNTS = "off"
    assert greeting() == []
    two_hosts.ACCOUNTS, two_hosts.SITE_URL = "on", "https://chat.example.org"
    assert greeting() == []


def site_url(value):
    env = Env()
    env.ENVIRON = {"SITE_URL": value}
    return env.site_url("SITE_URL", default="")


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("", ""),
        ("https://chat.example.org", "https://chat.example.org"),
        ("https://chat.example.org/", "https://chat.example.org"),
        (" HTTP://Chat.example.org:8080/chat/ ", "http://chat.example.org:8080/chat"),
        ("http://[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_the_site_url_is_read_without_a_slash_at_the_end(value, read):
    assert site_url(value) == read


@pytest.mark.parametrize("value", REFUSED_URLS)
def test_a_site_url_that_cannot_work_is_refused_in_a_sentence(value):
    with pytest.raises(ImproperlyConfigured, match="is not the URL of a site") as refused:
        site_url(value)
    assert "secret" not in str(refused.value)


def test_the_site_url_must_fit_the_other_settings(two_hosts):
    assert checks.check_site_url(None) == []
    two_hosts.SITE_URL = "http://talk.example.org"
    [host] = checks.check_site_url(None)
    assert host.msg == "The host of SITE_URL, talk.example.org, is not in ALLOWED_HOSTS."
    two_hosts.SITE_URL, two_hosts.HTTPS = "http://chat.example.org:8080", True
    [scheme] = checks.check_site_url(None)
    assert scheme.msg == "HTTPS=on, but SITE_URL begins with http://."
    two_hosts.SITE_URL = "https://other.example.org/chat"
    assert checks.check_site_url(None) == []


@pytest.mark.parametrize("url", ["https://chat.example.org", "https://chat.example.org/talk"])
def test_the_site_url_must_end_with_the_sub_path(two_hosts, url):
    two_hosts.SUBPATH, two_hosts.SITE_URL = "chat", url
    [path] = checks.check_site_url(None)
    assert path.msg == "The path of SITE_URL is not SUBPATH, so links in emails would lead to no page."
    two_hosts.SITE_URL = "https://chat.example.org/chat"
    assert checks.check_site_url(None) == []


def test_the_checks_of_settings_have_ids_of_their_own():
    ids = re.findall(r'id="(chat\.\w+)"', inspect.getsource(checks))
    assert sorted(ids) == sorted(set(ids))


def test_line_ends_in_the_name_of_the_site_do_not_stop_emails(two_hosts, person):
    two_hosts.SITE_URL = "https://chat.example.org"
    Site.objects.create(name="Reading\r\nBcc: evil@example.org\x85club")
    request_reset(person, "chat.example.org")
    assert mail.outbox[0].subject == "Reset your password at Reading Bcc: evil@example.org club"
    assert mail.outbox[0].recipients() == ["bob@example.org"]


def test_an_email_that_cannot_be_built_is_logged_without_its_text(two_hosts, caplog):
    emails._send("bob@example.org\nevil@example.org", "Hello", "a secret link")
    assert "could not send an email: BadHeaderError" in caplog.text
    assert "secret" not in caplog.text
