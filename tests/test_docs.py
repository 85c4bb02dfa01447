"""The documents: short, in plain words, and with correct folders, modules, links and commands."""

import re

import pytest
from django.core.management import get_commands

from chat_app.settings import BASE_DIR

PAGES = sorted([*BASE_DIR.glob("*.md"), *BASE_DIR.glob("docs/*.md")])
TEXTS = [*PAGES, BASE_DIR / ".env.example", BASE_DIR / "Makefile"]
UNCLEAR = re.compile(  # words that readers found hard to understand
    r"\b(whoever|somebody|nobody|those who|who (is|was|has|keeps|comes|may) |shown out|let in|turn(ed)? away|just now"
    r"|one's own|are told|is told|of now|beside)\b",
    re.IGNORECASE,
)
CONTRIBUTING = (BASE_DIR / "CONTRIBUTING.md").read_text()


def by_name(paths):
    return pytest.mark.parametrize("path", paths, ids=lambda path: path.name)


def test_contributing_is_short():
    assert len(CONTRIBUTING.splitlines()) < 120


def test_contributing_names_each_folder_and_plain_module_of_the_app():
    folders = [path.parent for path in BASE_DIR.glob("chat/*/__init__.py")]
    missing = [f"chat/{folder.name}/" for folder in folders if f"`chat/{folder.name}/" not in CONTRIBUTING]
    modules = [path.stem for path in BASE_DIR.glob("chat/*.py") if path.stem != "__init__"]
    missing += [name for name in modules if f"`{name}`" not in CONTRIBUTING and f"`{name}.py`" not in CONTRIBUTING]
    assert missing == []


def test_contributing_names_no_folder_or_module_that_is_not_there():
    named = re.findall(r"`((?:chat|chat_app|templates|theme|tests|bench|docs)/[\w/.]*)`", CONTRIBUTING)
    invented = re.compile("pin")  # the example of a feature
    assert [path for path in named if not (BASE_DIR / path).exists() and not invented.search(path)] == []


@by_name(PAGES)
def test_links_lead_to_files(path):
    links = re.findall(r"\]\((?!https?:)([^)#]+)|src=\"([^\"]+)\"", path.read_text())
    assert [link for pair in links for link in pair if link and not (path.parent / link).exists()] == []


@by_name(TEXTS)
def test_documents_use_plain_words(path):
    assert [match[0] for match in UNCLEAR.finditer(path.read_text())] == []


@by_name(PAGES)
def test_documents_name_commands_that_exist(path):
    targets = set(re.findall(r"^([a-z-]+):", (BASE_DIR / "Makefile").read_text(), re.MULTILINE))
    renamed = {"second_factor_off"}  # the changelog says what it is called now
    made = re.findall(r"(?:`|^)(?:BROWSER=required )?make ([a-z-]+)", path.read_text(), re.MULTILINE)
    managed = re.findall(r"manage\.py ([a-z_]+)", path.read_text())
    assert (set(made) - targets, set(managed) - set(get_commands()) - renamed) == (set(), set())
