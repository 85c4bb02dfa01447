"""A room's sidebar (the panel of members, the typing indicator), rendered once for all readers of one language."""

import asyncio
import math
import time
from typing import Any, NamedTuple

from chat.gate.grants import Grant

IN_FLIGHT_SECONDS = 1  # seconds that an answer may have been under way: its content may be as old as that


class RenderedPart(NamedTuple):
    """A part of the sidebar, as HTML by language. `epoch` is the room's, and nothing in the part is newer than it.

    `mark` differs if the content differs. An empty mark means that the part shows nothing.
    """

    mark: tuple[float, ...] | tuple[tuple[int, str], ...]
    epoch: int
    html: dict[str, bytes]


class Sidebar:
    """The parts of one room's page besides the log, by name; a page gets those that changed since its last answer.

    `changed_at` is the time of the last change, in seconds since 1970. If a page's last answer is from
    `answer_before` or earlier, its poll is answered at once instead of held. `refresh_task` is the running task
    that checks for changes, or None. `looked_at` is when the panel was last refreshed, and `people_changed_at` when
    someone was last seen to join or leave, both on the clock of time.monotonic().
    """

    __slots__ = (
        "answer_before",
        "changed_at",
        "languages",
        "looked_at",
        "parts",
        "people_changed_at",
        "refresh_task",
        "woken_at",
    )

    def __init__(self) -> None:
        self.languages: set[str] = set()
        self.parts: dict[str, tuple[RenderedPart, float]] = {}
        self.changed_at: float = -1
        self.answer_before = -1
        self.refresh_task: asyncio.Task[bool] | None = None
        self.woken_at: float = 0
        self.looked_at = time.monotonic()
        self.people_changed_at = -math.inf

    def mark_and_epoch(self, name: str) -> tuple[Any, int] | None:
        """Return the mark and epoch of this part, or None if it is missing in any language that is read."""
        part, _changed_at = self.parts.get(name, (None, None))
        return (part.mark, part.epoch) if part and part.html.keys() >= self.languages else None

    def shows(self, name: str) -> bool:
        return name in self.parts and bool(self.parts[name][0].mark)

    def update(self, name: str, part: RenderedPart) -> None:
        """Store this part in place of the old one; each page gets it with its next answer."""
        self.changed_at = time.time() + IN_FLIGHT_SECONDS
        self.parts[name] = part, self.changed_at

    def refresh_done(self, task: asyncio.Task[bool]) -> None:
        if self.refresh_task is task:  # A later one may have started since.
            self.refresh_task = None

    def supersede(self, name: str, language: str, epoch: int, html: bytes) -> None:
        """Store the HTML that Django has just rendered for a page, so that the page never gets older HTML.

        Nothing happens if there is no such part here, or if it is of a later epoch.
        """
        part, changed_at = self.parts.get(name, (None, 0.0))
        if part and epoch >= part.epoch:
            self.parts[name] = part._replace(epoch=epoch, html=part.html | {language: html}), changed_at

    def due_parts(self, at: int, grant: Grant) -> bytes:
        """Return the HTML of the parts that changed at or after the Unix time `at`, in the language of the grant.

        A part whose epoch is not the grant's is left out. From now on, changed parts are rendered in this language too.
        """
        language, html = grant.variant[0], b""
        self.languages.add(language)
        for part, changed_at in self.parts.values():
            if at <= changed_at and part.epoch == grant.epoch:
                html += part.html.get(language, b"")
        return html
