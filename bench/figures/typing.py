"""Figure 7: 1,000 pages on which people type: what keeping their drafts costs, against the same typing without."""

import time
from statistics import median

from bench import people
from bench.report import Bound, Row, percent, us
from bench.server import Broken, running
from bench.typists import Typist
from bench.workers import working

PAGES, ROOMS = 1000, 50
EVERY = 5  # seconds between two reports of a page
WRITE_INTERVAL = 10  # seconds between two writes of all drafts
SLICE = 10  # reports; slices with and without drafts alternate, so that both meet the same machine


def measure(full):
    with running() as server:
        places = people.make(server, ROOMS, PAGES // ROOMS)
        with working(Typist, server.address, [person for place in places for person in place.people]) as typist:
            pairs = [[cost(server, typist, drafts) for drafts in (False, True)] for _ in range(1000 if full else 300)]
            written = cost_of_writing(server, typist)
    none, kept = (median(pair[side] for pair in pairs[50:]) for side in (0, 1))
    more = median(kept - none for none, kept in pairs[50:]) * PAGES / EVERY + written / WRITE_INTERVAL
    each = f"{us(none)} and {us(kept)} a report, {us(written / PAGES)} to write a draft"
    name = f"{PAGES:,} pages type: keeping their drafts"
    yield Row(name, f"{percent(more)} of a core more ({each})", "3 %", "2 %", (Bound(more, 0.03, 0.02),))


def cost(server, typist, drafts):
    """CPU seconds of one report."""
    before = server.cpu()
    statuses = typist.call("report", SLICE, drafts)
    if statuses != {204}:
        raise Broken(f"Reports were answered with {sorted(statuses)}.")
    return (server.cpu() - before) / SLICE


def cost_of_writing(server, typist):
    """CPU seconds to write the drafts of all pages: of an idle time with the write, less one without."""
    idle(server)
    typist.call("report", PAGES, True)
    return idle(server) - idle(server)


def idle(server):
    before = server.cpu()
    time.sleep(WRITE_INTERVAL + 1)
    return server.cpu() - before
