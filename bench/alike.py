"""make alike: whether a room is private or not there at all, a stranger is told the same, and in the same time."""

import argparse
import asyncio
import random
import re
import time
from dataclasses import replace
from itertools import repeat
from statistics import median

from bench import people, requests
from bench.connection import connected
from bench.server import running
from bench.verdict import prove

WITHIN = 1  # millisecond between the two medians
NOWHERE = 2_000_000_000  # more than there are messages
# What differs from one answer to the next anyway: tokens and keys of forms, and the time of day.
BY_CHANCE = re.compile(
    rb'(?<=csrf=)\w+|(?<= value=")[\w-]{16,}(?=")|'
    rb'(?<=name="at" value=")\d+|<time.*?</time>|(?<=expires=)[^;]+|(?<=\ndate: )[^\r]+',
    re.IGNORECASE,
)
ASKED_AT_AN_ADDRESS = {
    "room page": "/rooms/{}/",
    "live frame": "/rooms/{}/live/",
    "composer frame": "/rooms/{}/compose/",
    "older messages": "/rooms/{}/messages/",
    "members": "/rooms/{}/members/",
    "settings": "/rooms/{}/settings/",
    "invitations": "/rooms/{}/invitations/",
    "name": "/rooms/{}/name/",
    "waiting": "/rooms/{}/waiting/",
    "asked": "/rooms/{}/asked/",
}


class Stranger:
    """Somebody signed in and in another room, who asks in the way of a browser; forms are sent as without htmx."""

    def __init__(self, server, person):
        self.server, self.person = server, person

    def get(self, path):
        return plain(requests.get(self.person, self.server.host, path))

    def post(self, path, **fields):
        return plain(requests.post(self.person, self.server.host, path, **fields)).replace(b"HX-Request: true\r\n", b"")

    def poll(self, slug):
        return plain(requests.poll(replace(self.person, slug=slug), self.server.host, 1))

    def questions(self, slug):
        """Whatever can be asked at the address of a room, by its name."""
        gets = {name: self.get(path.format(slug)) for name, path in ASKED_AT_AN_ADDRESS.items()}
        writes = {
            "join form": self.post(f"/rooms/{slug}/join/", nickname="Mallory", key="key-of-the-bench"),
            "member shown out": self.post(f"/rooms/{slug}/members/1/remove/"),
            "message sent": self.post(f"/rooms/{slug}/send/", n=1, page="page-of-the-bench", text="Is anybody there?"),
        }
        return gets | {"poll": self.poll(slug)} | writes


def plain(request):
    """Not compressed, which gives the same page another length each time."""
    return request.replace(b"Accept-Encoding: gzip\r\n", b"")


class Side:
    """One of two that must look alike: its questions, what was told and how soon. `names` are what it goes by."""

    def __init__(self, server, questions, names):
        self.server, self.questions = server, iter(questions)
        self.names = re.compile(b"|".join(re.escape(name.encode()) for name in names))
        self.told, self.times = {}, []

    def ask(self, connection):
        question = next(self.questions)
        began = time.perf_counter()
        answer = connection.ask(question)
        self.times.append((time.perf_counter() - began) * 1000)
        told = BY_CHANCE.sub(b"", answer.head + b"\r\n\r\n" + answer.body)
        self.told[self.names.sub(b"<name>", told)] = answer.status


class Proof:
    def __init__(self, server, verdict, times):
        self.server, self.verdict, self.times = server, verdict, times
        self.stranger = Stranger(server, people.make_one(server, name="Elsewhere").people[0])

    def run(self):
        self.home()
        made = people.make(self.server, self.times, name="Hidden")
        former = made[0].slug
        people.fill(self.server, former, 10)
        secret, message = people.hide(self.server, [room.slug for room in made])
        self.addresses("", secret, "x" * len(secret), self.stranger.questions)
        self.addresses("former address: ", former, former.replace("hidden", "absent"), self.stranger.questions)
        self.messages(message)
        self.titles()

    def addresses(self, where, there, absent, questions):
        """At the address of a private room, and at one of the same length where there never was a room."""
        pairs = zip(questions(there).items(), questions(absent).values(), strict=True)
        for (name, ours), theirs in pairs:
            self.compare(where + name, [repeat(ours), repeat(theirs)], [there, absent])

    def messages(self, message):
        """The address of a message in a private room, and one of no message."""
        paths = [f"/messages/{pk}/" for pk in (message, NOWHERE)]
        self.compare("message's address", [repeat(self.stranger.get(path)) for path in paths], paths)

    def titles(self):
        """Joining by the title of a private room, and by one that no room bears; each once, as it opens a room."""
        numbers = range(1, self.times + 1)
        asked = [
            [self.stranger.post("/join/", room=f"{name} {n}", nickname="Mallory", key="") for n in numbers]
            for name in ("Hidden", "Absent")
        ]
        self.compare("joining by name", asked, [f"{name}-{n}" for name in ("hidden", "absent") for n in numbers][::-1])

    def home(self):
        """The list of rooms, in a house with a private room and in one without."""
        with running() as other:
            stranger = Stranger(other, people.make_one(other, name="Elsewhere").people[0])
            people.hide(self.server, [people.make_one(self.server, name="Sealed").slug])
            asked = [repeat(each.get("/")) for each in (self.stranger, stranger)]
            self.compare("home page", asked, [str(each.port) for each in (self.server, other)], other)

    def compare(self, name, asked, names, other=None):
        sides = [
            Side(server, each, names) for server, each in zip((self.server, other or self.server), asked, strict=True)
        ]
        ask_in_turns(sides, self.times)
        there, absent = sides
        statuses = ", ".join(map(str, sorted({*there.told.values(), *absent.told.values()})))
        self.verdict.must(f"{name}: told alike", there.told == absent.told, statuses)
        medians = [median(side.times) for side in sides]
        apart = medians[0] - medians[1]
        told = "{:.3f} / {:.3f} ms, {:+.3f}".format(*medians, apart)
        self.verdict.must(f"{name}: medians within {WITHIN} ms", abs(apart) < WITHIN, told)


def ask_in_turns(sides, times):
    """Whose turn is first is left to chance, so that what was asked before is no matter."""
    with connected(sides[0].server.address) as one, connected(sides[1].server.address) as other:
        for _pair in range(times):
            for side, connection in random.sample([(sides[0], one), (sides[1], other)], 2):
                side.ask(connection)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=2000, help="how often each is asked")
    times = parser.parse_args().times
    prove(
        f"make alike: a private room / none, each asked {times:,} times by a stranger",
        lambda server, verdict: asyncio.to_thread(Proof(server, verdict, times).run),
    )


if __name__ == "__main__":
    main()
