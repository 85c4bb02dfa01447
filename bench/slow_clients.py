"""Many slow clients in their own process. Each comes back when the server closes its connection."""

import contextlib
import heapq
import itertools
import socket
import time

from bench import requests, workers

PAUSE = 1  # seconds between two bytes, and before a client comes back
COME_AT = 100  # clients a second
READ = 10  # bytes at once
KINDS = {"unfinished bodies": "slow_body", "slow heads": "slow_head", "slow readers": "slow_reader"}


class SlowClients:
    """`count` clients of a kind (see KINDS), from each of the addresses in turn.

    `come`: clients that were connected once. `ended`: connections that the server closed.
    """

    def __init__(self, address, person, kind, count, sources):
        self.address, self.kind, self.come, self.ended = address, kind, 0, 0
        self.first = getattr(self, KINDS[kind])(person, "{}:{}".format(*address))
        self.sources = list(itertools.islice(itertools.cycle(sources), count))
        self.open, began = {}, time.monotonic()
        self.due = [(began + number / COME_AT, number) for number in range(count)]

    def serve(self, pipe):
        while not pipe.poll(max(0, self.due[0][0] - time.monotonic())) or workers.answer(pipe, self):
            while self.due[0][0] <= time.monotonic():
                self.act(heapq.heappop(self.due)[1])

    def state(self):
        """Called over the pipe. Returns how many have come, how many are connected, and how often one was ended."""
        return self.come, len(self.open), self.ended

    def act(self, number):
        try:
            if number in self.open:
                self.go_on(self.open[number])
            else:
                self.open[number] = self.connected(self.sources[number])
                self.come += number >= self.come
        except OSError:
            self.ended += 1
            with contextlib.suppress(KeyError):
                self.open.pop(number).close()
        heapq.heappush(self.due, (time.monotonic() + PAUSE, number))

    def connected(self, source):
        one = socket.socket()
        if self.kind == "slow readers":
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)  # the system raises it to its minimum
        one.bind((source, 0))
        one.settimeout(5)
        one.connect(self.address)
        one.sendall(self.first)
        one.setblocking(False)
        return one

    def go_on(self, one):
        """Read some bytes, and send one, unless this is a reader. Raises OSError if the connection was closed."""
        with contextlib.suppress(BlockingIOError):
            if not one.recv(READ):
                raise ConnectionResetError
        if self.kind != "slow readers":
            one.send(b"x")

    # What each client sends first

    def slow_body(self, person, host):
        head, end, _body = requests.send(person, host, 1, "slow " * 1000).partition(b"\r\n\r\n")
        return head + end

    def slow_head(self, person, host):
        return requests.get(person, host, "/")[:-2] + b"X-Slow: "

    def slow_reader(self, person, host):
        return requests.get(person, host, f"/rooms/{person.slug}/")
