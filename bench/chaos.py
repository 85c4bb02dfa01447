"""make chaos: the server is killed repeatedly while people send and read; no acknowledged message may be lost."""

import argparse
import asyncio
import random
import time
from collections import Counter

from bench import people
from bench.browsing import Log, Reader, Sender, words
from bench.truth import Truth, agree, database_of
from bench.verdict import counted, percentile, prove, some, total
from bench.wire import give_up

WORKS = 0.3, 2.0  # seconds from a start to the next kill
THROTTLE = 0.5  # minimum seconds between two sends of one of our forms in htmx
SETTLES = 30  # seconds in which every last send and poll must be answered


class Witness(Reader):
    """A reader that remembers every message it has shown, even after a full refresh."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.seen = {}

    def came(self, new):
        self.seen.update((pk, words(line)) for pk, line in new)


class Chaos:
    def __init__(self, server, senders, readers):
        self.server, self.senders, self.readers = server, senders, readers
        self.down, self.pause = [], 0

    async def run(self, kills):
        tasks = [asyncio.create_task(each.speak()) for each in self.senders]
        following = [asyncio.create_task(each.follow()) for each in self.readers]
        try:
            for _ in range(kills):
                self.hurry_or_not()
                await asyncio.sleep(random.uniform(*WORKS))
                await self.kill()
            await self.let_senders_finish(tasks)
            await self.catch_up()
        finally:
            await give_up(*tasks, *following)

    def hurry_or_not(self):
        """Alternate between no pause, so that kills hit sends in progress, and a pause, so that deltas are small."""
        for sender in self.senders:
            sender.pause = self.pause
        self.pause = THROTTLE - self.pause

    async def kill(self):
        before = time.monotonic()
        await asyncio.to_thread(self.server.kill)
        await asyncio.to_thread(self.server.start)
        self.down.append(time.monotonic() - before)

    async def let_senders_finish(self, tasks):
        """Wait until the last send of each sender is answered."""
        for sender in self.senders:
            sender.stopping = True
        async with asyncio.timeout(SETTLES):
            await asyncio.gather(*tasks)

    async def catch_up(self):
        """Give every reader time to receive the last message. `judge_pages` finds readers that did not."""
        last = Truth(database_of(self.server), self.readers[0].slug).version
        end = time.monotonic() + SETTLES
        while time.monotonic() < end and any(reader.log.version < last for reader in self.readers):
            await asyncio.sleep(0.1)


def judge(verdict, chaos, fresh):
    senders, readers = chaos.senders, chaos.readers
    truth = Truth(database_of(chaos.server), readers[0].slug)
    statuses = sum((each.statuses for each in [*senders, *readers]), Counter())
    verdict.figure(
        "kills; median seconds until the server answered again", f"{len(chaos.down)}; {percentile(chaos.down, 0.5):.2f}"
    )
    verdict.figure("messages in the room; acknowledged", f"{len(truth.counted):,}; {total(senders, 'acknowledged'):,}")
    verdict.figure("sent again because no answer had come", total(senders, "unanswered"))
    verdict.figure(
        "polls answered; without an answer", f"{total(readers, 'answered'):,}; {total(readers, 'failures'):,}"
    )
    verdict.must("acknowledged messages lost: 0", not (lost := truth.lost(senders)), some(lost))
    verdict.must("messages doubled: 0", not truth.doubled, some(truth.doubled))
    verdict.must("each sender's messages in the order sent", not (wrong := truth.misplaced(senders)), some(wrong))
    judge_pages(verdict, truth, readers, fresh)
    verdict.must("the database passes its integrity check", truth.sound == "ok", truth.sound)
    verdict.must("every answer was a 200", set(statuses) == {200}, counted(statuses))
    verdict.must("no errors in the server's log", not (log := chaos.server.complaints()), some(log))


def judge_pages(verdict, truth, readers, fresh):
    unseen = [pk for reader in readers for pk in truth.unseen_by(reader)]
    verdict.must("every message a reader saw is in the database", not unseen, some(unseen))
    verdict.must("a fresh page shows the newest messages", truth.equals(fresh), f"{len(fresh.lines)} messages")
    apart = [n for n, r in enumerate(readers) if not (truth.equals(r.log) and agree(r.log, fresh))]
    verdict.must("the readers' pages equal a fresh one", not apart, f"{[len(r.log.lines) for r in readers]} messages")
    verdict.must("messages doubled on a page: 0", not (doubled := sum(r.log.doubled for r in readers)), doubled)
    verdict.must("readers told that they are not in the room: 0", not (lost := total(readers, "lost")), lost)


def main():
    options = arguments()
    prove(
        f"make chaos: {options.kills} kills under {options.senders} senders and {options.readers} readers",
        lambda server, verdict: run(server, options, verdict),
    )


async def run(server, options, verdict):
    members = people.make_one(server, options.senders + options.readers).people
    senders = [Sender(server.address, person) for person in members[: options.senders]]
    readers = [Witness(server.address, person) for person in members[options.senders :]]
    chaos = Chaos(server, senders, readers)
    await chaos.run(options.kills)
    judge(verdict, chaos, Log(await readers[0].open()))


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--senders", type=int, default=20)
    parser.add_argument("--readers", type=int, default=5)
    return parser.parse_args()


if __name__ == "__main__":
    main()
