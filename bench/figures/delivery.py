"""Figures 3, 4 and 7: how soon a message reaches all readers, and what that costs; none missed, none doubled."""

import time
from typing import NamedTuple

from bench import people
from bench.crowd import Delivery, reading
from bench.report import Bound, Row, ms, percent, us
from bench.senders import Senders
from bench.server import running
from bench.workers import working

ZONES = ("UTC", "Europe/Vienna", "Asia/Kolkata", "America/New_York", "Pacific/Auckland")
ANY = 99  # cores: no limit
GRACE = 2  # seconds for the last message to arrive


class Scenario(NamedTuple):
    """`readers` and `rate` are totals of all rooms. `p50`, `p99` (ms) and `cpu` (of a core): pairs of must and aim."""

    name: str
    readers: int
    rate: int  # messages a second
    rooms: int = 1
    guests: bool = False
    p50: tuple = ()
    p99: tuple = ()
    cpu: tuple = ()
    in_short: bool = True


class Run(NamedTuple):
    delivery: Delivery
    refused: list  # statuses of refused sends
    cpu: float  # share of a core while messages were sent
    cost: float  # CPU seconds per delivered message, including sends, guests and paintings


SCENARIOS = [
    Scenario("10 readers, 1 message/s", 10, 1, in_short=False),
    Scenario("200 readers, 1 message/s", 200, 1, p50=(40, 20), p99=(120, 60)),
    Scenario("1,000 readers, 1 message/s", 1000, 1, p50=(80, 50), p99=(250, 100), cpu=(0.25, 0.12)),
    Scenario("200 readers, 20 messages/s", 200, 20, p99=(200, 60), cpu=(ANY, 0.5)),
    Scenario("1,000 readers, 1 message/s, one joins and one leaves a second", 1000, 1, guests=True),
    Scenario("1,000 readers, 100 rooms, 5 zones, 10 messages/s", 1000, 10, rooms=100),
]
PLAIN = [
    Scenario("plain polling: 200 readers, 1 message/s", 200, 1),
    Scenario("plain polling: 1,000 readers, 1 message/s", 1000, 1, in_short=False),
]
COST = (200e-6, 85e-6)  # seconds of CPU per reader per message: must and aim


def measure(full):
    yield from measure_all(SCENARIOS, full)


def measure_plain(full):
    """The same server without the gate's holds: Django answers every poll at once (`bench.plain`)."""
    yield from measure_all(PLAIN, full, application="bench.plain:application")


def measure_all(scenarios, full, **about):
    with running(**about) as server:
        for scenario in scenarios:
            if full or scenario.in_short:
                yield from rows(scenario, run(server, scenario, 20 if full else 8))


def run(server, scenario, seconds):
    """The writer of each room sends for `seconds`; everyone else reads."""
    each = scenario.readers // scenario.rooms
    places = people.make(server, scenario.rooms, each + 1, ZONES if scenario.rooms > 1 else ("UTC",), scenario.name)
    writers = [place.people[0] for place in places]
    readers = [person for place in places for person in place.people[1:]]
    with (
        reading(server, readers, {place.slug: place.version for place in places}) as crowd,
        working(Senders, server.address, writers, 1) as senders,
    ):
        time.sleep(GRACE)
        crowd.begin()
        cpu = server.cpu()
        senders.call("keep_pace", scenario.rate)
        if scenario.guests:
            senders.call("come_and_go", places[0].slug)
        time.sleep(seconds)
        cpu = server.cpu() - cpu
        said = senders.call("stop")
        time.sleep(GRACE)
        delivery = crowd.delivery(said["sent"], [writer.slug for writer in writers])
        return Run(delivery, said["refused"], cpu / seconds, cpu / max(1, len(delivery.late)))


def rows(scenario, run):
    yield speed(scenario, run)
    bounds = (Bound(run.cost, *COST),) if scenario.p99 else ()
    yield Row("    CPU per reader per message", us(run.cost), *(map(us, COST) if bounds else ("", "")), bounds)
    counts = run.delivery.missed, run.delivery.doubled, len(run.refused)
    counted = "{}, {}, {} of {} deliveries".format(*counts, len(run.delivery.late))
    strange = f"; other answers: {run.delivery.strange}" if run.delivery.strange else ""
    yield Row("    missed, doubled, sends refused", counted + strange, "0", "0", (Bound(sum(counts), 0, 0),))


def speed(scenario, run):
    p50, p95, p99 = (run.delivery.percentile(percent) for percent in (50, 95, 99))
    measured = f"p50 {ms(p50)}, p95 {ms(p95)}, p99 {ms(p99)} ms; CPU {percent(run.cpu)}"
    judged = [(p50 * 1000, scenario.p50), (p99 * 1000, scenario.p99), (run.cpu, scenario.cpu)]
    bounds = tuple(Bound(value, *pair) for value, pair in judged if pair)
    return Row(scenario.name, measured, wanted(scenario, 0), wanted(scenario, 1), bounds)


def wanted(scenario, which):
    """The required values (0) or the goals (1), as text."""
    times = [f"{name} {getattr(scenario, name)[which]}" for name in ("p50", "p99") if getattr(scenario, name)]
    cpu = scenario.cpu and scenario.cpu[which] < ANY and f"CPU {scenario.cpu[which]:.0%}"
    return "; ".join(filter(None, [", ".join(times) + " ms" if times else "", cpu]))
