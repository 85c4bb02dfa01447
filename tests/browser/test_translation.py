"""No page breaks on a phone if its texts are 40 % longer, or are written from right to left."""

from urllib.parse import urlsplit

import pytest
from django.contrib.staticfiles.finders import find

from tests.browser.test_accessibility import SMALL, WIDER_THAN_THE_SCREEN
from tests.conftest import new_person
from tests.support.every_page import every_page
from tests.support.pseudo import pseudo_language

SITE = "http://parlour.test"  # never asked: the test answers for it


@pytest.fixture(params=[False, True], ids=["left-to-right", "right-to-left"])
def pages(db, request):
    with pseudo_language(rtl=request.param):
        return every_page(new_person)[0]


def test_every_page_fits_on_a_small_screen_in_a_long_language(pages, visitor):
    page = visitor(viewport=SMALL, reduced_motion="reduce").page

    def answer(route):
        path = urlsplit(route.request.url).path
        if path.startswith("/static/"):
            found = find(path.removeprefix("/static/"))
            return route.fulfill(path=found) if found else route.abort()
        name = path.strip("/").replace("%20", " ")
        return route.fulfill(body=pages[name], content_type="text/html") if name in pages else route.abort()

    page.route(f"{SITE}/**", answer)
    wide = {}
    for name in pages:
        if "/" in name or ":" in name or "frame" in name:
            continue
        page.goto(f"{SITE}/{name}")
        assert page.evaluate("document.styleSheets.length"), f"{name} has no stylesheet"
        wide[name] = page.evaluate(WIDER_THAN_THE_SCREEN)
    assert len(wide) > 40
    assert {name: boxes for name, boxes in wide.items() if boxes} == {}
