"""Creates rooms and their members in bulk, as the application would store them."""

import json
import subprocess
import sys
from dataclasses import asdict, dataclass

from bench.server import ROOT, Broken


@dataclass(frozen=True)
class Person:
    """A member of a room, and what their open page holds: cookies, CSRF token and composer key."""

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
    """A room and its members. The first member owns it."""

    id: int
    slug: str
    version: int
    people: list


def make(server, rooms=1, people=1, zones=("UTC",), name="Bench"):
    """Create `rooms` rooms with `people` members each, whose time zones alternate. Returns a list of Places.

    Use a different name for each call: names that exist already would get other addresses.
    """
    asked = {"rooms": rooms, "people": people, "zones": zones, "name": name}
    found = in_django(server, "make", **asked)
    return [Place(**place | {"people": [Person(**person) for person in place["people"]]}) for place in found]


def make_one(server, people=1, **about):
    """Create one room. Returns its Place."""
    return make(server, 1, people, **about)[0]


def fill(server, slug, messages):
    """Add `messages` messages by the room's members in turn. Returns the room's new version."""
    return in_django(server, "fill", slug=slug, messages=messages)


def hide(server, slugs):
    """Make these rooms private. Returns the first one's slug and the id of a message in it."""
    return in_django(server, "hide", slugs=slugs)


def messages_of(server, slug):
    """The room's messages in the database: pairs of first version and text, in order."""
    return [tuple(pair) for pair in in_django(server, "messages_of", slug=slug)]


def in_django(server, function, **arguments):
    """Run a function of `bench.population` in a process that uses this server's database."""
    command = [sys.executable, "-m", "bench.population", function]
    done = subprocess.run(
        command, input=json.dumps(arguments), capture_output=True, text=True, cwd=ROOT, env=server.environment
    )
    if done.returncode:
        raise Broken(f"bench.population {function} failed:\n{done.stderr}")
    return json.loads(done.stdout)


def as_json(place):
    return asdict(place)
