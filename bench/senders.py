"""Senders in their own process, at a steady rate or as fast as they are answered."""

import itertools
import threading
import time

from bench import guests, requests, workers
from bench.connection import Connection
from bench.server import Broken


class Senders:
    """Each person has a connection. Messages are numbered from `first`."""

    def __init__(self, address, people, first):
        self.address, self.people = address, people
        self.host = "{}:{}".format(*address)
        self.numbers = itertools.count(first)
        self.threads = []

    def serve(self, pipe):
        while workers.answer(pipe, self):
            pass

    # Called over the pipe

    def keep_pace(self, rate):
        """Send `rate` messages a second in total, until `stop`."""
        interval = len(self.people) / rate
        self.start(self.at_pace, [(person, interval * n / len(self.people), interval) for n, person in self.counted()])

    def rush(self, seconds, senders):
        """Let `senders` people send as fast as they are answered. Returns the result of `stop`."""
        self.start(self.without_pause, [(person,) for _, person in self.counted()][:senders])
        time.sleep(seconds)
        return self.stop()

    def come_and_go(self, slug):
        """One guest joins and one leaves each second, until `stop`."""
        self.begin(self.host_guests, slug)

    def host_guests(self, slug):
        try:
            guests.come_and_go(self.address, slug, self.over)
        except Broken as broken:
            self.failed.append(broken)

    def stop(self):
        """Stop. Returns what was sent, as (number, person's index, begun, acknowledged), and refused statuses."""
        self.over.set()
        for thread in self.threads:
            thread.join()
        self.threads = []
        if self.failed:
            raise self.failed[0]
        return {"sent": self.sent, "refused": self.refused, "seconds": time.monotonic() - self.began}

    # In threads

    def start(self, work, jobs):
        self.sent, self.refused, self.failed, self.over = [], [], [], threading.Event()
        self.indexes = {person.session: index for index, person in self.counted()}
        self.began = time.monotonic()
        for job in jobs:
            self.begin(work, *job)

    def begin(self, work, *job):
        self.threads.append(threading.Thread(target=work, args=job))
        self.threads[-1].start()

    def counted(self):
        return list(enumerate(self.people))

    def at_pace(self, person, offset, interval):
        connection = Connection(self.address)
        for turn in itertools.count():
            if self.over.wait(max(0, self.began + offset + turn * interval - time.monotonic())):
                break
            self.send(person, connection)
        connection.close()

    def without_pause(self, person):
        connection = Connection(self.address)
        while not self.over.is_set():
            self.send(person, connection)
        connection.close()

    def send(self, person, connection):
        number = next(self.numbers)
        request = requests.send(person, self.host, number, requests.text(number))
        begun = time.monotonic()
        try:
            status = connection.ask(request).status
        except Broken as broken:
            status = str(broken)
        if status == 200:
            self.sent.append((number, self.indexes[person.session], begun, time.monotonic()))
        else:
            self.refused.append(status)
