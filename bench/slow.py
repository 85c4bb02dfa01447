"""make slow: a normal send stays fast among slow clients of all kinds, and among nine tabs of one browser."""

import argparse
import asyncio
import contextlib
import socket
import time

from bench import hostile, people, requests
from bench.browsing import Reader, Sender
from bench.send_times import judge, times
from bench.verdict import prove, total
from bench.wire import Connection, give_up

MESSAGES = 200  # in the room, so that its page exceeds a slow reader's socket buffers
TABS, CONNECTIONS = 9, 6  # pages of one browser, and its connections to one HTTP/1.1 server
MOST_HELD = 3  # polls of one session that the gate may hold
HELD = 0.5  # seconds after which an unanswered poll counts as held
IN_TIME = 0.2  # maximum seconds of a send among nine tabs
EXITS_WITHIN = 3  # seconds


class Pool:
    """A browser's connections to one server. Further requests wait for a free one."""

    def __init__(self, address):
        self.free = asyncio.Queue()
        for _ in range(CONNECTIONS):
            self.free.put_nowait(Connection(address))
        self.polls = {}  # start time by connection

    async def ask(self, method, *request):
        connection = await self.free.get()
        if method == "GET":
            self.polls[connection] = time.monotonic()
        try:
            return await connection.ask(method, *request)
        finally:
            self.polls.pop(connection, None)
            self.free.put_nowait(connection)

    @property
    def held(self):
        return sum(time.monotonic() - since > HELD for since in self.polls.values())


async def send_slowly(server, person):
    """Send a message body at one byte per second, and start again when the server disconnects."""
    head, end, body = requests.send(person, server.host, 1, "slow " * 100).partition(b"\r\n\r\n")
    while True:
        with contextlib.suppress(OSError):
            _reader, writer = await asyncio.open_connection(*server.address)
            with contextlib.closing(writer):
                writer.write(head + end)
                for byte in body:
                    writer.write(bytes([byte]))
                    await writer.drain()
                    await asyncio.sleep(1)
        await asyncio.sleep(0.1)


async def read_slowly(server, person):
    """Request pages and full refreshes, and read them at a few bytes per second."""
    loop = asyncio.get_running_loop()
    asked = requests.get(person, server.host, f"/rooms/{person.slug}/") + requests.poll(person, server.host, 0, 1)
    with socket.socket() as one:
        one.setblocking(False)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)  # the system raises it to its minimum
        await loop.sock_connect(one, server.address)
        await loop.sock_sendall(one, asked * 3)
        while await loop.sock_recv(one, 10):
            await asyncio.sleep(1)


@contextlib.asynccontextmanager
async def crowded(server, people_there, each):
    """The first `each` people send slowly, the others read slowly. Yields their tasks after 3 seconds."""
    slow = [send_slowly(server, person) for person in people_there[:each]]
    slow += [read_slowly(server, person) for person in people_there[each:]]
    tasks = [asyncio.create_task(one) for one in slow]
    try:
        await asyncio.sleep(3)
        yield tasks
    finally:
        await give_up(*tasks)


async def crowd(server, members, each, verdict):
    """Time normal sends without slow clients, with them, and without them again."""
    normal, *others = members
    sender = Sender(server.address, normal)
    await times(sender, 20)
    quiet = await times(sender)
    async with crowded(server, others, each) as tasks:
        slow = await times(sender)
        verdict.must("slow clients still connected", not any(task.done() for task in tasks), len(tasks))
    judge(verdict, "send among slow clients", quiet + await times(sender), slow)


async def tabs(server, person, verdict):
    """Nine pages of one browser poll, and one of them sends."""
    pool = Pool(server.address)
    readers, sender = [Reader(server.address, person) for _ in range(TABS)], Sender(server.address, person)
    for each in [*readers, sender]:
        each.connection = pool
    tasks = [asyncio.create_task(reader.follow(number / 5)) for number, reader in enumerate(readers)]
    held = []
    try:
        await asyncio.sleep(6)
        for number in range(1, 21):
            held.append(pool.held)
            await sender.say(number, f"From among the tabs {number}")
            await asyncio.sleep(1.3)
    finally:
        await give_up(*tasks)
    slowest = max(sender.times)
    verdict.must(f"nine tabs: each send under {IN_TIME * 1000:.0f} ms", slowest < IN_TIME, f"{slowest * 1000:.0f} ms")
    verdict.must(f"nine tabs: polls held, {MOST_HELD} at most", 0 < max(held) <= MOST_HELD, max(held))
    verdict.must("nine tabs: polls that failed: 0", not (failed := total(readers, "failures")), failed)


async def end_under_crowd(server, others, each, verdict):
    """Send SIGTERM while slow clients are connected."""
    async with crowded(server, others, each):
        seconds = await asyncio.to_thread(server.stop)
    verdict.must(f"SIGTERM among them: ends within {EXITS_WITHIN} s", seconds < EXITS_WITHIN, f"{seconds:.2f} s")


async def run(server, each, many, verdict):
    members = people.make_one(server, 2 * each + 1).people
    people.fill(server, members[0].slug, MESSAGES)
    await crowd(server, members, each, verdict)
    await tabs(server, people.make_one(server, 1, name="Tabs").people[0], verdict)
    await hostile.run(server, many, verdict)
    await end_under_crowd(server, members[1:], each, verdict)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--each", type=int, default=50, help="number of slow senders, and of slow readers")
    parser.add_argument("--many", type=int, default=1000, help="number of hostile clients of each kind")
    asked = parser.parse_args()
    each, many = asked.each, asked.many
    prove(
        f"make slow: {each} slow senders and {each} slow readers; nine tabs of one browser; {many:,} hostile clients",
        lambda server, verdict: run(server, each, many, verdict),
        application="bench.loopback:application",
    )


if __name__ == "__main__":
    main()
