"""A timing wheel: thousands of waits that one timer ends."""

import time

SLOT = 0.125  # seconds; a wait ends by so much later at most


class TimingWheel:
    """Things by the slot of time in which their wait ends."""

    def __init__(self):
        self.slots = {}

    def put(self, thing, seconds):
        """The slot, a set, that the thing is in now; who does not wait any more takes it out of there."""
        slot = self.slots.setdefault(int((time.monotonic() + seconds) / SLOT) + 1, set())
        slot.add(thing)
        return slot

    def due(self):
        """Those whose wait has ended."""
        now = int(time.monotonic() / SLOT)
        return [thing for number in sorted(self.slots) if number <= now for thing in self.slots.pop(number)]
