"""Templates: their source is readable, and its layout does not reach the page."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.template import Engine, engines

from chat.template_hash import template_hash
from chat.template_loader import LineJoiner

MAX_LINE = 120
FILES = sorted((Path(settings.BASE_DIR) / "templates").rglob("*.html"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(settings.BASE_DIR)))
def test_lines_are_short(path):
    assert [line for line in path.read_text().splitlines() if len(line) > MAX_LINE] == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(settings.BASE_DIR)))
def test_sentences_of_several_lines_are_trimmed(path):
    """The loader does not see inside `{% blocktranslate %}`."""
    openings = re.findall(r"{% blocktranslate(?:(?!%}).)*%}\n", path.read_text())
    assert [tag for tag in openings if " trimmed " not in tag] == []


@pytest.mark.parametrize(
    ("source", "joined"),
    [
        ("<ul>\n  <li>one</li>\n  <li>two</li>\n</ul>\n", "<ul><li>one</li><li>two</li></ul>"),
        ("<b>one</b> <i>two</i>", "<b>one</b> <i>two</i>"),
        ("<p>\n  two words\n  and more\n</p>", "<p>two words and more</p>"),
        ('<input\n  id="a"\n  name="b"\n>', '<input id="a" name="b">'),
        ("<textarea>\n\n  typed\n</textarea>\n<p>", "<textarea>\n\n  typed\n</textarea><p>"),
        ("<pre>\n a\n</pre>\n<pre>\n b\n</pre>", "<pre>\n a\n</pre><pre>\n b\n</pre>"),
        ("<!-- a >\n b -->\n<p>", "<!-- a >\n b --><p>"),
        ("<!doctype html>\n<html>\n", "<!doctype html><html>"),
    ],
)
def test_line_breaks_are_joined(source, joined):
    assert LineJoiner().join(source) == joined


def test_joining_lines_respects_tags_that_began_in_an_earlier_text_node():
    joiner = LineJoiner()
    assert joiner.join("<input\n  ") == "<input "
    assert joiner.join('\n  name="a"\n>\n') == ' name="a">'
    assert joiner.join("<textarea>\n") == "<textarea>\n"
    assert joiner.join("\n</textarea>\n") == "\n</textarea>"


def test_a_painted_message_has_no_line_breaks():
    template = engines["django"].get_template("partials/message.html")
    for message in (
        {"pk": 1},
        {"pk": 1, "event": "joined", "event_template": "events/joined.html"},
        {"pk": 1, "removed_at": "now"},
    ):
        assert "\n" not in template.render({"message": message})


def test_a_long_or_broken_text_that_was_typed_is_not_joined():
    template = engines["django"].get_template("partials/message_field.html")
    html = template.render({"composer": {"number": 1, "multiline": True, "text": "\n\n  one\n  two\n"}})
    assert ">\n\n\n  one\n  two\n</textarea>" in html


@pytest.mark.parametrize(
    ("cached", "changed"),
    [
        ("partials/people.html", "partials/person.html"),
        ("partials/composer_form.html", "partials/icon.html"),
        ("partials/message.html", "partials/day.html"),
        ("partials/messages.html", "partials/older.html"),
    ],
)
def test_cached_html_expires_when_an_upgrade_changes_an_included_template(cached, changed, settings, monkeypatch):
    settings.DEBUG = True  # read the templates anew
    get_template = Engine.get_template

    def upgraded(engine, name):
        template = get_template(engine, name)
        return engine.from_string(template.source + " ") if name == changed else template

    before = template_hash(cached)
    monkeypatch.setattr(Engine, "get_template", upgraded)
    assert template_hash(cached) != before
