"""Simulated browsers: a page that polls as htmx does, and a form that is sent until it is answered."""

import asyncio
import re
import time
from collections import Counter
from urllib.parse import urlencode

from bench.wire import Broken, Connection

TICK = 2  # seconds between two polls of a page
BANNER = 14  # seconds without an answer until a page shows its offline banner
RELOADS = 5  # seconds from the end of a stream until the log's frame reloads
LOST = "Join again"  # in a poll's answer to a person outside the room
FIELD = re.compile(r'name="(since|from|at|log)" value="(\w+)"')
LINE = re.compile(r'<li id="m(\d+)">(.*?)</li>', re.DOTALL)
WHOLE = 'hx-swap-oob="innerHTML:#messages"'
NEW = re.compile(r'<ol hx-swap-oob="beforeend:#news">(.*?)</ol>', re.DOTALL)
WORDS = re.compile(r"data-message-body hx-disable>(.*?)</div>", re.DOTALL)
TAG = re.compile(r"<[^>]*>")


class Browser:
    """One person's cookies, in one room. The status of every answer is counted in `statuses`."""

    def __init__(self, address, person):
        self.address, self.slug, self.path = address, person.slug, f"/rooms/{person.slug}/"
        self.nickname, self.name = person.nickname, f"{person.nickname} of {person.slug}"
        self.cookies = {"session": person.session, "csrf": person.csrf}
        self.keys = {"page": person.page, "csrfmiddlewaretoken": person.token}
        self.statuses = Counter()
        self.connection = Connection(address)

    async def get(self, path="", htmx=False, connection=None):
        return await self.ask("GET", path, {"HX-Request": "true"} if htmx else {}, connection=connection)

    async def post(self, path, form, htmx=True, connection=None):
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Origin": "http://{}:{}".format(*self.address)}
        headers |= {"HX-Request": "true"} if htmx else {}
        return await self.ask("POST", path, headers, urlencode(form).encode(), connection)

    async def ask(self, method, path, headers, body=b"", connection=None):
        headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        answer = await (connection or self.connection).ask(method, self.path + path, headers, body)
        self.cookies.update(cookie.split("=", 1) for cookie in answer.cookies)
        self.statuses[answer.status] += 1
        return answer

    async def open(self):
        """The room's page, requested every half second until the answer is 200."""
        while True:
            try:
                answer = await self.get()
            except Broken:
                await asyncio.sleep(0.5)
            else:
                if answer.status == 200:
                    return answer.body
                await asyncio.sleep(0.5)

    def close(self):
        self.connection.close()


class Log:
    """The messages of an open page: HTML by id, in order."""

    def __init__(self, page):
        self.lines, self.doubled = dict(lines(page)), 0
        self.told(page)

    def told(self, html):
        self.state = dict(FIELD.findall(html))

    def take(self, answer):
        """Apply a poll's answer as htmx would. Returns the messages that are new on the page."""
        before = self.lines
        if WHOLE in answer:
            self.lines = dict(lines(answer))
            came = [pair for pair in self.lines.items() if pair[0] not in before]
        else:
            came = [pair for part in NEW.findall(answer) for pair in lines(part)]
            self.doubled += sum(pk in self.lines for pk, _line in came)
            self.lines.update(came)
        self.told(answer)
        return came

    @property
    def version(self):
        return int(self.state["since"])

    @property
    def query(self):
        return urlencode({name: self.state[name] for name in ("since", "from", "at", "log")})


class Reader(Browser):
    """A page that follows its room. `lost` counts answers that say that its reader is not in the room."""

    log = None
    asked_at = None  # on the clock of time.monotonic(), while a poll is under way
    longest_silence = lost = answered = 0

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.failures = []  # start times of failed polls

    async def follow(self, after=0.0):
        await asyncio.sleep(after)
        self.log = Log(await self.open())
        self.heard_at = self.began = time.monotonic()
        while True:
            await self.next_tick()
            while await self.poll():
                pass

    async def next_tick(self):
        now = time.monotonic() - self.began
        await asyncio.sleep(TICK - now % TICK)

    def ticks(self):
        return (time.monotonic() - self.began) // TICK

    async def poll(self):
        """Poll once. Returns whether to poll again at once: there was news, or a tick passed meanwhile."""
        ticks, began = self.ticks(), time.monotonic()
        self.asked_at = began
        try:
            answer = await self.get(f"changes/?{self.log.query}", htmx=True)
        except Broken:
            answer = None
        self.asked_at = None
        return self.heard(answer, began) or self.ticks() > ticks

    def heard(self, answer, began):
        if answer is None or answer.status != 200:
            self.failures.append(began)
            return False
        now = time.monotonic()
        self.longest_silence, self.heard_at = max(self.longest_silence, now - self.heard_at), now
        self.answered += 1
        self.lost += LOST in answer.body
        self.came(self.log.take(answer.body))
        return answer.asks_next

    def came(self, new):
        """Hook for subclasses: called with new messages."""


class Sender(Browser):
    """Sends messages one after another, each until it is answered. `acknowledged` are those with a 2xx."""

    def __init__(self, address, person, pause=0.0):
        super().__init__(address, person)
        self.pause = pause
        self.acknowledged, self.refused, self.times = [], [], []
        self.unanswered = []  # one entry per missing answer
        self.stopping = False

    async def speak(self):
        n = 0
        while not self.stopping:
            n += 1
            await self.say(n, f"{self.name} says {n}")
            await asyncio.sleep(self.pause)

    async def say(self, n, text):
        """Send this form until there is an answer. It is the same form each time, so it counts as one message."""
        while (answer := await self.try_to_send(n, text)) is None or answer.status >= 500:
            self.unanswered.append(text)
            await asyncio.sleep(0.2)
        (self.acknowledged if 200 <= answer.status < 300 else self.refused).append(text)

    async def try_to_send(self, n, text):
        began = time.monotonic()
        try:
            answer = await self.post("send/", {"n": n, "text": text, **self.keys})
        except Broken:
            return None
        self.times.append(time.monotonic() - began)
        return answer


class Framed(Browser):
    """A person without JavaScript. The log is a streamed page, reloaded when the stream ends."""

    ended = broken = 0

    async def follow(self, after=0.0):
        await asyncio.sleep(after)
        while True:
            try:
                answer = await self.ask("GET", f"live/?until={int(time.time()) + 10}", {"Sec-Fetch-Dest": "iframe"})
                self.ended += answer.body.rstrip().endswith("</html>")
            except Broken:
                self.broken += 1
            await asyncio.sleep(RELOADS)


def lines(html):
    return [(int(pk), line) for pk, line in LINE.findall(html)]


def words(line):
    """The text of this message; empty for system messages."""
    return "".join(TAG.sub("", body) for body in WORDS.findall(line)).strip()
