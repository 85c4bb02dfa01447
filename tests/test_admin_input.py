"""Malformed input in the admin: no id, filter or field value causes a server error."""

import re

import pytest
from django.conf import settings as project_settings
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.urls import get_resolver
from lxml import html

from chat.models import Membership, Message, Site, User
from tests.support.browsing import say
from tests.support.transactions import rolled_back
from tests.test_admin_access import address, paths

HUGE = "9999999999999999999"
VALUES = [HUGE, "-1", "text", "a\0b", [HUGE, "1", "text"]]
LISTS = ["auth/group/", "chat/user/", "chat/room/", "chat/message/", "chat/membership/", "chat/participant/"]
LIST_QUERIES = ["p", "o", "q", "e", "all", "_to_field", "_popup", "_changelist_filters", "room__id__exact"]
LIST_QUERIES += [
    "membership__id__exact",
    "participant__id__exact",
    "id__in",
    "sent_at__year",
    "created_at__year__gt",
    "joined_at__iso_year",
]
AUTOCOMPLETE = {"app_label": "chat", "model_name": "membership", "field_name": "room", "term": "x"}
IDS_IN_PATHS = [HUGE, f"-{HUGE}", "-1", "text", "a%00b", "_00", "1/1"]


@pytest.fixture
def browse(alice, settings):
    """A function that sends a request as a superuser, undoes what it did, and returns its response."""
    settings.LIMITS = False
    Site.objects.create()
    Group.objects.create(name="Helpers")
    say(alice.membership, "hello")
    Message.objects.exclude(event="").delete()  # those have no form, and `address` takes the first
    signed_in = Client()
    signed_in.force_login(User.objects.create_user("root", is_staff=True, is_superuser=True))

    def send(url, data=None):
        client = Client(raise_request_exception=False)
        client.cookies[project_settings.SESSION_COOKIE_NAME] = signed_in.cookies[
            project_settings.SESSION_COOKIE_NAME
        ].value
        with rolled_back():
            return client.get(url) if data is None else client.post(url, data)

    return send


def urls():
    return sorted({address(path) for path in paths(get_resolver("chat_app.urls").url_patterns[0])} - {"/admin/x"})


def forms_of(page):
    """Each form of the page that is sent by POST: its fields with their values, and its actions if it is a list."""
    document = html.document_fromstring(page)
    for form in document.xpath("//form[@method='post']"):
        values = {key: form.fields[key] for key in form.fields if key}
        values = {key: value for key, value in values.items() if key != "csrfmiddlewaretoken"}
        values = {
            key: list(value) if isinstance(value, html.MultipleSelectOptions) else value or ""
            for key, value in values.items()
        }
        actions = [
            option.get("value") for option in form.xpath(".//select[@name='action']/option") if option.get("value")
        ]
        yield form.get("action") or "", values, actions


def failures(browse, requests):
    """Of these requests (a URL, and the data of a POST or None), those that are answered with a server error."""
    return [(url, data) for url, data in requests if browse(url, data).status_code >= 500]


PARTS = {  # of the admin, by the start of the URL, each with some of the fields of its forms
    "auth/": {"permissions", "_selected_action"},
    "chat/user/": {"groups", "user_permissions", "_selected_action"},
    "chat/(?!user/)": {"topic", "text", "name", "_selected_action"},
    "(?!auth/|chat/)": {"old_password", "code"},
}


@pytest.mark.parametrize("part", PARTS)
def test_no_value_of_any_field_of_any_form_causes_a_server_error(browse, part):
    requests = []
    for url in [url for url in urls() if re.match(f"/admin/{part}", url)]:
        page = browse(url)
        if page.status_code != 200 or "html" not in page.headers["Content-Type"]:
            continue
        for target, values, actions in forms_of(page.content.decode()):
            target = target if target.startswith("/") else url
            for name in values:
                requests += [(target, values | {name: value}) for value in VALUES]
            for action in actions:
                requests += [(target, {"action": action, "_selected_action": value}) for value in VALUES]
                confirmed = {"action": action, "post": "yes", "_selected_action": HUGE}
                requests += [(target, confirmed), (target, confirmed | {"select_across": "1", "index": HUGE})]
    assert PARTS[part] <= {name for _url, values in requests for name in values}
    assert failures(browse, requests) == []


