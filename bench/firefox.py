"""A Firefox page to type into: keys and input method over WebDriver BiDi, on a processor as slow as you like."""

import asyncio
import os
import signal
import subprocess
import tempfile
import threading
import time
from contextlib import asynccontextmanager, contextmanager, suppress

from bench.bidi import connected
from bench.server import free_port

PROGRAMS = ("/usr/bin/firefox-esr", "/usr/bin/firefox")
PERIOD = 0.02  # seconds in which a slowed browser runs once and stops once, unless the machine is busy

BETWEEN_ENTERS = 0.1  # seconds; Firefox takes no key until all its processes know that the composition has ended

# In a page without the focus, fields fire no `change` when the focus leaves them.
FOCUS_THE_PAGE = "gBrowser.selectedBrowser.focus()"
# Firefox's own window has the input method. It learns from the page when the focus leaves a composition.
START_INPUT_METHOD = """
(() => {
  window.inputMethod = Cc["@mozilla.org/text-input-processor;1"].createInstance(Ci.nsITextInputProcessor);
  return inputMethod.beginInputTransaction(window, (processor, notice) => {
    if (notice.type === 'request-to-commit') processor.commitComposition();
    if (notice.type === 'request-to-cancel') processor.cancelComposition();
    return true;
  });
})()
"""
COMPOSE = """
(text => {
  inputMethod.setPendingCompositionString(text);
  inputMethod.appendClauseToPendingComposition(text.length, inputMethod.ATTR_RAW_CLAUSE);
  inputMethod.setCaretInPendingComposition(text.length);
  return inputMethod.flushPendingComposition(new KeyboardEvent('', {key: 'a', code: 'KeyA'}));
})
"""
END_COMPOSITION = """
(enter => {
  inputMethod.commitComposition(enter);
  inputMethod.keyup(enter);
})(new KeyboardEvent('', {key: 'Enter', code: 'Enter'}))
"""


class FirefoxPage:
    def __init__(self, tab, window, process_group):
        self.tab, self.window, self.process_group = tab, window, process_group
        self.run_on_each_page, self.evaluate, self.type = tab.run_on_each_page, tab.evaluate, tab.type

    async def open(self, url):
        await self.tab.open(url)
        await self.window.evaluate(FOCUS_THE_PAGE)

    async def compose(self, steps, pause):
        """Compose a word with an input method, which shows these steps; Enter ends it."""
        await self.window.evaluate(START_INPUT_METHOD)
        for step in steps:
            await self.window.evaluate(f"{COMPOSE}({step!r})")
            await asyncio.sleep(pause / 1000)
        await self.window.evaluate(END_COMPOSITION)
        await self.evaluate("true")  # The page has the word when it answers.
        await asyncio.sleep(max(pause / 1000, BETWEEN_ENTERS))

    @asynccontextmanager
    async def slowed(self, factor):
        with stopped_often(self.process_group, factor):
            yield


@asynccontextmanager
async def firefox_page(program):
    """A page of a new Firefox with a profile of its own; both are gone afterwards."""
    port = str(free_port())
    with (
        tempfile.TemporaryDirectory(prefix="parlour-firefox-", ignore_cleanup_errors=True) as profile,
        _running(program, "--profile", profile, "--remote-debugging-port", port) as process,
    ):
        async with connected(port) as session:
            window = await session.first_tab(**{"moz:scope": "chrome"})
            yield FirefoxPage(await session.first_tab(), window, process.pid)


@contextmanager
def _running(program, *arguments):
    process = subprocess.Popen(
        [program, "--headless", "--no-remote", "--remote-allow-system-access", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # all its processes are one group
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@contextmanager
def stopped_often(process_group, factor):
    """Let the processes run for one `factor`th of the time. They go on as before afterwards."""
    ended = threading.Event()

    def stop_and_go():
        began = time.monotonic()
        while not ended.wait(PERIOD / factor):
            os.killpg(process_group, signal.SIGSTOP)
            ended.wait((time.monotonic() - began) * (factor - 1))  # a busy machine may have let them run for longer
            os.killpg(process_group, signal.SIGCONT)
            began = time.monotonic()

    thread = threading.Thread(target=stop_and_go)
    if factor > 1:
        thread.start()
    try:
        yield
    finally:
        ended.set()
        if factor > 1:
            thread.join()
