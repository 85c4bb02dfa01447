"""Security: headers, cookies, sessions, and escaped text."""

import re
import runpy

import httpx
import pytest
from django.urls import get_resolver

from chat import markup
from chat.models import Message, Room, Site
from chat_app.settings import BASE_DIR

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-src 'self'; manifest-src 'self'; frame-ancestors 'self'; "
    "base-uri 'none'"
)


def addresses(room, message):
    """A URL for each route of the product, the admin's sign-in page, and a URL that doesn't exist."""
    known = {"slug": room.slug, "number": 2, "pk": message.pk, "key": "nonsense", "uid": "MQ", "token": "a-b"}
    for pattern in get_resolver("chat.urls").url_patterns:
        yield "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda match: str(known[match[1]]), str(pattern.pattern))
    yield from ("/admin/", "/admin/login/", "/nowhere/", "/rooms/nowhere/")


@pytest.mark.parametrize("method", ["get", "post", "delete"])
def test_every_answer_has_every_header(alice, room, person, method):
    alice.send(room, "hello")
    message = Message.objects.get(text="hello")
    for who in (alice, person()):
        for url in addresses(room, message):
            answer = getattr(who, method)(url)
            assert answer.status_code < 500, url
            headers = answer.headers
            assert headers["Content-Security-Policy"] == POLICY, url
            assert headers["X-Content-Type-Options"] == "nosniff", url
            assert headers["X-Frame-Options"] == "SAMEORIGIN", url
            assert headers["Referrer-Policy"] == "same-origin", url
            assert headers["Cross-Origin-Opener-Policy"] == "same-origin", url
            assert headers["Cross-Origin-Resource-Policy"] == "same-origin", url
            assert "camera=()" in headers["Permissions-Policy"], url
            if "/composer/" not in url and "admin" not in url and "superseded" not in url:
                assert headers["Cache-Control"] == "private, no-store", url


def test_static_files_and_the_gates_own_answers_have_every_header(server):
    assert httpx.get(f"{server}/static/favicon.svg").headers["Content-Security-Policy"] == POLICY
    too_much = httpx.post(f"{server}/join/", content=b"x" * 300_000)
    assert too_much.status_code == 413
    assert too_much.headers["Content-Security-Policy"] == POLICY
    nonsense = httpx.get(f"{server}/", headers={"Host": "\x01"})
    assert nonsense.status_code == 400
    assert "Content-Security-Policy" in nonsense.headers


def test_a_redirect_to_https_and_a_wrong_host_have_every_header(client, db, settings):
    settings.SECURE_SSL_REDIRECT = True
    away = client.get("/")
    assert away.status_code == 301
    assert away.headers["Content-Security-Policy"] == POLICY
    assert client.get("/", headers={"Host": "evil.example"}, secure=True).headers["Content-Security-Policy"] == POLICY


def test_pages_that_differ_for_htmx_tell_caches_so(alice, room):
    for url in (
        "/",
        room.get_absolute_url(),
        f"{room.get_absolute_url()}messages/",
        f"{room.get_absolute_url()}changes/",
    ):
        assert "HX-Request" in alice.get(url).headers["Vary"]


# Sessions


def test_a_first_join_binds_the_session_for_a_year_under_a_new_key(person):
    visitor = person()
    visitor.get("/")
    assert "session" not in visitor.cookies, "who only looks gets no session"
    visitor.join("Reading club", "Alice")
    cookie = visitor.cookies["session"]
    assert cookie["max-age"] == 365 * 24 * 3600
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"


def test_the_key_changes_when_an_existing_session_gets_a_participant(person):
    visitor = person()
    visitor.session.save()  # an attacker planted a session
    planted = visitor.cookies["session"].value
    visitor.join("Reading club", "Alice")
    assert visitor.cookies["session"].value != planted


def test_a_second_join_keeps_the_key_so_that_polls_under_way_stay_valid(alice):
    before = alice.cookies["session"].value
    answer = alice.join("Another", "Alice")
    assert "session" not in answer.cookies
    assert alice.cookies["session"].value == before


def test_only_a_full_page_renews_the_session_and_rarely(alice, room):
    session = alice.session
    session["renewed"] -= 31 * 24 * 3600
    session.save()
    assert "session" not in alice.poll(room, 1).cookies
    assert "session" in alice.get(room.get_absolute_url()).cookies
    assert "session" not in alice.get(room.get_absolute_url()).cookies


def test_the_cookie_of_an_unknown_session_is_kept(person, room):
    visitor = person()
    visitor.cookies["session"] = "x" * 32
    for url in (
        "/",
        room.get_absolute_url(),
        f"{room.get_absolute_url()}changes/",
        f"{room.get_absolute_url()}reader.css",
    ):
        assert "session" not in visitor.get(url).cookies, url


