"""A crowd of readers in their own process, and what arrived with whom, and how late, set beside what was sent."""

import contextlib
import time
from collections import Counter
from typing import NamedTuple

from bench.readers import Readers
from bench.server import Broken
from bench.workers import working

COMES_AT = 250  # readers a second: the first poll of each is Django's


class Delivery(NamedTuple):
    """What became of the messages; `late` are seconds from acknowledged send to last byte, sorted."""

    late: list
    missed: int
    doubled: int
    strange: dict  # what readers were told beside 200, and how often
    client: float  # seconds of CPU time for each answer, in the process of the readers

    def percentile(self, percent):
        if not self.late:
            raise Broken("Nothing arrived at anybody.")
        return self.late[min(len(self.late) - 1, len(self.late) * percent // 100)]


class Crowd:
    def __init__(self, worker, rooms):
        self.worker, self.rooms = worker, rooms  # the room of each reader, in order

    def wait_until_all_wait(self, within=600):
        """Until each has been answered and has asked again; answers when the last of them did (CLOCK_MONOTONIC)."""
        end = time.monotonic() + within
        while (state := self.worker.call("waiting"))[0] < len(self.rooms):
            if time.monotonic() > end:
                raise Broken(f"After {within} s, {state[0]} of {len(self.rooms)} readers wait.")
            time.sleep(0.1)
        return state[1]

    def begin(self):
        self.worker.call("begin")

    def report(self):
        return self.worker.call("report")

    def delivery(self, sent, rooms):
        """`sent` by people in `rooms`, in order, since `begin`: did each message come once to each of its readers?"""
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
    """A crowd of these people, whose pages were loaded at `versions` of their rooms; all of them wait."""
    pages = [(person, versions[person.slug]) for person in people]
    with working(Readers, server.address, pages, len(people) / COMES_AT) as worker:
        crowd = Crowd(worker, [person.slug for person in people])
        crowd.wait_until_all_wait()
        yield crowd
