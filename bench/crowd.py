"""Many readers in their own process, and how late each sent message reached them."""

import contextlib
import time
from collections import Counter
from typing import NamedTuple

from bench.readers import Readers
from bench.server import Broken
from bench.workers import working

COMES_AT = 250  # readers a second; Django answers the first poll of each


class Delivery(NamedTuple):
    """The outcome of a run. `late`: seconds from acknowledged send to last byte, sorted."""

    late: list
    missed: int
    doubled: int
    strange: dict  # answers other than 200, with their number
    client: float  # CPU seconds per answer in the readers' process

    def percentile(self, percent):
        if not self.late:
            raise Broken("No message reached any reader.")
        return self.late[min(len(self.late) - 1, len(self.late) * percent // 100)]


class Crowd:
    def __init__(self, worker, rooms):
        self.worker, self.rooms = worker, rooms  # rooms: the room of each reader, in order

    def wait_until_all_wait(self, within=600):
        """Wait until each reader was answered and polls again. Returns when the last one did (CLOCK_MONOTONIC)."""
        end = time.monotonic() + within
        while (state := self.worker.call("waiting"))[0] < len(self.rooms):
            if time.monotonic() > end:
                raise Broken(f"After {within} s, {state[0]} of {len(self.rooms)} readers are waiting.")
            time.sleep(0.1)
        return state[1]

    def begin(self):
        self.worker.call("begin")

    def report(self):
        return self.worker.call("report")

    def delivery(self, sent, rooms):
        """Compare what arrived since `begin` with `sent`. `rooms`: the room of each sender, in order."""
        report = self.report()
        acknowledged = {number: at for number, _, _, at in sent}
        late = sorted(at - acknowledged[number] for _, number, at in report["arrivals"] if number in acknowledged)
        came = {(reader, number) for reader, number, _ in report["arrivals"]}
        readers = Counter(self.rooms)
        due = sum(readers[rooms[sender]] for _, sender, _, _ in sent)
        arrived = sum(number in acknowledged for _, number in came)
        client = report["cpu"] / max(1, report["answers"])
        return Delivery(late, due - arrived, report["doubled"], report["troubles"], client)


@contextlib.contextmanager
def reading(server, people, versions):
    """A Crowd of these people, all with a held poll. `versions`: the room versions at which their pages were loaded."""
    pages = [(person, versions[person.slug]) for person in people]
    with working(Readers, server.address, pages, len(people) / COMES_AT) as worker:
        crowd = Crowd(worker, [person.slug for person in people])
        crowd.wait_until_all_wait()
        yield crowd
