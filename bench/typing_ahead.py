"""make typing: type messages into two browsers without a pause: every one arrives as it was typed."""

import argparse
import asyncio
import os
import random
import re
from difflib import SequenceMatcher
from itertools import product

from bench import chromium, firefox
from bench.delaying import delayed
from bench.server import Broken
from bench.verdict import percentile, prove

BROWSERS = {
    "chromium": (chromium.chromium_page, chromium.PROGRAMS),
    "firefox": (firefox.firefox_page, firefox.PROGRAMS),
}
KEYS, SLOWDOWNS, DELAYS = (0, 15, 30, 60, 100), (1, 4, 6), (0, 300)
WORDS = ["a", "no", "yes", "later", "look at this", "here is the new one", "and that is all there was to say about it"]
# Words that are composed with an input method, and what it shows until Enter ends the composition.
COMPOSED = {
    "日本": ("n", "に", "にh", "にほ", "にほn", "にほん", "日本"),
    "東京": ("t", "と", "とう", "とうk", "とうき", "とうきょう", "東京"),
    "한국": ("ㅎ", "하", "한", "한ㄱ", "한구", "한국"),
}
EVERY = 4  # every fourth message ends with a composed word
PATIENCE = 60  # seconds
QUIET = 1.5  # seconds without a change after which everything has arrived

# Notes how long it takes from Enter until the next field has the focus.
STOPWATCH = """
(() => {
  let entered = null;
  window.milliseconds = [];
  addEventListener('submit', event => {
    if (event.target.closest('#composer')) entered ??= performance.now();
  }, true);
  document.addEventListener('focusin', event => {
    if (entered === null || event.target.name !== 'text') return;
    milliseconds.push(performance.now() - entered);
    entered = null;
  }, true);
})()
"""
JOIN = """
(form => {{
  form.elements.room.value = {room!r};
  form.elements.nickname.value = 'Typist';
  form.requestSubmit();
}})(document.querySelector('form:has([name=room]):has([name=nickname])'))
"""
NEXT_FIELD = """
document.activeElement.matches('#composer:not(:has(> .next.htmx-request)) > .write:last-of-type [name=text]')
"""
READY = "document.readyState === 'complete' && document.activeElement.name === 'text'"
SHOWN = "[...document.querySelectorAll('#messages [data-message-body]')].map(line => line.textContent)"
WRITTEN = """
[...document.querySelectorAll('#composer form')].filter(form => form.checkVisibility())
  .flatMap(form => [...form.querySelectorAll('[name=carried], [name=text]')].map(field => field.value))
  .filter(text => text)
"""


def messages(count, dice):
    """Texts, of which some end with a word that is composed."""
    typed = [f"{n} " + " ".join(dice.choices(WORDS, k=dice.randint(1, 6))) for n in range(1, count + 1)]
    return [text if n % EVERY else f"{text} {dice.choice([*COMPOSED])}" for n, text in enumerate(typed, 1)]


async def join(page, url, room):
    await page.run_on_each_page(STOPWATCH)
    await page.open(url)
    await page.evaluate(JOIN.format(room=room))
    await asyncio.sleep(QUIET)
    await until(page, READY)
    await asyncio.sleep(QUIET)


async def type_all(page, texts, key, slowdown):
    """Type the texts, each with Enter. Returns the messages shown in the end, and what the composer has."""
    async with page.slowed(slowdown):
        for part in re.split(f"({'|'.join(COMPOSED)})", "".join(f"{text}\n" for text in texts)):
            await (compose(page, part, key) if part in COMPOSED else page.type(part, key))
    before = None
    while before != (now := (await page.evaluate(SHOWN), await page.evaluate(WRITTEN))):
        before = now
        await asyncio.sleep(QUIET)
    return now


async def compose(page, word, key):
    """Compose the word in the next field, because a browser ends a composition when the focus leaves it."""
    await until(page, NEXT_FIELD)
    await page.compose(COMPOSED[word], key)


async def until(page, condition):
    async with asyncio.timeout(PATIENCE):
        while not await page.evaluate(condition):
            await asyncio.sleep(0.02)


def differences(typed, shown):
    """The messages that are not shown as they were typed, each beside what is shown in its place."""
    changes = SequenceMatcher(None, typed, shown, autojunk=False).get_opcodes()
    return [(typed[a:b], shown[c:d]) for kind, a, b, c, d in changes if kind != "equal"]


async def try_cell(page, url, room, texts, key, slowdown):
    """Type the texts. Returns how many arrived altered, examples, and the milliseconds from Enter to the next field."""
    await join(page, url, room)
    shown, written = await type_all(page, texts, key, slowdown)
    found = differences(texts, shown) + [([], [text]) for text in written]
    return sum(max(len(typed), len(seen)) for typed, seen in found), found, await page.evaluate("milliseconds")


async def type_in_every_cell(server, verdict, options):
    dice = random.Random(options.seed)
    cells = product(options.browsers, options.delays, options.slowdowns, options.keys)
    for browser, delay, slowdown, key in cells:
        open_page, programs = BROWSERS[browser]
        texts = messages(options.messages, dice)
        async with delayed(server.port, delay) as port, open_page(installed(programs)) as page:
            room, url = f"{browser} {delay} {slowdown} {key}", f"http://127.0.0.1:{port}"
            altered, found, waits = await try_cell(page, url, room, texts, key, slowdown)
        name = f"{browser}, {key} ms a key, processor / {slowdown}, server + {delay} ms"
        counted = f"{altered} of {len(texts)} altered" + (f", such as {found[:2]}" if found else "")
        figures = f"p50 {percentile(waits, 0.5):.0f}, p99 {percentile(waits, 0.99):.0f} ms from Enter to the field"
        verdict.must(name, not altered, f"{counted}; {figures}")


def installed(programs):
    program = next(filter(os.path.exists, programs), None)
    if program is None:
        raise Broken(f"None of these is installed: {', '.join(programs)}.")
    return program


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--browsers", nargs="+", choices=BROWSERS, default=list(BROWSERS))
    parser.add_argument("--messages", type=int, default=200)
    parser.add_argument("--keys", type=int, nargs="+", default=KEYS, help="milliseconds from key to key")
    parser.add_argument("--slowdowns", type=int, nargs="+", default=SLOWDOWNS)
    parser.add_argument("--delays", type=int, nargs="+", default=DELAYS, help="milliseconds")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    prove("Typing ahead", lambda server, verdict: type_in_every_cell(server, verdict, options))


if __name__ == "__main__":
    main()
