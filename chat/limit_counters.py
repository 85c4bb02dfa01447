"""Counts how often someone did something, in the cache, and raises LimitExceeded when it was too often."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass
from math import ceil
from typing import Self

from django.conf import settings
from django.core.cache import caches

from chat.exceptions import LimitExceeded

LONGEST_PAUSE = 3600  # seconds between two tries of a password or a code


@dataclass(frozen=True)
class Limit:
    """A rate limit: at most `count` times in `seconds`, in fixed windows that start at multiples of `seconds`.

    `name` is that of its setting.
    """

    name: str
    count: int
    seconds: int

    @classmethod
    def named(cls, name: str) -> Self:
        """Return the limit in the setting `name`, which is written as `count/seconds`."""
        count, seconds = getattr(settings, name).split("/")
        return cls(name, int(count), int(seconds))

    def spend(self, who: str | int) -> None:
        """Count one use by `who`, in the cache. Raises LimitExceeded if the limit of this time window is used up."""
        window, elapsed = divmod(int(time.time()), self.seconds)
        key = f"{self.name}:{who}:{window}"
        counter = caches["limits"]
        counter.add(key, 0, timeout=self.seconds + 1)
        try:
            used = counter.incr(key)
        except ValueError:
            return  # A full cache dropped the counter between the two calls above.
        if used > self.count:
            raise LimitExceeded(self, self.seconds - elapsed)


@dataclass(frozen=True)
class TryLimit(Limit):
    """A limit for tries of a password or a code: `count` tries in `seconds`, then one try after each pause.

    The first pause is `seconds / count`, and each try doubles it, up to LONGEST_PAUSE. So nothing is ever locked.
    """

    def spend(self, who: str | int) -> None:
        """Count one try by `who`, in the cache. Raises LimitExceeded during a pause; this try is then not counted."""
        counter, key = caches["limits"], f"{self.name}:{who}"
        left = counter.get(f"{key}:pause", 0) - time.time()
        if left > 0:
            raise LimitExceeded(self, ceil(left))
        counter.add(key, 0, timeout=self.seconds)
        try:
            tries = counter.incr(key)
        except ValueError:
            return  # A full cache dropped the counter between the two calls above.
        if tries >= self.count:
            self._pause(key, tries)

    def _pause(self, key: str, tries: int) -> None:
        """Begin the pause after this try. Raises LimitExceeded if another request has just begun it."""
        pause = ceil(min(self.seconds / self.count * 2.0 ** min(tries - self.count, 20), LONGEST_PAUSE))
        if not caches["limits"].add(f"{key}:pause", time.time() + pause, timeout=pause):
            raise LimitExceeded(self, pause)
        caches["limits"].touch(key, self.seconds + 2 * pause)

    def refund(self, who: str | int) -> None:
        """Don't count the last try by `who`, because it was right."""
        counter, key = caches["limits"], f"{self.name}:{who}"
        with suppress(ValueError):  # the counter has expired
            counter.decr(key)
        counter.set(f"{key}:pause", 0, timeout=0)  # deletes it
