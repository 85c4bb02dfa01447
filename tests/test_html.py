"""The HTML of every page: what a checker of HTML would complain about, and what search engines read."""

from collections import Counter
from itertools import pairwise

import pytest
from lxml import html

from tests.conftest import new_person
from tests.support.every_page import every_page

pytestmark = pytest.mark.django_db

REFERENCES = ("for", "form", "popovertarget", "aria-describedby", "aria-labelledby")  # attributes that hold ids
CONTROLS = "input:not([type=hidden]):not([type=submit]):not([hidden]), select, textarea"


@pytest.fixture(scope="module")
def answers(module_db):
    """All pages by name, and all fragments."""
    with module_db():
        return every_page(new_person)


@pytest.fixture(scope="module")
def pages(answers):
    return {name: html.document_fromstring(page) for name, page in answers[0].items()}


@pytest.fixture(scope="module")
def pages_and_fragments(pages, answers):
    parts = {name: html.fragment_fromstring(part, create_parent="div") for name, part in answers[1].items()}
    return pages | parts


def found(documents, selector, wrong=lambda element: True):
    """Where the selected elements that are wrong begin, by page."""
    return [
        f"{name}: {html.tostring(element, encoding='unicode', with_tail=False)[:150]}"
        for name, document in documents.items()
        for element in document.cssselect(selector)
        if wrong(element)
    ]


def test_hidden_fields_have_no_attribute_for_visible_ones(pages_and_fragments):
    """HTML forbids them there; no browser restores a hidden field that no script has changed."""
    visible = ("autocomplete", "aria-", "required", "autofocus", "placeholder")
    hidden = found(pages_and_fragments, "input[type=hidden]", lambda field: any(map(field_name(visible), field.attrib)))
    assert hidden == []


def field_name(beginnings):
    return lambda name: name.startswith(beginnings)


def test_no_page_uses_an_id_twice(pages):
    for name, page in pages.items():
        ids = Counter(page.xpath("//@id"))
        assert [one for one, times in ids.items() if times > 1] == [], name


def test_every_page_and_frame_has_one_main_heading_and_a_title(pages):
    assert {name: len(page.cssselect("h1")) for name, page in pages.items()} == dict.fromkeys(pages, 1)
    assert [name for name, page in pages.items() if not page.findtext(".//title", "").strip(" ·")] == []


def test_headings_skip_no_level(pages):
    for name, page in pages.items():
        levels = [int(heading.tag[1]) for heading in page.cssselect("h1, h2, h3, h4, h5, h6")]
        assert all(after - before < 2 for before, after in pairwise(levels)), name


def test_every_field_has_a_label(pages):
    def unlabelled(field):
        labels = field.xpath("ancestor::label | //label[@for=$id]", id=field.get("id", ""))
        labels += field.xpath("//*[@id=$id]", id=field.get("aria-labelledby", ""))
        return not labels and not field.get("aria-label")

    assert found(pages, CONTROLS, unlabelled) == []


def test_every_button_and_link_has_words(pages):
    def wordless(element):
        return not (element.text_content().strip() or element.get("aria-label"))

    assert found(pages, "button, a[href]", wordless) == []


def test_references_to_ids_lead_somewhere(pages):
    for name, page in pages.items():
        ids = set(page.xpath("//@id"))
        named = {one for attribute in REFERENCES for value in page.xpath(f"//@{attribute}") for one in value.split()}
        assert named <= ids, name


def test_the_list_of_time_zones_is_in_the_preferences_only(answers):
    pages, fragments = answers
    assert [name for name, text in (pages | fragments).items() if "Europe/Berlin" in text] == ["preferences"]


# Search engines


def meta(page, name):
    return [element.get("content") for element in page.cssselect(f"meta[name={name}]")]


def test_every_page_describes_itself_to_search_engines(pages):
    whole = {name: page for name, page in pages.items() if page.cssselect("[name=htmx-config]")}
    descriptions = {name: meta(page, "description") for name, page in whole.items()}
    assert [name for name, found in descriptions.items() if len(found) != 1 or not found[0].strip()] == []
    assert descriptions["home"] == ["Club: Chat in any browser, without an account or an app."]
    assert descriptions["join page"] == ["Join “Writing club” on Club. Short stories"]
    assert descriptions["rules"] == ["Rules: Be kind."]


def test_pages_of_secret_links_are_not_for_search_engines(pages):
    marked = [name for name, page in pages.items() if meta(page, "robots") == ["noindex"]]
    assert marked == ["invite", "use a sign-in link", "use a sign-in link with a code"]
