"""Shared by the tests of flows: pressing, typing and reading in pages, and an account to sign in to."""

import re
from urllib.parse import urlsplit

from playwright.sync_api import expect

from chat.models import Participant

SECRET = "a long walk home"


def at(who, path):
    """Open this path of the site, or without a leading slash this page of the room Reading club."""
    who.page.goto(who.server + (path if path.startswith("/") else f"/rooms/reading-club/{path}"))


def press(who, name):
    who.page.get_by_role("button", name=name, exact=True).click()


def take_back(who):
    """Revoke the only link."""
    button = who.page.get_by_role("button", name="Revoke")
    button.click()
    expect(button).to_have_count(0)


def follow(who, name):
    who.page.get_by_role("link", name=name, exact=True).click()


def fill(who, **fields):
    """Fill in fields by their labels, with underscores for spaces."""
    for label, text in fields.items():
        who.page.get_by_label(label.replace("_", " "), exact=True).fill(text)


def sees(who, text):
    expect(who.page.get_by_text(text).locator("visible=true").first).to_be_visible()


def hears(who, text):
    """Wait for this system message in the log."""
    expect(who.log.locator("#messages").get_by_text(text)).to_be_visible()


def goes_to(who, path):
    """Wait for this path, with or without a query."""
    who.page.wait_for_url(lambda url: urlsplit(url).path == path)


def path_of(who):
    return urlsplit(who.page.url).path


def save(who, **fields):
    """Change room settings by the beginning of their labels: text is typed, True and False set a checkbox."""
    at(who, "settings/")
    for label, value in fields.items():
        field = who.page.get_by_label(re.compile("^" + label.replace("_", " ")))
        field.fill(value) if isinstance(value, str) else field.set_checked(value)
    press(who, "Save")
    sees(who, "Saved.")


def act(who, button):
    """Press this button of the danger zone of the room settings."""
    at(who, "settings/")
    press(who, button)
    sees(who, "Saved.")


def change(who, name, button):
    """Press this button for a member on the page of members."""
    at(who, "members/")
    who.page.get_by_text(f"Manage {name}").click()
    press(who, button)


def end(who, name, act, confirmed):
    """Remove or ban a member on the page of members, and confirm it."""
    at(who, "members/")
    who.page.get_by_text(f"Manage {name}").click()
    follow(who, act)
    press(who, confirmed)


def leave(who):
    """Leave the room of the current page by its menu, and confirm it."""
    who.page.get_by_role("button", name="Menu").click()
    who.page.get_by_role("link", name="Leave room…").click()
    press(who, "Leave room")


def account(name="Ann", **more):
    """An account that was created without a browser."""
    return Participant().create_account(name, SECRET, **more)


def sign_in(who, name="Ann", password=SECRET, bring=False):
    at(who, "/account/sign-in/")
    fill(who, Name=name, Password=password)
    if bring:
        who.page.get_by_label("Add the rooms").check()
    press(who, "Sign in")


def join_or_request(who, name):
    """Join, or send a join request, on the room's join page."""
    at(who, "")
    fill(who, Your_name=name)
    press(who, "Join")
