"""Figure 2: readers with a held poll: memory per reader, CPU while idle, and recovery after a restart."""

import time

from bench import people, requests
from bench.connection import connected
from bench.crowd import reading
from bench.report import Bound, Row, ms, percent
from bench.senders import Senders
from bench.server import running
from bench.workers import working

LONGEST_GRANT = 300  # seconds in which each reader's grant is renewed once
WARM = 30  # requests before memory is first measured


def measure(full):
    for readers in (100, 1000, 5000, 10_000) if full else (1000,):
        yield from measure_one(readers, idle_for(readers, full))


def idle_for(readers, full):
    if not full:
        return 20
    return LONGEST_GRANT if readers == 10_000 else 30


def measure_one(readers, idle):
    with running() as server:
        place = people.make_one(server, readers + 1)
        warm, *others = place.people
        (sender,) = people.make_one(server, name="Elsewhere").people
        warm_up(server, warm, place.version)
        before = server.memory()
        with reading(server, others, {place.slug: place.version}) as crowd:
            yield memory(readers, (server.memory() - before) / readers)
            yield quiet(server, readers, idle)
            yield from recovery(server, crowd, sender, readers)


def warm_up(server, person, version):
    """Let every thread of Django answer once, so that one-time loading is not counted."""
    with connected(server.address) as connection:
        for number in range(WARM):
            connection.ask(requests.get(person, server.host, f"/rooms/{person.slug}/"))
            connection.ask(requests.poll(person, server.host, version, at=number))


def memory(readers, each):
    bounds = (Bound(each, 20_000, 12_000),) if readers == 10_000 else ()
    return Row(f"{readers:,} held readers: memory of each", f"{each / 1000:.1f} kB", "20 kB", "12 kB", bounds)


def quiet(server, readers, seconds):
    cpu = server.cpu()
    time.sleep(seconds)
    share = (server.cpu() - cpu) / seconds
    judged = readers == 10_000 and seconds >= LONGEST_GRANT
    bounds = (Bound(share, 0.20, 0.12),) if judged else ()
    return Row(f"    CPU while idle for {seconds} s", f"{percent(share)} of a core", "20 %", "12 %", bounds)


def recovery(server, crowd, sender, readers):
    """After a restart: seconds until all polls are held again, and the sends in another room meanwhile."""
    with working(Senders, server.address, [sender], 1) as senders:
        began = time.monotonic()
        stopped, started = server.restart()
        senders.call("keep_pace", 2)
        ready = crowd.wait_until_all_wait() - began
        said = senders.call("stop")
    yield Row(
        "    after SIGTERM and start, until all wait again",
        f"{ready:.1f} s (ended in {stopped:.1f} s, answered {started:.1f} s later)",
    )
    slowest = max((end - begun for _, _, begun, end in said["sent"]), default=0)
    refused = f"{len(said['refused'])} of {len(said['refused']) + len(said['sent'])} refused{reasons(said['refused'])}"
    yield Row("    messages sent meanwhile", f"{refused}, the slowest took {ms(slowest)} ms")


def reasons(refused):
    return f" ({', '.join(sorted(set(map(str, refused))))})" if refused else ""
