"""Limits of a request's body: by default, and for routes that take larger ones."""

import re
from typing import NamedTuple

UPLOAD_RATE = 16 * 1024  # bytes a second that an upload must reach, beyond its deadline


class BodyLimit(NamedTuple):
    """The deadline is `seconds`, and where there is a `rate`, as much longer as the announced length takes at it."""

    max_body: int = 256 * 1024  # bytes; the longest message takes 48 kB in a form
    seconds: float = 30
    rate: int | None = None  # bytes a second

    def deadline(self, announced: int) -> float:
        """Seconds until a body of that length has to be complete."""
        return self.seconds + announced / self.rate if self.rate else self.seconds


DEFAULT_LIMIT = BodyLimit()


class RouteLimit(NamedTuple):
    path: re.Pattern[str]  # of the whole path, decoded
    limit: BodyLimit


def limit_for(path: str, routes: tuple[RouteLimit, ...], default: BodyLimit) -> BodyLimit:
    """The body limit of the first route whose pattern matches the whole path, otherwise the default."""
    return next((route.limit for route in routes if route.path.fullmatch(path)), default)
