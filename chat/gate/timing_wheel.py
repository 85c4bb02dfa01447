"""A timing wheel: one timer ends thousands of waits."""

import time
from typing import Generic, TypeVar

Item = TypeVar("Item")

SLOT = 0.125  # seconds; a wait may end this much late


class TimingWheel(Generic[Item]):
    """Sorts waiting items into time slots, so that those whose wait has ended are found fast."""

    def __init__(self) -> None:
        self.slots: dict[int, set[Item]] = {}

    def put(self, item: Item, seconds: float) -> set[Item]:
        """Add an item that is due in this many seconds. Returns its slot; to end the wait early, discard it there."""
        slot = self.slots.setdefault(int((time.monotonic() + seconds) / SLOT) + 1, set())
        slot.add(item)
        return slot

    def due(self) -> list[Item]:
        """Remove and return the items whose wait has ended."""
        now = int(time.monotonic() / SLOT)
        return [item for number in sorted(self.slots) if number <= now for item in self.slots.pop(number)]
