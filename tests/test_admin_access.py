"""The access table of the admin: the answer of every URL to every role, with staff of different permissions."""

import re

import pytest
from django.apps import apps
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import URLPattern, get_resolver
from django_otp.plugins.otp_totp.models import TOTPDevice

from chat.models import Site, User
from tests.support.browsing import say
from tests.test_access import ROLES, asked, cast, shared_rows, unlike  # noqa: F401 - fixtures

STAFF = ["before their code", "without rights", "all rights"]
EVERYBODY = [*(role for role in ROLES if role != "staff"), *STAFF]

forbidden, changed, looked_at, elsewhere = (403, 403, 403, 403), (403, 200, 403, 200), (403, 200, 403, 403), (302,) * 4
TABLE = {  # URL: the status of GET for staff without permissions and for superusers, then that of POST
    "": (200, 200, 200, 200),
    "two-factor/": (200, 200, 422, 422),
    "two-factor/remove/": (303, 303, 422, 422),
    "login/": (302, 302, 200, 200),
    "password_change/": (200, 200, 200, 200),
    "password_change/done/": (200, 200, 405, 405),
    "autocomplete/": (403, 403, 405, 405),
    "jsi18n/": (200, 200, 405, 405),
    "r/<path:content_type_id>/<path:object_id>/": (404, 404, 404, 404),
    "chat/user/<id>/password/": changed,
    r"^(?P<app_label>auth|chat)/$": (404, 200, 404, 200),
    r"(?P<url>.*)$": (404, 404, 404, 404),
    "logout/": (303, 303, 200, 200),  # the last, as it ends the session
}
PAGES = ["", "add/", "<path:object_id>/history/", "<path:object_id>/delete/", "<path:object_id>/change/"]
# The admin neither creates nor deletes rows of the product; it changes rooms only.
OF_THE_PRODUCT = (changed, forbidden, changed, forbidden, looked_at)
MODELS = {
    "auth/group/": (changed,) * 5,
    "chat/user/": (changed,) * 5,
    "chat/room/": (*OF_THE_PRODUCT[:4], (403, 200, 403, 302)),
    "chat/message/": OF_THE_PRODUCT,
    "chat/membership/": OF_THE_PRODUCT,
    "chat/participant/": OF_THE_PRODUCT,
    "chat/site/": (elsewhere, forbidden, changed, forbidden, changed),
}
TABLE = {
    **{model + page: row for model, rows in MODELS.items() for page, row in zip(PAGES, rows, strict=True)},
    **{model + "<path:object_id>/": elsewhere for model in MODELS},
    **TABLE,
}
OPEN_TO_ALL = {"login/": (200, 200), "logout/": (303, 200)}


def paths(resolver, prefix=""):
    for pattern in resolver.url_patterns:
        path = prefix + str(pattern.pattern)
        yield from [path] if isinstance(pattern, URLPattern) else paths(pattern, path)


@pytest.fixture
def everybody(cast):  # noqa: F811
    """The cast, and staff; users with two-factor authentication have not entered a code."""
    Site.objects.update_or_create(pk=1)
    Group.objects.create(name="Helpers")
    say(cast["owner"].membership, "hello")
    for role in STAFF:
        user = User.objects.create_user(role, is_staff=True, is_superuser=role != "without rights")
        cast[role] = Client()
        cast[role].force_login(user)
    TOTPDevice.objects.create(user=User.objects.get(username="before their code"), name="app", confirmed=True)
    return cast


def address(path):
    """The URL with the id of an existing object."""
    model = re.match(r"(auth|chat)/(\w+)/", path)
    pk = apps.get_model(*model.groups()).objects.first().pk if model else 1
    path = re.sub(r"\^?\(\?P<(\w+)>.*?\)|\$", lambda match: {"app_label": "chat", "url": "x"}.get(match[1], ""), path)
    return "/admin/" + re.sub(r"<(?:\w+:)?\w+>", str(pk), path)


def test_every_url_has_a_row():
    site, product = get_resolver().url_patterns
    assert product.urlconf_name.__name__ == "chat.urls", "whose rows are in test_access.py"
    assert TABLE.keys() == set(paths(site))


def test_every_role_gets_the_status_in_the_table(everybody, settings):
    settings.LIMITS = False
    expected, seen = {}, {}
    for path, (get, staff_get, post, staff_post) in TABLE.items():
        rows = {"without rights": (get, post), "all rights": (staff_get, staff_post)}
        for role in EVERYBODY:
            expected[path, role] = OPEN_TO_ALL.get(path, (302, 302)) if role not in rows else rows[role]
            seen[path, role] = tuple(
                asked(everybody[role], method, address(path), {} if method == "post" else None)
                for method in ("get", "post")
            )
    assert unlike(expected, seen) == {}
