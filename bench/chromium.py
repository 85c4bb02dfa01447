"""A Chromium page to type into: keys by Playwright, input method and slower processor by the DevTools protocol."""

import asyncio
from contextlib import asynccontextmanager

from playwright.async_api import async_playwright

PROGRAMS = ("/usr/bin/chromium-headless-shell", "/usr/bin/chromium")
# The key codes that pages see: of a key that the input method takes, and of Enter when it is released.
TAKEN, ENTER = 229, 13


class ChromiumPage:
    def __init__(self, page, devtools):
        self.page, self.devtools = page, devtools
        self.open, self.run_on_each_page, self.evaluate = page.goto, page.add_init_script, page.evaluate

    async def type(self, text, pause):
        """Press the keys of the text, a line break as Enter, for so many milliseconds each."""
        await self.page.keyboard.type(text, delay=pause)

    async def compose(self, steps, pause):
        """Compose a word with an input method, which shows these steps; Enter ends it."""
        for step in steps:
            await self._key("rawKeyDown", "Process", TAKEN)
            at_end = {"selectionStart": len(step), "selectionEnd": len(step)}
            await self.devtools.send("Input.imeSetComposition", {"text": step, **at_end})
            await asyncio.sleep(pause / 1000)
        await self._key("rawKeyDown", "Enter", TAKEN)
        await self.devtools.send("Input.insertText", {"text": steps[-1]})
        await self._key("keyUp", "Enter", ENTER)
        await asyncio.sleep(pause / 1000)

    async def _key(self, event, key, code):
        about = {"type": event, "key": key, "windowsVirtualKeyCode": code}
        await self.devtools.send("Input.dispatchKeyEvent", about)

    @asynccontextmanager
    async def slowed(self, factor):
        await self.devtools.send("Emulation.setCPUThrottlingRate", {"rate": factor})
        yield
        await self.devtools.send("Emulation.setCPUThrottlingRate", {"rate": 1})


@asynccontextmanager
async def chromium_page(program):
    """A page of a new Chromium."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-quic"])
        page = await browser.new_page()
        yield ChromiumPage(page, await page.context.new_cdp_session(page))
        await browser.close()
