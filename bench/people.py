"""Rooms and the people in them, made as the application would have them, but in bulk and by nobody's clicks."""

import json
import subprocess
import sys
from dataclasses import asdict, dataclass

from bench.server import ROOT, Broken


@dataclass(frozen=True)
class Person:
    """Somebody in a room, and what their open page knows: cookies, CSRF token, and the key of its composers."""

    slug: str
    member: int
    nickname: str
    session: str
    csrf: str
    token: str
    page: str
    incarnation: str  # of the room


@dataclass(frozen=True)
class Place:
    """A room as its people find it; the first of them owns it."""

    id: int
    slug: str
    version: int
    people: list


def make(server, rooms=1, people=1, zones=("UTC",), name="Bench"):
    """So many rooms with so many people in each, whose time zones take turns; a list of Places.

    Rooms of a name that is there already are other rooms: give each call a name of its own.
    """
    asked = {"rooms": rooms, "people": people, "zones": zones, "name": name}
    found = in_django(server, "make", **asked)
    return [Place(**place | {"people": [Person(**person) for person in place["people"]]}) for place in found]


def make_one(server, people=1, **about):
    """One room with so many people in it."""
    return make(server, 1, people, **about)[0]


def fill(server, slug, messages):
    """Let the room's people say so many messages in turns; answers the room's version after that."""
    return in_django(server, "fill", slug=slug, messages=messages)


def hide(server, slugs):
    """Make these rooms private; answers the first one's address, and the number of a message in it."""
    return in_django(server, "hide", slugs=slugs)


def messages_of(server, slug):
    """What the database has of the room's words: pairs of first version and text, in order."""
    return [tuple(pair) for pair in in_django(server, "messages_of", slug=slug)]


def in_django(server, question, **arguments):
    """What `bench.population` answers, in a process with that server's database."""
    command = [sys.executable, "-m", "bench.population", question]
    done = subprocess.run(
        command, input=json.dumps(arguments), capture_output=True, text=True, cwd=ROOT, env=server.environment
    )
    if done.returncode:
        raise Broken(f"bench.population {question} failed:\n{done.stderr}")
    return json.loads(done.stdout)


def as_json(place):
    return asdict(place)
