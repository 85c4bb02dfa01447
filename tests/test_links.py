"""Links in messages: where they begin and end, and that the text around them stays as it was typed."""

import os
import re
from html import unescape
from pathlib import Path
from urllib.parse import unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chat import link_ends, links, markup
from chat.models import Site
from chat.text import FORBIDDEN_CHARACTERS, MAX_LENGTH

EXAMPLES = int(os.environ.get("EXAMPLES", "200"))  # `make links` tries more
LINES = (Path(__file__).parent / "link_cases.txt").read_text().splitlines()
CASES = [line for line in LINES if line and not line.startswith("#")]
LINK = re.compile(rf'<a href="([^"]*)" rel="{markup.LINK_REL}">([^<]*)</a>')


def typed(html):
    """The text of the HTML, which has no other tags than links and line breaks."""
    text = LINK.sub(r"\2", html.replace("<br>", "\n"))
    assert "<" not in text
    return unescape(text)


def linked(html):
    """Pairs of each link's target and text."""
    return [(unescape(href), unescape(shown)) for href, shown in LINK.findall(html)]


def leads_where_it_says(href, shown):
    return href in (shown, f"http://{shown}") or unquote(href) == f"mailto:{shown}"


@pytest.mark.parametrize("case", CASES)
def test_a_link_begins_and_ends_where_people_expect_it(case):
    text = re.sub("[▸◂]", "", case)
    html = markup.render(text)
    assert unescape(LINK.sub(r"▸\2◂", html)) == case
    assert typed(html) == text
    assert all(leads_where_it_says(*link) for link in linked(html))


def test_there_are_enough_cases_and_none_twice():
    assert len(set(CASES)) == len(CASES) >= 200


def test_a_link_leads_to_what_was_typed():
    text = "https://a.example/?b=c&copy=2&region=x&timestamp=3 www.b.example/路 me+100%x@c.example"
    assert [href for href, _ in linked(markup.render(text))] == [
        "https://a.example/?b=c&copy=2&region=x&timestamp=3",
        "http://www.b.example/路",
        "mailto:me+100%25x@c.example",
    ]


def test_links_in_the_rules_and_the_contact_are_found_in_the_same_way(client, db):
    Site.objects.create(name="S", rules="(see https://a.example/?b&copy=2).\n\nBye", contact="a@b.example。")
    page = client.get("/rules/").content.decode()
    assert linked(page) == [
        ("https://a.example/?b&copy=2", "https://a.example/?b&copy=2"),
        ("mailto:a@b.example", "a@b.example"),
    ]
    assert "</a>).</p>" in page


# Addresses in ten scripts, between punctuation of all kinds

WORDS = ["path", "Rubik's", "путь", "σελίδα", "صفحة", "می‌شود", "דף", "पृष्ठ", "หน้า", "路径", "ジョン・レノン", "길", "էջ"]
HOSTS = ["example.com", "пример.рф", "παράδειγμα.δοκιμή", "مثال.إختبار", "דוגמה.טעסט", "उदाहरण.परीक्षा", "例子.测试"]
HOSTS += ["예시.한국", "bücher.example", "localhost", "127.0.0.1", "[::1]", "a_b.example", "xn--bcher-kva.example"]
AROUND = ["()", "[]", "{}", "<>", "（）", "「」", "『』", "《》", "【】", "〔〕", "｢｣"]
AROUND += ["“”", "«»", "»«", "„“", "‚‘", "‘’", "‹›", '""', "''", "``", "**", "__", "||"]
AFTER = [*".,:;!?…‥。，、；：！？．،؛؟۔।॥։።፣។၊།᠃჻׃·", "...", "?!", ").", "）。", "…」", " —", "——", ":)", "**", "~~"]
BEFORE = [*" \n\t:：、。，（(«“„¿¡-—…", "text:", "详见", "смотри ", "انظر ", "ดูที่", "見て", "보기 ", "(see ", "**see "]
MARKUP = [*"()[]{}<>\"'`*_|~&;@/\\#%"]

