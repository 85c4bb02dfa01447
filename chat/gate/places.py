"""Places for connections that wait for a slow client: limited in number, in all and for each network."""

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from typing import NamedTuple


class Shares(NamedTuple):
    """How many connections of one network the gate keeps open at once, by what they wait for."""

    heads: int = 1000  # the rest of a request's head, or a first request
    bodies: int = 200  # the rest of a request's body
    refused: int = 1000  # the end of a request that was refused
    held: int = 1000  # news, in a poll or a stream


DEFAULT_SHARES = Shares()


class Place:
    """One connection in Places. `end()` ends its wait."""

    __slots__ = ("end", "network")

    def __init__(self, network: str, end: Callable[[], None]) -> None:
        self.network, self.end = network, end


class Places:
    """Connections that wait for the same thing: at most `total`, and at most `share` of one network.

    A new connection always gets a place. If its network has no place left, the oldest connection of that network is
    ended. If all places are taken, it is the oldest of the network with the most. So slow clients can't keep out
    others, who need their place only for a moment. The unknown network "" has no share.
    """

    def __init__(self, total: int, share: int) -> None:
        self.total, self.share, self.count = total, share, 0
        self.by_network: dict[str, dict[Place, None]] = {}  # the oldest first

    def enter(self, network: str, end: Callable[[], None]) -> Place:
        if network and len(self.by_network.get(network, ())) >= self.share:
            self._end_oldest(network)
        elif self.count >= self.total:
            self._end_oldest(max(self.by_network, key=lambda key: len(self.by_network[key])))
        place = Place(network, end)
        self.by_network.setdefault(network, {})[place] = None
        self.count += 1
        return place

    def leave(self, place: Place) -> None:
        """Free the place. Nothing happens if a new connection has already taken it."""
        places = self.by_network.get(place.network, {})
        if place in places:
            self.count -= 1
            del places[place]
            if not places:
                del self.by_network[place.network]

    @contextlib.contextmanager
    def taken(self, network: str, deadline: asyncio.Timeout) -> Iterator[None]:
        """Take a place for the duration of the `with` block. If the place is lost, the deadline expires at once."""
        place = self.enter(network, lambda: expire(deadline))
        try:
            yield
        finally:
            self.leave(place)

    def _end_oldest(self, network: str) -> None:
        oldest = next(iter(self.by_network[network]))
        self.leave(oldest)
        oldest.end()


def expire(deadline: asyncio.Timeout) -> None:
    if not deadline.expired():
        deadline.reschedule(0)
