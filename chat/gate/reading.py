"""What readers have received: which members poll or stream, and the version that their pages have."""

Received = tuple[str, int]  # the room's incarnation, and the version up to which a page of the member has the log


class Reading:
    """The members who polled or streamed lately, by membership id, with what they have received.

    `recent` is from before the last `take`, because that is not in the database yet while it is being saved.
    """

    def __init__(self) -> None:
        self.current: dict[int, Received] = {}
        self.recent: dict[int, Received] = {}

    def note(self, member: int, incarnation: str, version: int) -> None:
        known = self.current.get(member)
        if known is None or known[1] < version or known[0] != incarnation:
            self.current[member] = incarnation, version

    def version(self, member: int, incarnation: str) -> int:
        """Return the highest version that a page of this member is known to have; 0 if there is none."""
        found = (known.get(member) for known in (self.current, self.recent))
        return max((version for other, version in filter(None, found) if other == incarnation), default=0)

    def take(self) -> dict[int, Received]:
        """Return what was noted since the last call."""
        self.recent, self.current = self.current, {}
        return self.recent

    def put_back(self, taken: dict[int, Received]) -> None:
        """Keep what could not be saved for the next call of `take`."""
        newer, self.current = self.current, dict(taken)
        for member, (incarnation, version) in newer.items():
            self.note(member, incarnation, version)

    def clear(self) -> None:
        self.current, self.recent = {}, {}
