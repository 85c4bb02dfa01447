"""The gate: bodies are taken whole, threads are few and their queue is bounded; Django runs in them as WSGI."""

import asyncio
import contextlib
import logging
from concurrent.futures import ThreadPoolExecutor

from chat.gate import error_pages, request_body, wsgi
from chat.gate.error_pages import GateRefusal
from chat.gate.grants import Offer
from chat.gate.hub import Hub
from chat.gate.polls import Gone
from chat.gate.streams import HOLE

logger = logging.getLogger("chat.gate")


class Gate:
    """An ASGI application. Its counters are touched by the event loop only, so they need no lock."""

    def __init__(
        self,
        wsgi_application,
        threads=4,
        queue=256,  # requests waiting for a thread
        max_body=256 * 1024,  # bytes of one body; the longest message takes 48 kB in a form
        max_reading=1000,  # bodies being read at once
        deadline=30,  # seconds for a body to be here
        linger=10,  # seconds that a refused sender is listened to
        headers=(),  # the site's security headers, for what the gate says itself
        site=None,  # what is asked of Django for readers who wait; without it every poll goes to Django
    ):
        self.application = wsgi_application
        self.pool = ThreadPoolExecutor(threads, thread_name_prefix="django")
        self.max_working = threads + queue
        self.max_body, self.max_reading = max_body, max_reading
        self.deadline, self.linger = deadline, linger
        self.headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        self.reading = self.working = 0
        self.live = site and Hub(site, self.in_thread, self.headers, share=max(1, threads // 2))

    async def __call__(self, scope, receive, send):
        if scope["type"] == "http":
            await self.http(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self.lifespan(receive, send)
        else:
            await receive()
            await send({"type": "websocket.close", "code": 1000})

    async def lifespan(self, receive, send):
        await receive()
        if self.live:
            self.live.start()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        if self.live:
            self.live.end()
        # Work that a thread has begun is finished: it may be a message about to be committed. What still queues is
        # dropped: nobody waits for it any more.
        await asyncio.to_thread(self.pool.shutdown, cancel_futures=True)
        await send({"type": "lifespan.shutdown.complete"})

    def stop(self):
        """Answer everybody who waits, and let nobody wait any more: the server is about to end."""
        if self.live:
            self.live.stop()

    async def http(self, scope, receive, send):
        try:
            offer = Offer(self.live and self.live.polls.has_place)
            answer = await self.answer(scope, receive, offer)
            if offer.stream and HOLE in answer.body and "connection" in scope:
                return await self.live.stream(offer, answer, scope["connection"], send)
            await deliver(answer, send)
        except (request_body.Disconnected, Gone):
            return None
        except GateRefusal as refused:
            await self.refuse(refused, scope, receive, send)

    async def answer(self, scope, receive, offer):
        try:
            body = await self.body(scope, receive) if request_body.has_body(scope) else request_body.empty()
            async with self.live.turn(scope) if self.live else contextlib.nullcontext():
                return await self.work(scope, *body, offer)
        except asyncio.CancelledError:  # the server stops and has waited long enough
            raise GateRefusal(503, hang_up=True) from None

    async def body(self, scope, receive):
        """The body as a file and its length, or Refused; nothing that takes time here takes a thread."""
        if (request_body.announced_length(scope["headers"]) or 0) > self.max_body:
            raise GateRefusal(413, hang_up=True)
        try:
            with self.place_to_read():
                async with asyncio.timeout(self.deadline):
                    return await request_body.read(receive, self.max_body)
        except request_body.TooLarge as large:
            raise GateRefusal(413, hang_up=large.more) from None
        except TimeoutError:
            raise GateRefusal(408, hang_up=True) from None
        except OSError:
            logger.exception("a body could not be kept (is the disk full?)")
            raise GateRefusal(503, hang_up=True) from None

    @contextlib.contextmanager
    def place_to_read(self):
        if self.reading >= self.max_reading:
            raise GateRefusal(503, hang_up=True)
        self.reading += 1
        try:
            yield
        finally:
            self.reading -= 1

    async def work(self, scope, file, length, offer):
        """The application's answer, from a thread."""
        if self.working >= self.max_working:
            file.close()
            raise GateRefusal(503)
        answer = await self.in_thread(wsgi.call, self.application, scope, file, length, offer)
        if answer is None:
            raise GateRefusal(500)
        if self.live:
            self.live.learn(offer)
        return answer

    async def in_thread(self, function, *arguments):
        """What `function` answers in a thread."""
        work = asyncio.get_running_loop().run_in_executor(self.pool, function, *arguments)
        self.working += 1
        work.add_done_callback(self.worked)
        # Shielded, because a thread cannot be stopped: the place is free when the work is done, not when nobody waits.
        return await asyncio.shield(work)

    def worked(self, _):
        self.working -= 1

    async def refuse(self, refused, scope, receive, send):
        answer = error_pages.answer(refused, scope, self.headers)
        if refused.hang_up:
            await self.hang_up(answer, receive, send)
        else:
            await deliver(answer, send)

    async def hang_up(self, answer, receive, send):
        """Say it at once, then listen a while before closing: a connection closed on somebody who is still sending is
        reset, and browsers throw away the words that came before the reset."""
        await deliver(answer, send, more=True)
        with contextlib.suppress(TimeoutError, GateRefusal, asyncio.CancelledError), self.place_to_read():
            async with asyncio.timeout(self.linger):
                await request_body.discard(receive)
        await send({"type": "http.response.body"})


async def deliver(answer, send, more=False):
    await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
    await send({"type": "http.response.body", "body": answer.body, "more_body": more})