@pytest.mark.parametrize("key", ["x" * 60_000, "A" * 32, "x" * 31, "../../etc/passwd", "x" * 31 + "é"])
def test_a_malformed_session_cookie_is_not_looked_up(person, room, key, django_assert_num_queries):
    visitor = person()
    visitor.cookies["session"] = key
    with django_assert_num_queries(0):
        assert visitor.poll(room, 1).status_code == 200


def test_late_responses_set_no_cookie(alice, room):
    alice.cookies.pop("csrf", None)
    session = alice.session
    session["renewed"] = 0
    session.save()
    for part in ("changes/", "live/", "reader.css", "composer/2/", "composer/status/"):
        assert not alice.get(f"{room.get_absolute_url()}{part}").cookies, part
    alice.membership.leave()
    assert not alice.get(f"{room.get_absolute_url()}live/").cookies


def test_only_pages_with_forms_replace_an_invalid_csrf_cookie(alice, room):
    alice.cookies["csrf"] = "broken"
    for part in ("changes/", "reader.css", "composer/2/", "composer/status/"):
        assert "csrf" not in alice.get(f"{room.get_absolute_url()}{part}").cookies, part
    assert "csrf" in alice.get(room.get_absolute_url()).cookies


def test_signing_out_of_the_admin_does_delete_the_cookie(admin_client):
    answer = admin_client.post("/admin/logout/")
    assert answer.cookies["session"]["max-age"] == 0


@pytest.mark.parametrize(
    "next_url",
    ["https://evil.example/", "//evil.example", "javascript:alert(1)", "/\\evil.example", "/a\nb", "/a\x01b"],
)
def test_a_form_cannot_redirect_to_another_site(alice, room, next_url):
    answer = alice.send(room, "hello", next=next_url)
    assert answer.headers["Location"] == f"{room.get_absolute_url()}#end"


# Text is escaped

ATTACKS = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "<svg/onload=alert(1)>",
    "' onmouseover='alert(1)",
    "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    'http://a.example/"onmouseover=alert(1)',
    "http://a.example/<script>",
    "<a href=javascript:alert(1)>x</a>",
    "{{ request }} {% csrf_token %}",
    "<b hx-get=/leave hx-trigger=load>",
    '<div id="notice" hx-swap-oob="true">',
    "</li></ol><li id=m1>",
    "&lt;script&gt;",
    "<!--",
    "]]>",
    "mailto:a@example.org?subject=<script>",
]


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_text_becomes_markup_anywhere(person, admin_client, attack):
    visitor = person()
    visitor.join(f"R {attack}"[:64], f"N {attack}".replace('"', "'")[:64])
    room = Room.objects.get()
    room.set_topic(attack)
    Site.objects.create(name="S", rules=attack, contact=attack)
    visitor.send(room, attack)
    message = Message.objects.get(text=attack, event="")
    pages = ["/", room.get_absolute_url(), message.get_absolute_url(), "/rules/"]
    pages += [f"{room.get_absolute_url()}{part}/" for part in ("live", "messages", "changes", "compose")]
    bodies = [visitor.get(page).content.decode() for page in pages]
    bodies += [
        admin_client.get(f"/admin/chat/{model}/").content.decode() for model in ("room", "message", "membership")
    ]
    no_markup_in(bodies)


def no_markup_in(bodies):
    for body in bodies:
        for tag in re.findall(r"<[^!][^>]*>", body):
            assert "alert(1)" not in re.sub(r'"[^"]*"', "", tag), tag
            assert not re.search(r"\son\w+\s*=", re.sub(r'"[^"]*"', "", tag)), tag
        assert "<svg/onload" not in body
        assert "<b hx-get" not in body
        assert 'href="javascript:' not in body.lower()


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_text_becomes_markup_on_pages_about_people(person, attack):
    """Rules, names in join requests, invited people, answers, direct messages, and account pages."""
    nickname = attack.replace('"', "'")
    owner, guest, waiting = person("Reading club", f"A{nickname}"[:64]), person(), person()
    room = Room.objects.get()
    room.update_settings(rules=attack, approval=True, name=f"R {attack}"[:64])
    page = f"/rooms/{Room.objects.get().slug}/"
    made = owner.post(f"{page}invitations/", {"max_uses": "9", "days": "7"}).content.decode()
    invitation = re.search(r"/invitations/[\w-]{22}/", made)[0]
    guest.post(invitation, {"nickname": f"B{nickname}"[:64]})
    waiting.post(f"{page}join/", {"nickname": f"C{nickname}"[:64]})
    asked = owner.post(f"{page}members/{guest.membership.pk}/write/").headers["Location"]
    bodies = [owner.get(f"{page}{part}") for part in ("", "members/", "invitations/", "settings/", "delete/", "name/")]
    bodies += [owner.get("/account/"), owner.get(asked), guest.get(f"{asked}chat-request/"), guest.get("/")]
    bodies += [person().get(invitation), waiting.get(f"{page}join-request/")]
    owner.post(f"{page}members/{waiting.membership.pk}/answer/", {"answer": attack[:200]})
    bodies.append(waiting.get(f"{page}join-request/"))
    assert [body.status_code for body in bodies] == [200] * len(bodies)
    no_markup_in(body.content.decode() for body in bodies)


