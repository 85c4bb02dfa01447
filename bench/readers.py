"""Any number of open pages in one process, each polling as htmx does, and what they receive."""

import errno
import heapq
import select
import socket
import time
from collections import Counter

from bench import requests, workers
from bench.connection import parsed

ASKS_NEXT = b"\r\nhx-trigger: asked"
TICK = 2  # seconds, as the page's hx-trigger says
PIECE = 8192  # bytes per read; longer answers take several, which costs less than a large buffer
UNTIL_STOP = 286
IN, OUT = select.EPOLLIN, select.EPOLLOUT


class Reader:
    """One page. `origin`: the version of its last full refresh. `numbers`: the messages it has shown."""

    __slots__ = (
        "after", "answered", "asked", "asking", "at", "before", "buffer", "index", "numbers", "origin", "phase",
        "ready", "since", "socket",
    )  # fmt: skip

    def __init__(self, index, person, host, version):
        self.index = index
        self.before, self.after = requests.poll_head(person, host)
        self.since = self.origin = version
        self.at = int(time.time())
        self.numbers = set()
        self.socket, self.buffer = None, b""
        self.asking = self.answered = False
        self.ready = None  # time of its second poll on this connection: from then on its polls are held

    def request(self):
        return b"%b%d&from=%d&at=%d%b" % (self.before, self.since, self.origin, self.at, self.after)


class Readers:
    """`people`: pairs of Person and the version of the loaded page. They start within `spread` seconds.

    A number shown again counts as doubled, except after a full refresh, which replaces the log. The answer then has a
    different `from` than the request.
    """

    def __init__(self, address, people, spread):
        self.address, self.epoll = address, select.epoll()
        host = "{}:{}".format(*address)
        self.readers = [Reader(index, person, host, version) for index, (person, version) in enumerate(people)]
        self.by_file = {}
        self.due, now = [], time.monotonic() + 0.1
        for reader in self.readers:
            reader.phase = now + spread * reader.index / len(self.readers)
            self.due.append((reader.phase, reader.index))
        self.begin()

    # Called over the pipe

    def begin(self):
        """Reset the counters."""
        self.arrivals, self.doubled, self.answers, self.bytes = [], 0, 0, 0
        self.troubles = Counter()
        self.began, self.cpu = time.monotonic(), time.process_time()

    def report(self):
        return {
            "arrivals": self.arrivals,  # (reader, number, time)
            "doubled": self.doubled,
            "troubles": dict(self.troubles),
            "answers": self.answers,
            "bytes": self.bytes,
            "cpu": time.process_time() - self.cpu,
            "seconds": time.monotonic() - self.began,
        }

    def waiting(self):
        """How many readers were answered and polled again, and when the last one did."""
        moments = [reader.ready for reader in self.readers if reader.ready]
        return len(moments), max(moments, default=None)

    # The loop

    def serve(self, pipe):
        self.epoll.register(pipe.fileno(), IN)
        goes_on = True
        while goes_on:
            for file, event in self.epoll.poll(self.until_due()):
                if file in self.by_file:
                    self.happened(self.by_file[file], event)
                elif file == pipe.fileno():
                    goes_on = workers.answer(pipe, self)
            self.tick()

    def until_due(self):
        return max(0, self.due[0][0] - time.monotonic()) if self.due else None

    def tick(self):
        now = time.monotonic()
        while self.due and self.due[0][0] <= now:
            self.ask(self.readers[heapq.heappop(self.due)[1]], now)

    def happened(self, reader, event):
        try:
            if event & OUT:
                self.connected(reader)
            else:
                self.received(reader, reader.socket.recv(PIECE))
        except BlockingIOError:
            pass
        except OSError as error:
            self.lost(reader, errno.errorcode[error.errno])

    def ask(self, reader, now):
        reader.asking, reader.asked = True, now
        if reader.socket is None:
            return self.connect(reader)
        if reader.answered and not reader.ready:
            reader.ready = now
        try:
            reader.socket.send(reader.request())
        except OSError as error:
            self.lost(reader, errno.errorcode[error.errno])

    def connect(self, reader):
        reader.socket = socket.socket()
        reader.socket.setblocking(False)
        reader.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        reader.socket.connect_ex(self.address)
        self.by_file[reader.socket.fileno()] = reader
        self.epoll.register(reader.socket.fileno(), OUT)

    def connected(self, reader):
        failed = reader.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if failed:
            raise OSError(failed, "not connected")
        self.epoll.modify(reader.socket.fileno(), IN)
        reader.socket.send(reader.request())

    def lost(self, reader, why):
        """The connection is gone. The page polls again at its next tick, as htmx does after an error."""
        self.by_file.pop(reader.socket.fileno())
        reader.socket.close()
        reader.socket, reader.buffer, reader.ready, reader.answered = None, b"", None, False
        if reader.asking:
            self.troubles[why] += 1
            self.wait(reader, time.monotonic())

    def wait(self, reader, now):
        reader.asking = False
        heapq.heappush(self.due, (now + TICK - (now - reader.phase) % TICK, reader.index))

    # Answers

    def received(self, reader, data):
        if not data:
            return self.lost(reader, "closed")
        now, answer = time.monotonic(), reader.buffer + data
        whole = parsed(answer)
        reader.buffer = b"" if whole else answer
        if whole:
            self.answered(reader, whole, now)

    def answered(self, reader, answer, now):
        self.answers += 1
        self.bytes += answer.size
        if answer.status == 200:
            return self.told(reader, answer, now)
        self.troubles[answer.status] += 1
        if answer.status != UNTIL_STOP:
            self.wait(reader, now)

    def told(self, reader, answer, now):
        since, origin, at = requests.told(answer.body)
        if since != reader.since:
            self.shown(reader, answer.body, now, whole=origin != reader.origin)
        reader.since, reader.origin, reader.at, reader.answered = since, origin, at, True
        # htmx keeps a tick that passes during a hold, and fires it when the answer arrives.
        if ASKS_NEXT in answer.head or now - (now - reader.phase) % TICK > reader.asked:
            self.ask(reader, now)
        else:
            self.wait(reader, now)

    def shown(self, reader, body, now, whole):
        for number in requests.numbers(body):
            if number not in reader.numbers:
                reader.numbers.add(number)
                self.arrivals.append((reader.index, number, now))
            elif not whole:
                self.doubled += 1
