"""The interface between the gate and Django: what the gate calls for waiting readers."""

from collections.abc import Callable, Collection, Mapping
from typing import NamedTuple, Protocol

from chat.gate.grants import Rights
from chat.gate.paintings import Painting
from chat.gate.sidebar import RenderedPart
from chat.gate.signatures import Variant


class Reader(NamedTuple):
    """Who reads a room, and with which rights: the part of a grant that can become invalid."""

    session: str
    member: int
    rights: Rights


class RoomState(NamedTuple):
    version: int
    epoch: int
    incarnation: str


PanelMark = tuple[tuple[float, ...], int]  # a panel's mark and its epoch


class Backend(Protocol):
    """Implemented by `chat.realtime.gate_backend`. Django's threads call each function but `subscribe`."""

    session_cookie: str
    max_log_growth: int  # changes after which an open page is painted whole
    max_changes: int  # changes that a page may have missed; one that missed more is painted whole

    def subscribe(self, on_change: Callable[[int, int, int], None], on_typing: Callable[[int], None], /) -> None:
        """Call `on_change(room, version, epoch)` and `on_typing(room)` from now on, in any thread."""

    def new_watch(self) -> Callable[[], bool]:
        """A function that returns whether anything may have been written since it was last called."""
        ...

    def render_painting(self, room: int, incarnation: str, since: int | None, variant: Variant, /) -> Painting | None:
        """The painting that brings pages from `since` to the latest version; None where the room was deleted."""

    def room_versions(self, rooms: Collection[int], /) -> Mapping[int, RoomState]:
        """The state of each of these rooms that exists."""
        ...

    def valid_grants(self, room: int, readers: Collection[Reader], /) -> tuple[int, set[Reader]]:
        """The room's epoch, and those of `readers` who may read the room at that epoch."""
        ...

    def record_presence(self, members: set[int], reading: set[int], /) -> None:
        """Record that `members` and `reading` are online, and that `reading` have read all messages."""

    def prune(self) -> None:
        """Delete expired data."""

    def changed_panels(
        self, known: Mapping[int, tuple[PanelMark | None, Collection[str]]], /
    ) -> Mapping[int, RenderedPart]:
        """The panels that differ from the known mark and epoch, rendered in these languages, by room."""
        ...

    def typing_part(self, room: int, languages: Collection[str], /) -> RenderedPart:
        """The room's typing line in these languages."""
        ...
