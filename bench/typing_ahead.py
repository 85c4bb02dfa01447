"""make typing: type messages into a browser without a pause: every one arrives as it was typed."""

import argparse
import asyncio
import os
import random
import re
from contextlib import asynccontextmanager
from itertools import product, zip_longest

from playwright.async_api import async_playwright

from bench.verdict import percentile, prove

KEYS, SLOWDOWNS, DELAYS = (0, 15, 30, 60, 100), (1, 4, 6), (0, 300)
BROWSERS = ("/usr/bin/chromium-headless-shell", "/usr/bin/chromium")
WORDS = ["a", "no", "yes", "later", "look at this", "here is the new one", "and that is all there was to say about it"]
QUIET = 1.5  # seconds without a change after which everything has arrived

# Notes how long it takes from Enter until the next field has the focus.
STOPWATCH = """
(() => {
  let entered = null;
  window.milliseconds = [];
  addEventListener('submit', () => { entered ??= performance.now(); }, true);
  document.addEventListener('focusin', event => {
    if (entered === null || event.target.name !== 'text') return;
    milliseconds.push(performance.now() - entered);
    entered = null;
  }, true);
})()
"""
SHOWN = "[...document.querySelectorAll('#messages [data-message-body]')].map(line => line.textContent)"
WRITTEN = """
[...document.querySelectorAll('#composer form')].filter(form => form.checkVisibility())
  .flatMap(form => [...form.querySelectorAll('[name=carried], [name=text]')].map(field => field.value))
"""


def messages(count, dice):
    return [f"{n} " + " ".join(dice.choices(WORDS, k=dice.randint(1, 6))) for n in range(1, count + 1)]


@asynccontextmanager
async def delayed(port, milliseconds):
    """The port of a proxy that holds back what the server answers."""

    async def carry(reader, writer, seconds):
        while data := await reader.read(65536):
            await asyncio.sleep(seconds)
            writer.write(data)
        writer.close()

    async def connected(reader, writer):
        from_server, to_server = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(
            carry(reader, to_server, 0), carry(from_server, writer, milliseconds / 1000), return_exceptions=True
        )

    async with await asyncio.start_server(connected, "127.0.0.1") as proxy:
        yield proxy.sockets[0].getsockname()[1]


async def join(page, url, room):
    await page.add_init_script(STOPWATCH)
    await page.goto(url)
    await page.get_by_label("Room", exact=True).fill(room)
    await page.get_by_label("Your name").fill("Typist")
    await page.get_by_role("button", name="Join", exact=True).click()
    await page.wait_for_url(re.compile("/rooms/"))
    await page.wait_for_timeout(1000 * QUIET)


async def type_all(page, texts, key, slowdown):
    session = await page.context.new_cdp_session(page)
    await session.send("Emulation.setCPUThrottlingRate", {"rate": slowdown})
    for text in texts:
        await page.keyboard.type(text, delay=key)
        await page.keyboard.press("Enter")
        await asyncio.sleep(key / 1000)
    await session.send("Emulation.setCPUThrottlingRate", {"rate": 1})
    before = None
    while before != (now := (await page.evaluate(SHOWN), await page.evaluate(WRITTEN))):
        before = now
        await page.wait_for_timeout(1000 * QUIET)
    return now


async def try_cell(browser, url, room, texts, key, slowdown):
    """Type the texts. Returns how many arrived altered, and the milliseconds from Enter to the next field."""
    context = await browser.new_context()
    page = await context.new_page()
    await join(page, url, room)
    shown, written = await type_all(page, texts, key, slowdown)
    waits = await page.evaluate("milliseconds")
    await context.close()
    lost = [(None, text) for text in written if text]
    return [pair for pair in zip_longest(texts, shown) if pair[0] != pair[1]] + lost, waits


async def type_in_every_cell(server, verdict, options):
    dice = random.Random(options.seed)
    async with async_playwright() as playwright:
        program = options.browser or next(filter(os.path.exists, BROWSERS))
        browser = await playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-quic"])
        for delay, slowdown, key in product(options.delays, options.slowdowns, options.keys):
            texts = messages(options.messages, dice)
            async with delayed(server.port, delay) as port:
                room, url = f"Room {delay} {slowdown} {key}", f"http://127.0.0.1:{port}"
                altered, waits = await try_cell(browser, url, room, texts, key, slowdown)
            name = f"{key} ms a key, processor / {slowdown}, server + {delay} ms"
            found = f"{len(altered)} of {len(texts)} altered" + (f", such as {altered[:2]}" if altered else "")
            figures = f"p50 {percentile(waits, 0.5):.0f}, p99 {percentile(waits, 0.99):.0f} ms from Enter to the field"
            verdict.must(name, not altered, f"{found}; {figures}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=200)
    parser.add_argument("--keys", type=int, nargs="+", default=KEYS, help="milliseconds from key to key")
    parser.add_argument("--slowdowns", type=int, nargs="+", default=SLOWDOWNS)
    parser.add_argument("--delays", type=int, nargs="+", default=DELAYS, help="milliseconds")
    parser.add_argument("--browser", help="the program, by default Debian's headless Chromium")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    prove("Typing ahead", lambda server, verdict: type_in_every_cell(server, verdict, options))


if __name__ == "__main__":
    main()
