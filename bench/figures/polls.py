"""Figure 1: a poll without news through the gate, against a bare 200 of the same bytes on the same server."""

from statistics import median

from bench import people, requests
from bench.connection import connected
from bench.hammer import Hammer
from bench.report import Bound, Row, us
from bench.server import Broken, running
from bench.workers import working

CONNECTIONS = 64
NEVER_HELD = 10**11  # a poll's `at` in the far future: never held, and newer than any sidebar part


def measure(full):
    with running(application="bench.bare:application") as server:
        place = people.make_one(server, CONNECTIONS)
        size, length = answer_of_the_gate(server, place)
        bare = f"{requests.BARE}?{length}"
        asked = {
            "gate": [requests.poll(person, server.host, place.version, at=NEVER_HELD) for person in place.people],
            "bare": [requests.get(person, server.host, bare) for person in place.people],
        }
        with working(Hammer, server.address, asked) as hammer:
            hammer.call("try_out", "gate")  # Django answers these and grants the rest
            rounds = [one_round(server, hammer, size, 2 if full else 1) for _ in range(10 if full else 4)]
    return [row(rounds)]


def answer_of_the_gate(server, place):
    """The length of the gate's complete answer, and of its body."""
    with connected(server.address) as connection:
        for _ in range(2):  # Django answers the first
            answer = connection.ask(requests.poll(place.people[0], server.host, place.version, at=NEVER_HELD))
    if b"content-language" in answer.head:
        raise Broken("Django answered a poll that the gate had a grant for.")
    return answer.size, len(answer.body)


def one_round(server, hammer, size, seconds):
    """Requests per second and CPU seconds per request, for the gate and for the bare answer."""
    figures = []
    for name in ("gate", "bare"):
        before = server.cpu()
        answers, took = hammer.call("strike", name, size, seconds)
        figures.append((answers / took, (server.cpu() - before) / answers))
    return figures


def row(rounds):
    rates = [median(one[side][0] for one in rounds) for side in (0, 1)]
    costs = [median(one[side][1] for one in rounds) for side in (0, 1)]
    ratio = median(gate[0] / bare[0] for gate, bare in rounds)
    measured = f"{ratio:.2f} ({rates[0]:.0f}/s, {us(costs[0])} against {rates[1]:.0f}/s, {us(costs[1])})"
    return Row("no-news poll: rate against a bare 200", measured, "0.60", "0.75", (Bound(ratio, 0.60, 0.75, True),))
