"""make soak: minutes of mixed load; the server's memory, files and threads must not grow after warming up."""

import argparse
import asyncio
import os
import random
import re
import time
from collections import Counter
from pathlib import Path
from statistics import mean

from bench import people
from bench.browsing import Framed, Reader, Sender
from bench.bystanders import PLANNED, Browsing, Clumsy, Fickle, Wanderer
from bench.judging import judge_readers, judge_rooms, judge_senders
from bench.verdict import counted, prove, some
from bench.wire import give_up

ROOMS = 20
READERS = 200
SENDERS, PAUSE = 20, 4.0  # one sender per room; seconds between its messages (five a second in total)
FRAMES = 8
MESSAGES = 100  # in each room at the start, so that there is history to read
BYSTANDERS = {
    Wanderer: (20, 20),
    Browsing: (10, 4),
    Clumsy: (5, 10),
    Fickle: (5, 2),
}  # number, longest pause (s)
ARRIVING = 10  # seconds over which readers arrive
EVERY = 10  # seconds between two samples
GROWS = 0.05  # maximum growth of the last quarter's mean over the second's; the first is warm-up
SPARE = 10  # files that are open at times


class Soak:
    def __init__(self, server, readers, senders, frames, bystanders):
        self.server, self.readers, self.senders, self.frames = server, readers, senders, frames
        self.bystanders = bystanders
        self.samples = []

    async def run(self, seconds):
        tasks = [asyncio.create_task(each.follow(random.uniform(0, ARRIVING))) for each in self.readers + self.frames]
        tasks += [asyncio.create_task(one.live(BYSTANDERS[type(one)][1])) for one in self.bystanders]
        speaking = [asyncio.create_task(sender.speak()) for sender in self.senders]
        try:
            await self.watch(seconds, tasks)
            await self.let_senders_finish(speaking, tasks)
        finally:
            await give_up(*tasks, *speaking)

    async def watch(self, seconds, tasks):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            await asyncio.sleep(EVERY)
            self.samples.append(sample(self.server))
            for task in tasks:
                if task.done():
                    task.result()  # raises the task's error

    async def let_senders_finish(self, speaking, tasks):
        """Wait until the last sends are answered, end the bystanders, and give readers time to receive the rest."""
        for sender in self.senders:
            sender.stopping = True
        await asyncio.wait(speaking, timeout=10)
        await give_up(*tasks[-len(self.bystanders) :])
        await asyncio.sleep(10)


def sample(server):
    """Memory in MB, open files, threads."""
    threads = re.search(r"^Threads:\s+(\d+)", Path(f"/proc/{server.pid}/status").read_text(), re.MULTILINE)
    return server.memory() / 1e6, len(os.listdir(f"/proc/{server.pid}/fd")), int(threads[1])


def judge(verdict, soak):
    memory, files, threads = zip(*soak.samples, strict=True)
    judge_growth(verdict, "memory (MB)", memory)
    judge_growth(verdict, "open files", files, SPARE)
    judge_growth(verdict, "threads", threads)
    judge_readers(verdict, soak.readers, may_miss=0)
    judge_senders(verdict, soak.senders)
    judge_rooms(verdict, soak.server, soak.readers, soak.senders)
    broken = sum(frame.broken for frame in soak.frames)
    verdict.must("interrupted streams: 0", not broken, broken)
    statuses = sum((one.statuses for one in soak.bystanders + soak.frames), Counter())
    verdict.must(f"all other answers are among {sorted(PLANNED)}", set(statuses) <= PLANNED, counted(statuses))
    log = soak.server.complaints()
    verdict.must("no errors in the server's log", not log, some(log))


def judge_growth(verdict, what, values, spare=0):
    """Compare the means of the last and the second quarter. A leak makes the last one larger."""
    quarter = len(values) // 4
    second, last = mean(values[quarter : 2 * quarter]), mean(values[-quarter:])
    verdict.must(
        f"{what}: last quarter within {GROWS:.0%} of the second",
        last - second <= second * GROWS + spare,
        f"{values[0]:.0f} at first, {second:.1f}, then {last:.1f} ({last / second - 1:+.1%})",
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    minutes = max(parser.parse_args().minutes, 1)
    prove(
        f"make soak: {minutes:g} minutes, {READERS} readers in {ROOMS} rooms, {SENDERS} senders and others",
        lambda server, verdict: run(server, minutes * 60, verdict),
    )


async def run(server, seconds, verdict):
    places = people.make(server, ROOMS, 20)
    for place in places:
        people.fill(server, place.slug, MESSAGES)
    crowd = (place.people.pop() for _ in range(19) for place in places)  # never a room's owner
    readers = [Reader(server.address, next(crowd)) for _ in range(READERS)]
    senders = [Sender(server.address, next(crowd), PAUSE) for _ in range(SENDERS)]
    frames = [Framed(server.address, next(crowd)) for _ in range(FRAMES)]
    bystanders = [kind(server.address, next(crowd)) for kind, (count, _) in BYSTANDERS.items() for _ in range(count)]
    soak = Soak(server, readers, senders, frames, bystanders)
    await soak.run(seconds)
    judge(verdict, soak)


if __name__ == "__main__":
    main()
