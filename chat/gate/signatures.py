"""Types that the gate's modules share."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Protocol, TypeVar, TypeVarTuple

Headers = list[tuple[bytes, bytes]]
Scope = MutableMapping[str, Any]  # of ASGI; with the connection, where this package's Protocol made it
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

Variant = tuple[str, ...]  # all that a painting depends on apart from the room: language, time zone, kind of page

Arguments = TypeVarTuple("Arguments")
Result = TypeVar("Result")


class RunInThread(Protocol):
    """A function that calls another one in a thread. Awaiting it gives the result."""

    def __call__(self, function: Callable[[*Arguments], Result], /, *arguments: *Arguments) -> Awaitable[Result]: ...
