"""Figure 5: messages sent as fast as they are acknowledged (after commit), with all rules on."""

from bench import people
from bench.report import Bound, Row, ms, us
from bench.senders import Senders
from bench.server import Broken, running
from bench.workers import working

SENDERS = (1, 8, 32)
JUDGED = "FULL", 8


def measure(full):
    for synchronous in ("FULL", "NORMAL"):
        with running(synchronous=synchronous) as server:
            place = people.make_one(server, max(SENDERS))
            with working(Senders, server.address, place.people, 1) as senders:
                senders.call("rush", 1, max(SENDERS))  # warm up
                for count in SENDERS:
                    yield measure_one(server, senders, synchronous, count, 10 if full else 3)


def measure_one(server, senders, synchronous, count, seconds):
    cpu = server.cpu()
    said = senders.call("rush", seconds, count)
    cpu = server.cpu() - cpu
    if said["refused"]:
        raise Broken(f"Sends were refused: {said['refused'][:5]}")
    rate = len(said["sent"]) / said["seconds"]
    took = sorted(end - begun for _, _, begun, end in said["sent"])
    times = f"p50 {ms(took[len(took) // 2])}, p99 {ms(took[len(took) * 99 // 100])} ms"
    measured = f"{rate:.0f}/s ({times}, CPU {us(cpu / len(took))} each)"
    name = f"sends, SQLite {synchronous}, {count} sender{'s' if count > 1 else ''}"
    if (synchronous, count) != JUDGED:
        return Row(name, measured)
    return Row(name, measured, "120/s", "200/s", (Bound(rate, 120, 200, more=True),))
