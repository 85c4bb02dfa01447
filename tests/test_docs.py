"""The documents: short, in plain words, and with correct folders, modules, links and commands."""

import re

import pytest
from django.core.management import get_commands

from chat_app.settings import BASE_DIR

PAGES = sorted([*BASE_DIR.glob("*.md"), *BASE_DIR.glob("docs/*.md")])
TEXTS = [*PAGES, BASE_DIR / ".env.example", BASE_DIR / "Makefile"]
UNCLEAR = re.compile(  # words that readers found hard to understand, or that have a better known one
    r"\b(whoever|(some|any|every|no)body|those who|who (is|was|has|keeps|comes|may) |(show|shown|showed) out|let in"
    r"|turn(ed)? away|just now|one's own|are told|is told|of now|beside|lately|seldom|goes by|in use again|out of use"
    r"|come back|came in|comes in|is out(?! of)|longest-standing"
    r"|rooms? of two|pairs?|personal link|take back|taken back"
    r"|second factor|telephone|another password|another name|colours|the staff|keeps? your name)\b",
    re.IGNORECASE,
)
CONTRIBUTING = (BASE_DIR / "CONTRIBUTING.md").read_text()


README = (BASE_DIR / "README.md").read_text()


def by_name(paths):
    return pytest.mark.parametrize("path", paths, ids=lambda path: path.name)


def test_the_readme_is_read_in_two_minutes():
    features = re.findall(r"^- (.+)$", README.partition("\n## ")[0], re.MULTILINE)
    assert len(README.splitlines()) < 70
    assert (len(features), [line for line in features if len(line.split()) > 15]) == (10, [])


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
    made = re.findall(r"(?:`|^)(?:BROWSER=required )?make ([a-z-]+)", path.read_text(), re.MULTILINE)
    managed = re.findall(r"manage\.py ([a-z_]+)", path.read_text())
    assert (set(made) - targets, set(managed) - set(get_commands())) == (set(), set())


def test_troubleshooting_quotes_what_the_pages_say():
    rows = re.findall(r'^\| "(.+?)"', (BASE_DIR / "docs/proxies.md").read_text(), re.MULTILINE)
    code = "".join((BASE_DIR / path).read_text() for path in ("chat/proxies.py", "chat/views/errors.py"))
    quoted = [part.strip() for row in rows for part in row.replace("/chat/", "…").replace("'", "’").split("…")]
    assert len(rows) == 5
    assert [part for part in quoted if part not in code] == []
