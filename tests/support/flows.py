"""What the flows share: what people press, type and read again and again, and an account to sign in to."""

import re
from urllib.parse import urlsplit

from playwright.sync_api import expect

from chat.models import Participant

SECRET = "a long walk home"


def at(who, path):
    """Go to this page of the site, or by a name to one of the room Reading club."""
    who.page.goto(who.server + (path if path.startswith("/") else f"/rooms/reading-club/{path}"))


def press(who, name):
    who.page.get_by_role("button", name=name, exact=True).click()


def take_back(who):
    """Take the one link back that there is."""
    button = who.page.get_by_role("button", name="Take back")
    button.click()
    expect(button).to_have_count(0)


def follow(who, name):
    who.page.get_by_role("link", name=name, exact=True).click()


def fill(who, **fields):
    """Type into fields, by their labels; spaces are written as underscores."""
    for label, text in fields.items():
        who.page.get_by_label(label.replace("_", " "), exact=True).fill(text)


def sees(who, text):
    expect(who.page.get_by_text(text).locator("visible=true").first).to_be_visible()


def hears(who, text):
    """Read a line of the room's own in the log."""
    expect(who.log.locator("#messages").get_by_text(text)).to_be_visible()


def goes_to(who, path):
    """Wait until this page is there, with a query or without."""
    who.page.wait_for_url(lambda url: urlsplit(url).path == path)


def path_of(who):
    return urlsplit(who.page.url).path


def save(who, **fields):
    """Change a room's settings, by how their labels begin: what is text is typed, the rest is ticked or not."""
    at(who, "settings/")
    for label, value in fields.items():
        field = who.page.get_by_label(re.compile("^" + label.replace("_", " ")))
        field.fill(value) if isinstance(value, str) else field.set_checked(value)
    press(who, "Save")
    sees(who, "Saved.")


def change(who, name, button):
    """Do this to a member, on the page of people."""
    at(who, "members/")
    who.page.get_by_text(f"Change {name}").click()
    press(who, button)


def account(name="Ann", **more):
    """Somebody's account, made elsewhere."""
    return Participant().create_account(name, SECRET, **more)


def sign_in(who, name="Ann", password=SECRET, bring=False):
    at(who, "/account/sign-in/")
    fill(who, Name=name, Password=password)
    if bring:
        who.page.get_by_label("Bring along").check()
    press(who, "Sign in")


def knock(who, name):
    """Ask to be let in, at the room's door."""
    at(who, "")
    fill(who, Your_name=name)
    press(who, "Join")
