"""A browser driven over WebDriver BiDi, without a driver program: commands go through one websocket."""

import asyncio
import itertools
import json
from contextlib import asynccontextmanager

from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from bench.server import Broken

STARTS_WITHIN = 30  # seconds
BIGGEST_ANSWER = 16 * 2**20  # bytes
ENTER = "\ue006"  # WebDriver's name of the key


class Session:
    """Sends one command at a time. It subscribes to no events; what is not the answer is skipped."""

    def __init__(self, socket):
        self.socket, self.numbers = socket, itertools.count(1)

    async def send(self, method, **params):
        number = next(self.numbers)
        await self.socket.send(json.dumps({"id": number, "method": method, "params": params}))
        async for message in self.socket:
            answer = json.loads(message)
            if answer.get("id") == number and answer["type"] == "error":
                raise Broken(f"{method}: {answer['error']}: {answer['message']}")
            if answer.get("id") == number:
                return answer["result"]
        raise Broken(f"{method}: the browser ended.")

    async def first_tab(self, **query):
        tree = await self.send("browsingContext.getTree", **query)
        return Tab(self, tree["contexts"][0]["context"])


class Tab:
    def __init__(self, session, context):
        self.session, self.context = session, context

    async def open(self, url):
        await self.session.send("browsingContext.navigate", context=self.context, url=url, wait="complete")

    async def run_on_each_page(self, script):
        """Run the script in every page that is opened from now on, before the page's own scripts."""
        await self.session.send("script.addPreloadScript", functionDeclaration=f"() => {{ {script} }}")

    async def evaluate(self, expression):
        """The value of a JavaScript expression, which must fit into JSON."""
        target = {"context": self.context}
        asked = f"JSON.stringify({expression})"
        answer = await self.session.send("script.evaluate", expression=asked, target=target, awaitPromise=False)
        if answer["type"] == "exception":
            raise Broken(answer["exceptionDetails"]["text"])
        return json.loads(answer["result"].get("value", "null"))

    async def type(self, text, pause):
        """Press the keys of the text, a line break as Enter, with a pause of so many milliseconds after each."""
        actions = []
        for key in text.replace("\n", ENTER):
            actions += [{"type": "keyDown", "value": key}, {"type": "keyUp", "value": key}]
            actions += [{"type": "pause", "duration": pause}] if pause else []
        keyboard = {"type": "key", "id": "keyboard", "actions": actions}
        await self.session.send("input.performActions", context=self.context, actions=[keyboard])


@asynccontextmanager
async def connected(port):
    """A session with the browser that was started with this `--remote-debugging-port`."""
    async with await _connection(f"ws://127.0.0.1:{port}/session") as socket:
        session = Session(socket)
        await session.send("session.new", capabilities={})
        yield session


async def _connection(url):
    for _ in range(10 * STARTS_WITHIN):
        try:
            return await connect(url, max_size=BIGGEST_ANSWER, compression=None, proxy=None, ping_interval=None)
        except (OSError, WebSocketException):
            await asyncio.sleep(0.1)
    raise Broken(f"The browser did not answer within {STARTS_WITHIN} s.")
