"""Other visitors: they join and leave, read the history, send invalid forms, and hang up."""

import asyncio
import random
import re

from bench.browsing import Browser
from bench.wire import Connection

OLDER = re.compile(r'href="[^"]*/messages/\?before=(\d+)"')
PLANNED = {200, 303, 403, 422}  # expected statuses


class Wanderer(Browser):
    """Leaves the room, sends a message from outside, which is refused, and joins again."""

    async def live(self, pause):
        while True:
            await self.form("leave/")
            await asyncio.sleep(random.uniform(0, pause))
            await self.post("send/", {"n": 1, "text": "From outside", **self.keys})
            await asyncio.sleep(random.uniform(0, pause))
            await self.form("join/", nickname=self.nickname)
            await asyncio.sleep(random.uniform(0, pause))

    async def form(self, path, **fields):
        """Submit a form without htmx. A join continues with the session cookie of its answer."""
        await self.post(path, fields | {"csrfmiddlewaretoken": self.keys["csrfmiddlewaretoken"]}, htmx=False)


class Browsing(Browser):
    """Opens the room's page and loads older messages."""

    async def live(self, pause):
        while True:
            page = (await self.get()).body
            for _ in range(2):
                if older := OLDER.search(page):
                    page = (await self.get(f"messages/?before={older[1]}", htmx=True)).body
                await asyncio.sleep(random.uniform(0, pause))


class Clumsy(Browser):
    """Sends an empty message, a used number with other text, or an invalid CSRF token."""

    async def live(self, pause):
        forms = {"text": "", "n": 1}, {"text": "some words", "n": 2}, {"text": "others", "n": 2}
        stale = {"text": "late", "n": 3, "csrfmiddlewaretoken": "x" * 64}
        while True:
            for form in (*forms, stale):
                await self.post("send/", self.keys | form)
                await asyncio.sleep(random.uniform(0, pause))


class Fickle(Browser):
    """Hangs up in the middle of a request or an answer."""

    async def live(self, pause):
        while True:
            connection = Connection(self.address)
            path = random.choice(["", "live/", "changes/?since=1&from=1&at=1", "reader.css"])
            asking = asyncio.ensure_future(self.get(path, htmx=path.startswith("changes"), connection=connection))
            await asyncio.wait([asking], timeout=random.choice([0.001, 0.01, 0.1, 1]))
            asking.cancel()
            await asyncio.wait([asking])
            connection.close()
            await self.break_off()
            await asyncio.sleep(random.uniform(0, pause))

    async def break_off(self):
        """Send only the beginning of a message."""
        _reader, writer = await asyncio.open_connection(*self.address)
        writer.write(f"POST {self.path}send/ HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\nn=1&te".encode())
        await writer.drain()
        writer.close()
