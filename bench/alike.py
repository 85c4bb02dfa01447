"""make alike: a stranger gets the same answer, in the same time, for a private and a missing room, or account."""

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

WITHIN = 1  # milliseconds between the two medians
NOWHERE = 2_000_000_000  # a message id that is not in use
# What differs between any two answers: form tokens and keys, and the time of day.
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
    "invites": "/rooms/{}/invitations/",
    "nickname": "/rooms/{}/name/",
    "join request": "/rooms/{}/join-request/",
    "chat request": "/rooms/{}/chat-request/",
}


class Stranger:
    """A person with a session, in another room. Requests look like a browser's; forms are sent without htmx."""

    def __init__(self, server, person):
        self.server, self.person = server, person

    def get(self, path):
        return plain(requests.get(self.person, self.server.host, path))

    def post(self, path, **fields):
        return plain(requests.post(self.person, self.server.host, path, **fields)).replace(b"HX-Request: true\r\n", b"")

    def poll(self, slug):
        return plain(requests.poll(replace(self.person, slug=slug), self.server.host, 1))

    def questions(self, slug):
        """Every request that can be made to a room's address, by name."""
        gets = {name: self.get(path.format(slug)) for name, path in ASKED_AT_AN_ADDRESS.items()}
        writes = {
            "join form": self.post(f"/rooms/{slug}/join/", nickname="Mallory", key="key-of-the-bench"),
            "remove member": self.post(f"/rooms/{slug}/members/1/remove/"),
            "send message": self.post(f"/rooms/{slug}/send/", n=1, page="page-of-the-bench", text="Hello from outside"),
        }
        return gets | {"poll": self.poll(slug)} | writes


def plain(request):
    """Without compression, which gives the same page a different length each time."""
    return request.replace(b"Accept-Encoding: gzip\r\n", b"")


class Side:
    """One of two sides that must look alike: its requests, answers and times. `names` are removed from the answers."""

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
        self.resets()

    def addresses(self, where, there, absent, questions):
        """Compare the address of a private room with one of the same length that never was a room."""
        pairs = zip(questions(there).items(), questions(absent).values(), strict=True)
        for (name, ours), theirs in pairs:
            self.compare(where + name, [repeat(ours), repeat(theirs)], [there, absent])

    def messages(self, message):
        """Compare the address of a message in a private room with one of no message."""
        paths = [f"/messages/{pk}/" for pk in (message, NOWHERE)]
        self.compare("message's address", [repeat(self.stranger.get(path)) for path in paths], paths)

    def titles(self):
        """Compare joining by a private room's title with an unused title. Each is used once: a join creates a room."""
        numbers = range(1, self.times + 1)
        asked = [
            [self.stranger.post("/join/", room=f"{name} {n}", nickname="Mallory", key="") for n in numbers]
            for name in ("Hidden", "Absent")
        ]
        self.compare("joining by name", asked, [f"{name}-{n}" for name in ("hidden", "absent") for n in numbers][::-1])

    def resets(self):
        """Compare asking for a password reset by the name of an account with a name that no account has."""
        guest = Stranger(self.server, people.make_one(self.server, name="Resetting").people[0])
        account = {"name": "Hidden name", "password": "a long walk home", "email": "hidden@example.org"}
        with connected(self.server.address) as connection:
            connection.ask(guest.post("/account/create/", **account))
        asked = [repeat(self.stranger.post("/account/reset/", who=name)) for name in ("Hidden name", "Absent name")]
        self.compare("password reset", asked, ["Hidden name", "Absent name"])

    def home(self):
        """Compare the home page of a site with a private room with that of a site without one."""
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
        self.verdict.must(f"{name}: same answer", there.told == absent.told, statuses)
        medians = [median(side.times) for side in sides]
        apart = medians[0] - medians[1]
        told = "{:.3f} / {:.3f} ms, {:+.3f}".format(*medians, apart)
        self.verdict.must(f"{name}: medians within {WITHIN} ms", abs(apart) < WITHIN, told)


def ask_in_turns(sides, times):
    """Random order in each pair, so that the previous request doesn't matter."""
    with connected(sides[0].server.address) as one, connected(sides[1].server.address) as other:
        for _pair in range(times):
            for side, connection in random.sample([(sides[0], one), (sides[1], other)], 2):
                side.ask(connection)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=2000, help="requests of each kind")
    times = parser.parse_args().times
    prove(
        f"make alike: private room / missing room, {times:,} requests of each kind by a stranger",
        lambda server, verdict: asyncio.to_thread(Proof(server, verdict, times).run),
    )


if __name__ == "__main__":
    main()