word = st.sampled_from(WORDS)
segment = st.builds("".join, st.lists(word | st.sampled_from(["-", ".", "_", "(1)", "%20", "~", "@"]), max_size=3))
path = st.builds("/".join, st.lists(segment, min_size=1, max_size=3)).map(lambda path: f"/{path}")
query = st.builds("?{}={}&copy={}".format, word, word, word) | st.just("?a[]=1&region=2&timestamp=3;4")
port, fragment = st.sampled_from([":80", ":4173", ":99999", ":"]), st.builds("#{}".format, word)
web = st.builds(
    lambda *parts: "".join(parts),
    st.sampled_from(["http://", "https://", "HTTPS://", "www.", "", "https://me@", "ftp://", "http:/", "git+https://"]),
    st.sampled_from(HOSTS),
    *(st.just("") | part for part in (port, path, query, fragment)),
)
local = st.sampled_from(["me", "first.last", "a+b", "o'b", "100%", "_x", "я"])
email = st.builds("{}@{}".format, local, st.sampled_from(HOSTS))
wrapped = st.builds(lambda address, pair: pair[0] + address + pair[1], web | email, st.sampled_from(AROUND))
anything = st.text(st.characters(exclude_categories=["Cs"]), max_size=3)
piece = web | email | wrapped | word | anything | st.sampled_from(AFTER + BEFORE + MARKUP)
texts = st.lists(piece, max_size=8).map(lambda pieces: FORBIDDEN_CHARACTERS.sub("", "".join(pieces)))


@settings(max_examples=EXAMPLES, deadline=None)
@given(texts)
def test_a_generated_text_is_shown_as_it_was_typed_and_each_link_leads_where_it_says(text):
    html = markup.render(text)
    assert typed(html) == text
    for href, shown in linked(html):
        assert leads_where_it_says(href, shown), (href, shown)


plain_path = st.lists(word, max_size=3).map(lambda words: "".join(f"/{word}" for word in words))
plain_web = st.builds("{}{}{}".format, st.sampled_from(["http://", "https://"]), st.sampled_from(HOSTS), plain_path)


@settings(max_examples=EXAMPLES, deadline=None)
@given(plain_web, st.sampled_from(BEFORE), st.sampled_from(AROUND), st.sampled_from(AFTER))
def test_a_generated_address_is_a_link_without_what_is_around_it(address, before, around, after):
    for text in (before + address + after, f"{before} {around[0]}{address}{around[1]}{after}"):
        assert [shown for _, shown in linked(markup.render(text))] == [address], text


# Hostile texts

HOSTILE = ["(", ")", "http://", "a.", "@", "a@", "www.", ".com", "a.com,", "http://a/(", "http://a)", "（http://a/路（"]
HOSTILE += [
    "*http://a.b/",
    "'http://a.b/",
    "‘http://a.b/",
    "~~http://a/",
    "http://a/,",
    "a@b.co ",
    "http://[",
    "://",
    "a://",
]
HOSTILE += ["http://a:", "_a@", "a'", "-.", "www.a.b%", "me@a_", "a.com=", "www.a=", "。http://例え.jp/路"]
HOSTILE += ["http://a/…", "‌", "्"]


class Counting:
    """A regular expression that counts the characters that it has looked at."""

    seen = 0

    def __init__(self, pattern):
        self.pattern = pattern

    def match(self, text, start=0, end=MAX_LENGTH * 2):
        return self.count(self.pattern.match(text, start, end), start, start + 1)

    def search(self, text, start=0, end=MAX_LENGTH * 2):
        return self.count(self.pattern.search(text, start, end), start, min(end, len(text)))

    def finditer(self, text, start=0, end=MAX_LENGTH * 2):
        while found := self.search(text, start, end):
            yield found
            start = found.end()

    def count(self, found, start, end):
        Counting.seen += (found.end() if found else end) - start
        return found


@pytest.fixture
def looked_at(monkeypatch):
    """A function that returns how many characters are looked at to find the links of a text."""
    for module in (links, link_ends):
        for name, value in vars(module).items():
            if isinstance(value, re.Pattern):
                monkeypatch.setattr(module, name, Counting(value))

    def count(text):
        Counting.seen = 0
        list(links.find(text))
        return Counting.seen

    return count


@pytest.mark.parametrize("piece", HOSTILE)
@pytest.mark.parametrize("before", ["", "http://a.b/"])
def test_a_text_of_double_length_takes_double_the_work(looked_at, piece, before):
    half = before + piece * (MAX_LENGTH // 2 // len(piece))
    assert looked_at(half + half.removeprefix(before)) <= 2.1 * looked_at(half) + 100
    assert looked_at(half) <= 30 * len(half)