def test_links_are_safe_and_only_to_the_web_and_email(alice, room):
    alice.send(room, "see https://example.org/a?b=c&d=e, www.example.com or me@example.org; not ftp://example.org/x")
    html = Message.objects.get(event="").html
    assert html.count("<a ") == 3
    assert html.count('rel="nofollow ugc noopener noreferrer"') == 3
    assert 'href="https://example.org/a?b=c&amp;d=e"' in html
    assert 'href="mailto:me@example.org"' in html
    assert "ftp://example.org" in html
    assert 'href="ftp' not in html


def test_production_settings_give_no_warning(tmp_path):
    import subprocess
    import sys

    environment = {
        "ENV_FILE": "/dev/null",
        "SECRET_KEY": "k3y-" + "aB3$" * 16,
        "HTTPS": "on",
        "ALLOWED_HOSTS": "chat.example.org",
        "TRUSTED_PROXIES": "1",
        "DATABASE_URL": f"sqlite:///{tmp_path}/x.sqlite3",
        "PATH": "/usr/bin:/bin",
    }
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    checked = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr


@pytest.mark.parametrize(("environment", "preload"), [({}, False), ({"HSTS_PRELOAD": "on"}, True)])
def test_only_its_own_setting_agrees_to_the_browsers_list_of_https_sites(monkeypatch, environment, preload):
    for name, value in ({"HTTPS": "on"} | environment).items():
        monkeypatch.setenv(name, value)
    read = runpy.run_path(str(BASE_DIR / "chat_app/settings.py"))
    assert (read["SECURE_HSTS_SECONDS"] > 0, read["SECURE_HSTS_PRELOAD"]) == (True, preload)


@pytest.fixture
def strict(person):
    """A member whose browser sends only the fields of the pages, with CSRF checks on."""
    alice = person(enforce_csrf_checks=True)
    alice.post("/join/", fields(alice, "/") | {"room": "Reading club", "nickname": "Alice"})
    return alice


def fields(person, url, action=None):
    """The hidden fields of a page's form."""
    page = person.get(url).content.decode()
    form = re.search(rf'<form[^>]*action="{action}".*?</form>', page, re.S)[0] if action else page
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form))


def test_the_forms_of_a_member_work_with_the_fields_of_the_pages(strict):
    room = Room.objects.get()
    url = room.get_absolute_url()
    strict.post(
        "/preferences/",
        fields(strict, "/preferences/") | {"time_zone": "UTC", "poll_seconds": "2", "refresh_seconds": "30"},
    )
    assert strict.membership.participant.refresh_seconds == 30
    refresh = fields(strict, f"{url}compose/", "/preferences/refresh/")
    assert (
        strict.post("/preferences/refresh/", refresh | {"refresh_seconds": "10"}).headers["Location"] == f"{url}live/"
    )
    assert strict.membership.participant.refresh_seconds == 10
    strict.post(f"{url}send/", fields(strict, f"{url}compose/", f"{url}send/\\#text-1") | {"text": "from the frame"})
    assert Message.objects.filter(text="from the frame").exists()
    strict.post(f"{url}leave/", fields(strict, f"{url}leave/"))
    assert not strict.membership.is_inside


def test_an_origin_that_only_begins_like_ours_is_refused(strict):
    answer = strict.post("/join/", {"room": "R", "nickname": "N"}, headers={"Origin": "http://testserver.evil.example"})
    assert answer.status_code == 403


def test_cookies_are_unreachable_for_scripts_and_other_sites(person):
    visitor = person()
    visitor.get("/")
    visitor.join("Reading club", "Alice")
    for name in ("csrf", "session"):
        assert (visitor.cookies[name]["httponly"], visitor.cookies[name]["samesite"]) == (True, "Lax"), name


EVIL_LINKS = [
    'https://a.example/" id="m1',
    "https://a.example/\u00a0",
    "javascript:alert(1)",
    "data:text/html,x",
    "//a.example/",
    "/relative",
    "http://1.2.3.999/",
]


@pytest.mark.parametrize("href", EVIL_LINKS)
def test_only_links_that_the_sanitizer_knows_survive_whatever_is_found(monkeypatch, href):
    monkeypatch.setattr(markup.links, "find", lambda text: iter([(0, 1, href)]))
    assert markup.render("<b>") == "&lt;b&gt;"
    monkeypatch.setattr(markup.links, "find", lambda text: iter([(0, 1, "https://a.example/")]))
    assert markup.render("<b>") == f'<a href="https://a.example/" rel="{markup.LINK_REL}">&lt;</a>b&gt;'
