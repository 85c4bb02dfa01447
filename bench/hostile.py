"""1,000 slow clients of each kind, from one address and from fifty: a normal send stays fast."""

import asyncio
import time

from bench import people
from bench.browsing import Sender
from bench.send_times import judge, times
from bench.server import Broken
from bench.slow_clients import COME_AT, KINDS, SlowClients
from bench.workers import working

SOURCES = (1, 50)  # addresses that the clients come from
SETTLE = 3  # seconds after the last one came
COME_WITHIN = 120  # seconds
MESSAGES = 200  # in the room, so that its page exceeds a slow reader's socket buffers


async def run(server, count, verdict):
    """All kinds in turn. The quiet sends are those directly before and after."""
    normal, slow = people.make_one(server, 2, name="Hostile").people
    people.fill(server, normal.slug, MESSAGES)
    sender = Sender(server.address, normal)
    await times(sender, 20)
    before = await times(sender)
    for kind in KINDS:
        for number in SOURCES:
            sources = [f"127.0.0.{2 + last}" for last in range(number)]
            clients = SlowClients, server.address, slow, kind, count, sources
            among, state, cpu = await surrounded(server, sender, *clients)
            after = await times(sender)
            judge(verdict, f"send among {count:,} {kind} from {number}", before + after, among)
            verdict.figure("connected; connections that the server ended", f"{state[1]:,}; {state[2]:,}")
            verdict.figure("server's CPU for a send and the slow clients around it", f"{cpu * 1000:.1f} ms")
            before = after
    verdict.must("sends that failed: 0", not sender.unanswered and not sender.refused, len(sender.unanswered))


async def surrounded(server, sender, *clients):
    """The times of sends among slow clients, the clients' last state, and the server's CPU seconds per send."""
    with working(*clients) as worker:
        count = clients[-2]
        end = time.monotonic() + COME_WITHIN
        while worker.call("state")[0] < count:
            if time.monotonic() > end:
                raise Broken(f"Not all slow clients were connected within {COME_WITHIN} s.")
            await asyncio.sleep(count / COME_AT / 10)
        await asyncio.sleep(SETTLE)
        began = server.cpu()
        among = await times(sender)
        return among, worker.call("state"), (server.cpu() - began) / len(among)
