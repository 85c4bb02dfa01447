"""Parlour can be translated: each text of each page goes through gettext, and makemessages finds them all."""

import ast
import os
import re
import shutil
from pathlib import Path

import django
import django_otp
import pytest
from django.core.management import call_command

from chat_app.settings import BASE_DIR
from tests.conftest import new_person
from tests.support.every_page import every_page
from tests.support.pseudo import pseudo_language, untranslated
from tests.support.texts import texts

pytestmark = pytest.mark.django_db

# What the test itself has written or named.
WRITTEN = re.compile(
    r"(Club|Parlour|(Reading|Writing) club|Alice|Ann|Bob|Dora|Eric|Eve|Nora|Rob|Zoe|root|"
    r"Be kind\.|No spoilers\.|We keep nothing\.|Type a room and a name, and you are in\.|"
    r"Middlemarch|Short stories|message \d+|See|mistake|شكرا|first|second|several|lines|kept|[Aab]|<b>no</b>|"
    r"[A-Z]{1,2}|https?://\S+|([A-Z2-7]{4} ){7}[A-Z2-7]{4}|[a-z]{5}-[a-z]{5}|\W|\d)*"
)
UNCLEAR = re.compile(
    r"\b(whoever|(some|every|any)body|those who|(show|shown|showed) out|let in|turn(ed)? away|just now|tak(e|en) back|"
    r"personal link|goes by|came in|comes in|out of use|in use again|second factor|telephone|tombstone|no longer here|"
    r"e-mail|invitations?|write again|hand over|wait no more)\b",
    re.IGNORECASE,
)
CONTEXT = "\x04"  # stands before texts of Django that have a context
ENTRY = re.compile(r'^msgid(?:_plural)? ((?:".*"\n)+)', re.MULTILINE)


@pytest.fixture(scope="module")
def pages(module_db):
    """All pages and fragments in the pseudo-language, and the texts that they asked for."""
    with module_db(), pseudo_language() as translation:
        pages, fragments = every_page(new_person)
    return pages | fragments, translation.asked


def test_each_text_of_each_page_can_be_translated(pages):
    left = {(part, name) for name, page in pages[0].items() for part in untranslated(texts(page))}
    assert sorted(each for each in left if not WRITTEN.fullmatch(each[0])) == []


def test_texts_use_the_terms_that_people_know(pages):
    assert len(pages[1]) > 300
    assert [text for text in pages[1] if UNCLEAR.search(text)] == []


@pytest.mark.skipif(not shutil.which("xgettext"), reason="xgettext is missing (Debian: apt install gettext)")
def test_makemessages_finds_each_text(pages, tmp_path, settings, monkeypatch):
    settings.LOCALE_PATHS = [tmp_path]
    monkeypatch.chdir(BASE_DIR)
    folders = [path.name for path in BASE_DIR.iterdir() if path.is_dir() and path.name not in ("chat", "templates")]
    with open(os.devnull, "w") as nowhere:
        call_command("makemessages", locale=["de"], ignore_patterns=folders, stdout=nowhere)
    found = texts_in(tmp_path / "de/LC_MESSAGES/django.po")
    libraries = (Path(library.__file__).parent for library in (django, django_otp))
    of_libraries = [texts_in(path) for library in libraries for path in library.rglob("locale/*/LC_MESSAGES/django.po")]
    assert len(found) > 500
    assert {text for text in pages[1] if CONTEXT not in text} - found - set().union(*of_libraries) == set()


def texts_in(catalogue):
    entries = ENTRY.findall(catalogue.read_text())
    return {"".join(map(ast.literal_eval, entry.splitlines())) for entry in entries}
