"""What browsers and search engines look for at fixed places: icons, the manifest, robots.txt and colours."""

import re
import struct
from pathlib import Path
from urllib.robotparser import RobotFileParser

import pytest
from django.contrib.staticfiles import finders
from lxml import html

from chat.models import Participant, Site
from chat_app.settings import BASE_DIR
from tests.support.colours import hexadecimal

TOKENS = BASE_DIR / "theme/static_src/src/tokens.css"


@pytest.fixture
def manifest(client, db):
    Site.objects.create(name="Club", welcome="Come in.")
    answer = client.get("/manifest.webmanifest")
    assert answer.headers["Content-Type"] == "application/manifest+json"
    return answer.json()


def file_of(url):
    return Path(finders.find(url.removeprefix("/static/"))).read_bytes()


def size_of_png(url):
    """Width and height in pixels."""
    content = file_of(url)
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    return struct.unpack(">II", content[16:24])


def test_the_site_can_be_installed_on_a_home_screen(manifest):
    assert (manifest["name"], manifest["description"]) == ("Club", "Come in.")
    assert (manifest["start_url"], manifest["display"]) == ("/", "standalone")
    assert {icon.get("purpose", "any") for icon in manifest["icons"]} == {"any", "maskable"}


def test_the_icons_of_the_manifest_are_there_in_their_sizes(manifest):
    for icon in manifest["icons"]:
        if icon["type"] == "image/png":
            assert "{}x{}".format(*size_of_png(icon["src"])) == icon["sizes"]
        else:
            assert b"<svg" in file_of(icon["src"])


def test_every_page_has_the_manifest_and_an_icon_for_apple(client, db):
    page = html.document_fromstring(client.get("/").content)
    assert page.cssselect("link[rel=manifest]")[0].get("href") == "/manifest.webmanifest"
    assert size_of_png(page.cssselect("link[rel=apple-touch-icon]")[0].get("href")) == (180, 180)
    assert page.cssselect("link[rel=icon]")[0].get("type") == "image/svg+xml"


# Colours


def paper(theme):
    """The background colour in this theme, from the stylesheet's source, in hexadecimal."""
    colours = re.findall(r"--color-paper: oklch\(([\d. ]+)\)", TOKENS.read_text())
    return hexadecimal(*map(float, colours[theme == "dark"].split()))


@pytest.mark.parametrize("scheme", ["", "light", "dark"])
def test_the_browsers_bars_have_the_colour_of_the_page(alice, scheme):
    Participant.objects.update(color_scheme=scheme)
    page = html.document_fromstring(alice.get("/").content)
    colours = [(one.get("content"), one.get("media")) for one in page.cssselect("meta[name=theme-color]")]
    if scheme:
        assert colours == [(paper(scheme), None)]
    else:
        assert colours == [(paper(one), f"(prefers-color-scheme: {one})") for one in ("light", "dark")]


def test_the_manifest_has_the_colours_of_the_light_theme(manifest):
    assert (manifest["theme_color"], manifest["background_color"]) == (paper("light"), paper("light"))


# Search engines


def test_search_engines_find_public_pages_and_leave_out_those_about_the_visitor(client, db):
    answer = client.get("/robots.txt")
    assert answer.headers["Content-Type"].startswith("text/plain")
    robots = RobotFileParser()
    robots.parse(answer.content.decode().splitlines())
    for public in ("/", "/rules/", "/privacy/", "/rooms/reading-club/"):
        assert robots.can_fetch("*", public), public
    for personal in ("/account/", "/account/sign-in/", "/preferences/", "/my-rooms/", "/messages/1/"):
        assert not robots.can_fetch("*", personal), personal
    assert b"admin" not in answer.content, "its address may be secret"
    for noindex in ("/invitations/key/", "/continue/key/"):
        assert robots.can_fetch("*", noindex), "search engines must read there that it is not for them"
