"""The interface between the gate and Django: what the gate calls for waiting readers."""

from collections.abc import Callable, Collection, Mapping
from typing import NamedTuple, Protocol

from chat.gate.grants import Rights
from chat.gate.paintings import Painting
from chat.gate.reading import Received
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
    """What the gate asks of Django; `chat.realtime.gate_backend` implements it.

    The gate calls each function in a thread, except `subscribe`.
    """

    session_cookie: str
    max_log_growth: int  # changes after which an open page is painted whole
    max_changes: int  # changes that a page may have missed; one that missed more is painted whole

    def subscribe(self, on_change: Callable[[int, int, int], None], on_typing: Callable[[int], None], /) -> None:
        """Have `on_change(room, version, epoch)` and `on_typing(room)` called from now on, with the room's id.

        They may be called in any thread.
        """

    def new_watch(self) -> Callable[[], bool]:
        """Return a function that returns whether anything may have been written to the database since its last call."""
        ...

    def render_painting(self, room: int, incarnation: str, since: int | None, variant: Variant, /) -> Painting | None:
        """Return the painting that brings pages from version `since` to the latest one; None if the room was deleted.

        If `since` is None, it is the whole log: the newest page.
        """

    def room_versions(self, rooms: Collection[int], /) -> Mapping[int, RoomState]:
        """Return the state of each of these rooms, by id; rooms that don't exist are left out."""
        ...

    def valid_grants(self, room: int, readers: Collection[Reader], /) -> tuple[int, set[Reader]]:
        """Return the room's epoch, and the set of `readers` that may read the room at that epoch."""
        ...

    def record_presence(self, received: Mapping[int, Received], reading: set[int], /) -> None:
        """Record that these members are online, and what they have read.

        `reading` has the ids of memberships that have read all messages. `received` has, by membership id, what the
        others have received.
        """

    def write_drafts(self) -> None:
        """Write the drafts that have changed since the last call to the database."""

    def prune(self, is_stopping: Callable[[], bool], /) -> bool:
        """Delete expired data from the database, for some seconds. Returns whether there may be more.

        Returns soon after `is_stopping()` is True.
        """
        ...

    def changed_panels(
        self, known: Mapping[int, tuple[PanelMark | None, Collection[str]]], /
    ) -> Mapping[int, RenderedPart]:
        """The panels that are not as the gate knows them, rendered, by room id.

        `known` has for each room id the mark and epoch of the gate's panel (None without one), and the languages to
        render.
        """
        ...

    def typing_part(self, room: int, incarnation: str, languages: Collection[str], /) -> RenderedPart:
        """Return the room's typing indicator, rendered in each of these languages. `room` is an id."""
        ...