def test_no_id_in_a_path_causes_a_server_error(browse):
    patterns = [path for path in paths(get_resolver("chat_app.urls").url_patterns[0]) if "<" in path]
    spots = [re.sub(r"^\^|\$$", "", path) for path in patterns if "(?P" not in path]
    filled = [re.sub(r"<(?:\w+:)?\w+>", value, path) for path in spots for value in IDS_IN_PATHS]
    requests = [(f"/admin/{path}", data) for path in filled for data in (None, {"post": "yes"})]
    assert len(requests) > 200
    assert failures(browse, requests) == []


@pytest.mark.parametrize("model", LISTS)
def test_no_query_of_a_list_causes_a_server_error(browse, model):
    page = browse(f"/admin/{model}").content.decode()
    names = {name for href in re.findall(r'href="\?([^"]*)"', page) for name in re.findall(r"([^&;=]+)=", href)}
    queries = [
        "&".join(f"{name}={value}" for value in (values if isinstance(values, list) else [values]))
        for name in sorted({*names, *LIST_QUERIES})
        for values in ["a%00b" if value == "a\0b" else value for value in VALUES]
    ]
    assert failures(browse, [(f"/admin/{model}?{query}", None) for query in queries]) == []


def test_nul_in_a_query_which_postgresql_does_not_take_is_a_bad_request(browse):
    assert browse("/admin/chat/room/?access__exact=a%00b").status_code == 400


def test_no_query_of_the_autocompletion_causes_a_server_error(browse):
    queries = [AUTOCOMPLETE | {name: HUGE} for name in [*AUTOCOMPLETE, "page"]]
    urls = ["/admin/autocomplete/?" + "&".join(f"{key}={value}" for key, value in query.items()) for query in queries]
    assert failures(browse, [(url, None) for url in urls]) == []


def test_ids_too_large_for_the_database_match_nothing_in_a_list_of_ids(alice):
    pk = alice.membership.pk
    found = Membership.objects.filter(pk__in=[int(HUGE), pk, -int(HUGE)])
    assert [member.pk for member in found] == [pk]
    assert not Membership.objects.filter(pk__in=[int(HUGE)]).exists()
    assert Membership.objects.exclude(pk__in=[int(HUGE)]).count() == 1
    assert Membership.objects.filter(room__in=Membership.objects.values("room")).count() == 1
    assert Permission.objects.filter(pk__in=Permission.objects.values("pk")[:2]).count() == 2


@pytest.mark.parametrize("where", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"])
def test_a_refused_next_after_signing_in_leads_to_the_admin(client, where, db):
    User.objects.create_superuser("root", password="a long walk home")
    form = {"username": "root", "password": "a long walk home", "next": where}
    signed_in = client.post("/admin/login/", form)
    assert (signed_in.status_code, signed_in.headers["Location"]) == (302, "/admin/")


@pytest.mark.parametrize("field", ["name", "welcome", "contact"])
@pytest.mark.parametrize("text", ["Reading\r\nclub", "Reading\nclub", "Reading\x1bclub", "Reading\u2028club"])
def test_one_line_texts_of_the_site_stay_one_line(admin_client, field, text):
    site = Site.objects.create()
    form = {"name": "Reading club", "welcome": "", "contact": "", "rules": "One\nTwo", "privacy": "", field: text}
    saved = admin_client.post(f"/admin/chat/site/{site.pk}/change/", form)
    site.refresh_from_db()
    value = getattr(site, field)
    assert (saved.status_code == 302) == (value == "Reading club")
    assert "\x1b" not in value
    assert len(value.splitlines()) <= 1
    assert (site.rules.splitlines() == ["One", "Two"]) == (saved.status_code == 302)
