"""The gate as an ASGI application: it reads bodies whole, then runs Django as WSGI in a few threads."""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import IO

from chat.gate import error_pages, request_body, response_body, wsgi
from chat.gate.backend import Backend
from chat.gate.error_pages import GateRefusal
from chat.gate.grants import Offer
from chat.gate.hub import Hub
from chat.gate.places import DEFAULT_SHARES, Places, Shares
from chat.gate.request_body import Disconnected
from chat.gate.route_limits import DEFAULT_LIMIT, BodyLimit, RouteLimit, limit_for
from chat.gate.signatures import Arguments, Receive, Result, Scope, Send
from chat.gate.streams import PLACEHOLDER
from chat.gate.wsgi import Response

logger = logging.getLogger("chat.gate")


class Gate:
    """The ASGI application: answers polls itself, and runs Django in threads for all other requests.

    Only the event loop uses its counters, so they need no lock.
    """

    def __init__(
        self,
        wsgi_application: wsgi.Application,
        threads: int = 4,
        queue: int = 256,  # requests that wait for a thread
        body_limit: BodyLimit = DEFAULT_LIMIT,
        route_limits: tuple[RouteLimit, ...] = (),  # instead of `body_limit`, for the routes that match
        max_bodies: int = 1000,  # unfinished bodies; each takes up to 64 kB of memory
        max_heads: int = 3000,  # unfinished heads; each takes up to 64 kB of memory, usually far less
        max_refused: int = 3000,  # refused clients that are still sending
        shares: Shares = DEFAULT_SHARES,  # how many of these may come from one network
        network_of: Callable[[wsgi.Environ], str] = lambda _: "",  # the client's network, "" if unknown
        behind_proxy: bool = False,  # the peer is a proxy: the client is only known when the head is complete
        linger: float = 10,  # seconds that a refused client may go on sending
        headers: tuple[tuple[str, str], ...] = (),  # the site's security headers, for the gate's own answers
        backend: Backend | None = None,  # without it, Django answers every poll
    ) -> None:
        self.application = wsgi_application
        self.pool = ThreadPoolExecutor(threads, thread_name_prefix="django")
        self.max_working = threads + queue
        self.body_limit, self.route_limits = body_limit, route_limits
        self.bodies, self.heads = Places(max_bodies, shares.bodies), Places(max_heads, shares.heads)
        self.refused, self.linger = Places(max_refused, shares.refused), linger
        self.network_of, self.behind_proxy = network_of, behind_proxy
        self.headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        self.working = 0
        calls = max(1, threads // 2)
        self.hub = Hub(backend, self.run_in_thread, self.headers, calls, shares.held) if backend else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self.http(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self.lifespan(receive, send)
        else:
            await receive()
            await send({"type": "websocket.close", "code": 1000})

    async def lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        if self.hub:
            self.hub.start()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        if self.hub:
            self.hub.cancel_tasks()
        # Running calls are finished: one may be about to commit a message. Queued ones are dropped, because their
        # clients are gone.
        await asyncio.to_thread(self.pool.shutdown, cancel_futures=True)
        if self.hub:
            await self.hub.write_drafts()
        await send({"type": "lifespan.shutdown.complete"})

    def stop(self) -> None:
        """Answer all held polls and hold no new ones, because the server is shutting down."""
        if self.hub:
            self.hub.stop()

    async def http(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            offer = self.hub.new_offer() if self.hub else Offer()
            response = await self.respond(scope, receive, offer)
            if self.hub and offer.stream and PLACEHOLDER in response.body and "connection" in scope:
                return await self.hub.stream(offer, response, scope["connection"], send)
            if response.file:
                return await deliver_file(response, response.file, scope, receive, send)
            await deliver(response, send)
        except Disconnected:
            return None
        except GateRefusal as refusal:
            await self.refuse(refusal, scope, receive, send)

    async def respond(self, scope: Scope, receive: Receive, offer: Offer) -> Response:
        try:
            body, length = await self.read_body(scope, receive)
            async with self.hub.queue_poll(scope) if self.hub else contextlib.nullcontext():
                return await self.call_django(scope, body, length, offer)
        except asyncio.CancelledError:  # The server stops and has waited long enough.
            raise GateRefusal(503, hang_up=True) from None

    async def read_body(self, scope: Scope, receive: Receive) -> tuple[IO[bytes], int]:
        """Return the body as a file, and its length in bytes; no thread is used.

        Raises GateRefusal if the body is too large, too slow or can't be stored, and Disconnected if the client
        leaves.
        """
        if not request_body.has_body(scope):
            return request_body.empty()
        announced = request_body.announced_length(scope["headers"]) or 0
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        limit = limit_for(path, self.route_limits, self.body_limit)
        if announced > limit.max_body:
            raise GateRefusal(413, hang_up=True)
        try:
            async with asyncio.timeout(limit.deadline(announced)) as deadline:
                with self.bodies.taken(self.network_of(wsgi.client_variables(scope)), deadline):
                    return await request_body.read(receive, limit.max_body)
        except request_body.TooLarge as error:
            raise GateRefusal(413, hang_up=error.more) from None
        except TimeoutError:
            raise GateRefusal(408, hang_up=True) from None
        except OSError:
            logger.exception("could not store a request body (is the disk full?)")
            raise GateRefusal(503, hang_up=True) from None

    def network_of_peer(self, peer: tuple[str, int] | None) -> str:
        """Return the network of a connection without a complete request yet; "" if the peer is a proxy."""
        return "" if self.behind_proxy else self.network_of({"REMOTE_ADDR": wsgi.address({"client": peer})})

    async def call_django(self, scope: Scope, body: IO[bytes], length: int, offer: Offer) -> Response:
        """Run Django in a thread and return its response; then apply the offer that it filled in.

        Raises GateRefusal with 503 if too many requests are running, and with 500 if Django failed.
        """
        if self.working >= self.max_working:
            body.close()
            raise GateRefusal(503)
        response = await self.run_in_thread(wsgi.call, self.application, scope, body, length, offer)
        if response is None:
            raise GateRefusal(500)
        if self.hub:
            self.hub.accept_offer(offer)
        return response

    async def run_in_thread(self, function: Callable[[*Arguments], Result], /, *arguments: *Arguments) -> Result:
        work = asyncio.get_running_loop().run_in_executor(self.pool, function, *arguments)
        self.working += 1
        work.add_done_callback(self.thread_done)
        # Shielded, because a thread can't be stopped: it is free when the work is done, not when the caller gives up.
        return await asyncio.shield(work)

    def thread_done(self, _work: object) -> None:
        self.working -= 1

    async def refuse(self, refusal: GateRefusal, scope: Scope, receive: Receive, send: Send) -> None:
        response = error_pages.error_response(refusal, scope, self.headers)
        if refusal.hang_up:
            await self.deliver_and_hang_up(response, scope, receive, send)
        else:
            await deliver(response, send)

    async def deliver_and_hang_up(self, response: Response, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer at once, then read the request for a while longer before the connection is closed.

        Closing while the client sends resets the connection, and browsers drop an answer that came before the reset.
        """
        await deliver(response, send, more=True)
        with contextlib.suppress(TimeoutError, asyncio.CancelledError):
            async with asyncio.timeout(self.linger) as deadline:
                with self.refused.taken(self.network_of(wsgi.client_variables(scope)), deadline):
                    await request_body.discard(receive)
        await send({"type": "http.response.body"})


async def deliver(response: Response, send: Send, more: bool = False) -> None:
    await send({"type": "http.response.start", "status": response.status, "headers": response.headers})
    await send({"type": "http.response.body", "body": response.body, "more_body": more})


async def deliver_file(
    response: Response, file: response_body.SizedFile, scope: Scope, receive: Receive, send: Send
) -> None:
    """Send the response and its file in pieces; if that can't be completed, the connection is closed."""
    connection = scope.get("connection")
    try:
        await send({"type": "http.response.start", "status": response.status, "headers": response.headers})
        await response_body.send_in_pieces(file, connection, send)
    except (TimeoutError, response_body.Truncated) as error:
        if isinstance(error, response_body.Truncated):
            logger.error("a file became shorter while it was sent")
        if connection:
            connection.transport.abort()
            while (await receive())["type"] != "http.disconnect":
                pass  # Otherwise uvicorn logs an incomplete answer.
    finally:
        response.close()
