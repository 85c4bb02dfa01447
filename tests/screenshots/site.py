"""Screenshots of the site's own pages: rules, errors and the admin."""

import pytest
from django.db import OperationalError
from django.test import override_settings

from chat.models import Membership, Message, Participant, Room, User
from tests.browser.test_accessibility import form_from_elsewhere
from tests.screenshots.people import member, mine, new_room, site
from tests.support.every_page import raising
from tests.support.more_pages import SECRET, at


def page(path):
    def show(alice):
        at(alice, path)

    return show


# Errors


def form_without_cookie(alice):
    """Submit a form after its cookie was deleted."""
    at(alice, "/")
    alice.page.get_by_label("Room", exact=True).fill("Reading club")
    alice.page.get_by_label("Your name").fill("Alice")
    alice.context.clear_cookies()
    alice.page.locator("form.join .primary").click()
    alice.page.locator("form[action='/join/']").first.wait_for()


def wrong_method(alice):
    """Submit a form to a page that takes none."""
    at(alice, "/")
    alice.page.locator("form.join").evaluate("form => { form.action = '/rules/'; form.submit() }")
    alice.page.wait_for_url("**/rules/")


def too_often(alice):
    with override_settings(LIMIT_PREFERENCES_PERSON="1/3600"):
        for _time in range(2):
            at(alice, "/preferences/")
            alice.page.locator("form .primary").first.click()


def failing(error):
    def show(alice):
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(Membership, "record_seen", raising(error))
            at(alice, mine().room.get_absolute_url())

    return show


# The admin


def root(alice):
    """Sign in to the admin."""
    User.objects.create_superuser("root", password=SECRET)
    at(alice, "/admin/login/")
    alice.page.locator("[name=username]").fill("root")
    alice.page.locator("[name=password]").fill(SECRET)
    alice.page.locator("[type=submit]").click()
    alice.page.wait_for_url("**/admin/")


def newest(model):
    """The admin's page of the newest object."""

    def show(alice):
        at(alice, f"/admin/chat/{model._meta.model_name}/{model.objects.order_by('pk').last().pk}/change/")

    return show


def all_of(model):
    return page(f"/admin/chat/{model._meta.model_name}/")


ADMIN = (site, member, root)
SHOTS = {
    "rules": (site, page("/rules/")),
    "privacy": (site, page("/privacy/")),
    "error-403": (form_from_elsewhere,),
    "error-404": (site, page("/nothing/here/")),
    "error-405": (site, wrong_method),
    "error-422": (form_without_cookie,),
    "error-429": (new_room, too_often),
    "error-500": (site, new_room, failing(RuntimeError("a bug"))),
    "error-503": (site, new_room, failing(OperationalError("database is locked"))),
    "admin-sign-in": (page("/admin/login/"),),
    "admin": ADMIN,
    "admin-rooms": (*ADMIN, all_of(Room)),
    "admin-room": (*ADMIN, newest(Room)),
    "admin-members": (*ADMIN, all_of(Membership)),
    "admin-member": (*ADMIN, newest(Membership)),
    "admin-messages": (*ADMIN, all_of(Message)),
    "admin-message": (*ADMIN, newest(Message)),
    "admin-participants": (*ADMIN, all_of(Participant)),
    "admin-participant": (*ADMIN, newest(Participant)),
    "admin-site": (*ADMIN, page("/admin/chat/site/")),
    "admin-users": (*ADMIN, all_of(User)),
    "admin-two-factor": (*ADMIN, page("/admin/two-factor/")),
}
