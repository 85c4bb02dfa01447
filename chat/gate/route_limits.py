"""Limits of a request's body: by default, and for routes that take larger ones."""

import re
from typing import NamedTuple

UPLOAD_RATE = 16 * 1024  # bytes a second that an upload must reach, beyond its deadline


class BodyLimit(NamedTuple):
    """The maximum size of a request's body and the time that it may take.

    The time is `seconds`. If there is a `rate`, the time that the announced length takes at this rate is added.
    """

    max_body: int = 256 * 1024  # bytes; the longest message takes 48 kB in a form
    seconds: float = 30
    rate: int | None = None  # bytes a second

    def deadline(self, announced: int) -> float:
        """Return the seconds within which a body of `announced` bytes must be complete."""
        return self.seconds + announced / self.rate if self.rate else self.seconds


DEFAULT_LIMIT = BodyLimit()


class RouteLimit(NamedTuple):
    path: re.Pattern[str]  # of the whole path, decoded
    limit: BodyLimit


def limit_for(path: str, routes: tuple[RouteLimit, ...], default: BodyLimit) -> BodyLimit:
    """Return the limit of the first route whose pattern matches the whole path, otherwise `default`."""
    return next((route.limit for route in routes if route.path.fullmatch(path)), default)
