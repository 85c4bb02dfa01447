"""make restart: the server restarts under load; every held poll is answered, and no reader misses a message."""

import argparse
import asyncio
import random
import time

from bench import people
from bench.browsing import Framed, Reader, Sender
from bench.judging import judge_readers, judge_rooms, judge_senders
from bench.truth import written
from bench.verdict import prove, some, total
from bench.wire import give_up

ROOMS = 10
PAUSE = 2.0  # seconds between two messages of a sender
ARRIVING = 10  # seconds over which readers arrive, so that their ticks are spread
WARM = 20  # seconds until all polls are held and all frames are streams
AFTER = 20  # seconds of load after the restart
SURELY_HELD = 0.2  # seconds after which the server has certainly read a request
EXITS_WITHIN = 3  # seconds


class Restart:
    def __init__(self, server, readers, senders, frames):
        self.server, self.readers, self.senders, self.frames = server, readers, senders, frames
        self.exits_after = self.starts_after = None
        self.held, self.written = [], set()

    async def run(self):
        crowd = [each.follow(random.uniform(0, ARRIVING)) for each in [*self.readers, *self.frames]]
        following = [asyncio.create_task(each) for each in crowd]
        speaking = [asyncio.create_task(sender.speak()) for sender in self.senders]
        try:
            await asyncio.sleep(WARM)
            await self.restart()
            await asyncio.sleep(AFTER)
            await self.let_senders_finish(speaking)
        finally:
            await give_up(*speaking, *following)

    async def restart(self):
        now = time.monotonic()
        self.held = [(r, r.asked_at) for r in self.readers if r.asked_at and now - r.asked_at > SURELY_HELD]
        self.streams_ended = total(self.frames, "ended")
        self.exits_after = await asyncio.to_thread(self.server.stop)
        self.written = written(self.server)
        self.starts_after = await asyncio.to_thread(self.server.start)

    async def let_senders_finish(self, speaking):
        """Wait until the last sends are answered, and readers had time to receive them."""
        for sender in self.senders:
            sender.stopping = True
        await asyncio.wait(speaking, timeout=10)
        await asyncio.sleep(5)

    @property
    def dropped_polls(self):
        """Readers whose poll was held at SIGTERM and was not answered."""
        return [reader.name for reader, asked_at in self.held if asked_at in reader.failures]

    @property
    def unconfirmed(self):
        """Messages stored before the end whose sender got no answer."""
        return [text for sender in self.senders for text in set(sender.unanswered) & self.written]


def judge(verdict, restart):
    judge_end(verdict, restart)
    judge_readers(verdict, restart.readers, may_miss=1)
    judge_senders(verdict, restart.senders)
    judge_rooms(verdict, restart.server, restart.readers, restart.senders)
    log = restart.server.complaints()
    verdict.must("no errors in the server's log", not log, some(log))


def judge_end(verdict, restart):
    exits, frames = restart.exits_after, restart.frames
    verdict.must(f"SIGTERM to the end: under {EXITS_WITHIN} s", exits < EXITS_WITHIN, f"{exits:.2f} s")
    verdict.figure("from then until it answered again", f"{restart.starts_after:.2f} s")
    verdict.must(
        "polls held at SIGTERM, all answered",
        len(restart.held) > len(restart.readers) / 3 and not restart.dropped_polls,
        f"{len(restart.held)} held",
    )
    well = total(frames, "ended") - restart.streams_ended
    verdict.must("streams open at SIGTERM, all completed", well == len(frames), f"{well} of {len(frames)}")
    verdict.must("stored messages without an answer: 0", not restart.unconfirmed, some(restart.unconfirmed))


def main():
    options = arguments()
    crowd = f"{options.readers} readers, {options.frames} frames without JavaScript and {options.senders} senders"
    prove(f"make restart: SIGTERM and a start under {crowd}", lambda server, verdict: run(server, options, verdict))


async def run(server, options, verdict):
    most = -(-(options.readers + options.frames + 2 * options.senders) // ROOMS) + 3
    rooms = [place.people for place in people.make(server, ROOMS, most)]
    readers = [Reader(server.address, person) for person in dealt(rooms, options.readers)]
    frames = [Framed(server.address, person) for person in dealt(rooms, options.frames)]
    # Half of the rooms are quiet, so that their polls are held for their full time.
    senders = [Sender(server.address, person, PAUSE) for person in dealt(rooms[::2], options.senders)]
    restart = Restart(server, readers, senders, frames)
    await restart.run()
    judge(verdict, restart)


def dealt(rooms, count):
    """Take `count` people from the rooms in turn, each person once."""
    return [rooms[number % len(rooms)].pop() for number in range(count)]


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--readers", type=int, default=500)
    parser.add_argument("--senders", type=int, default=20)
    parser.add_argument("--frames", type=int, default=20)
    return parser.parse_args()


if __name__ == "__main__":
    main()
