"""A closed loop on many connections: each sends its next request when the answer has arrived."""

import select
import socket
import time

from bench import workers
from bench.connection import Connection
from bench.server import Broken

STATUS = b"HTTP/1.1 200"


class Hammer:
    """`requests` by name: one per connection. All answers of a name must have the same length."""

    def __init__(self, address, requests):
        self.address, self.requests = address, requests

    def serve(self, pipe):
        while workers.answer(pipe, self):
            pass

    def try_out(self, name):
        """Send each request once, on its own connection. Returns the answers."""
        return [Connection(self.address).ask(request) for request in self.requests[name]]

    def strike(self, name, size, seconds):
        """Returns the number of answers and the seconds they took."""
        epoll, waiting = select.epoll(), {}
        for request in self.requests[name]:
            one = socket.create_connection(self.address)
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            waiting[one.fileno()] = one, request
            epoll.register(one.fileno(), select.EPOLLIN)
            one.send(request)
        try:
            return loop(epoll, waiting, size, seconds)
        finally:
            epoll.close()
            for one, _ in waiting.values():
                one.close()


def loop(epoll, waiting, size, seconds):
    began = time.monotonic()
    now, answers, begun = began, 0, {}
    while now < began + seconds:
        for file, _ in epoll.poll():
            one, request = waiting[file]
            answer = begun.pop(file, b"") + one.recv(8192)
            if len(answer) < size and answer.startswith(STATUS):
                begun[file] = answer
                continue
            if len(answer) != size or not answer.startswith(STATUS):
                raise Broken(f"An answer of {len(answer)} bytes instead of {size}: {answer[:200]}")
            answers += 1
            one.send(request)
        now = time.monotonic()
    return answers, now - began
