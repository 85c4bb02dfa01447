"""Figure 6: room page, poll and send in rooms of a thousand to a million messages, in turns on one server."""

import time
from statistics import median
from typing import NamedTuple

from bench import people, requests
from bench.connection import connected
from bench.report import Bound, Row, ms
from bench.server import Broken, running

SIZES = (1000, 100_000)
LARGE = 1_000_000
BATCH = 5  # requests of one kind in a row; the CPU time of a single one is not counted completely when it ends
WARM = 2  # rounds that are not counted, so that each of Django's threads has answered once
KINDS = ("room page", "poll by Django", "send")
BOUNDS = {"room page": (1.3, 1.1), "poll by Django": (1.1, 1.05), "send": (1.3, 1.1)}  # flat, within measurement error
PAGE = 0.006, 0.003  # CPU seconds of a page with 50 messages: must and aim


class Cost(NamedTuple):
    cpu: float
    time: float


def measure(full):
    with running() as server:
        sizes = [*SIZES, LARGE] if full else SIZES
        rooms = {size: room(server, size) for size in sizes}
        with connected(server.address) as connection:
            costs = in_turns(server, connection, rooms, rounds=30 if full else 12)
    yield page(costs)
    for kind in KINDS:
        yield growth(kind, costs, sizes)


def room(server, size):
    place = people.make_one(server, 20, name=f"Of {size}")
    people.fill(server, place.slug, size)
    return place.people[0]


def in_turns(server, connection, rooms, rounds):
    """The median Cost for each kind and size. All kinds and sizes take turns in each round."""
    found = {(kind, size): [] for kind in KINDS for size in rooms}
    for turn in range(WARM + rounds):
        for size, person in rooms.items():
            for kind, batch in zip(KINDS, batches(server, connection, person, turn), strict=True):
                found[kind, size].append(cost(server, connection, batch))
    return {key: Cost(*map(median, zip(*costs[WARM:], strict=True))) for key, costs in found.items()}


def batches(server, connection, person, turn):
    """Batches of page loads, of polls that lack only the last message, and of sends. The polls have a query that the
    gate doesn't recognise, so that Django answers them."""
    page = requests.get(person, server.host, f"/rooms/{person.slug}/")
    version = requests.told(connection.ask(page).body)[0]
    poll = requests.poll(person, server.host, version - 1, at=0).replace(b" HTTP/1.1", b"&older= HTTP/1.1", 1)
    numbers = range(turn * BATCH, (turn + 1) * BATCH)
    sends = [requests.send(person, server.host, number, requests.text(number)) for number in numbers]
    return [page] * BATCH, [poll] * BATCH, sends


def cost(server, connection, batch):
    """The Cost of one request of the batch."""
    cpu, began = server.cpu(), time.monotonic()
    for request in batch:
        answer = connection.ask(request)
        if answer.status != 200:
            raise Broken(f"Refused: {answer.status} {answer.body[:300]}")
    return Cost((server.cpu() - cpu) / len(batch), (time.monotonic() - began) / len(batch))


def page(costs):
    cpu, took = costs["room page", SIZES[0]]
    measured = f"CPU {ms(cpu)} ms (answered in {ms(took)} ms)"
    return Row("room page with 50 messages", measured, "6 ms", "3 ms", (Bound(cpu, *PAGE),))


def growth(kind, costs, sizes):
    """The Row that compares the largest room with the smallest."""
    each = ", ".join(f"{size:,}: {ms(costs[kind, size].cpu)}/{ms(costs[kind, size].time)}" for size in sizes)
    cpu, took = (after / before for before, after in zip(costs[kind, sizes[0]], costs[kind, sizes[-1]], strict=True))
    must, aim = BOUNDS[kind]
    measured = f"CPU {cpu:.2f}, time {took:.2f} times (ms of CPU/of time at {each})"
    judged = (Bound(cpu, must, aim),) if LARGE in sizes else ()
    return Row(f"growth of {kind}", measured, f"{must} times", "flat", judged)
