"""Polls as bytes: a page sends the same request again and again, with other numbers."""

import re

from chat.gate.signatures import Scope

NUMBERS = re.compile(rb"since=([0-9]{1,18})&from=([0-9]{1,18})&at=([0-9]{1,12})")
QUERY = re.compile(NUMBERS.pattern + rb"&log=([a-z0-9]{10})\Z")

Numbers = tuple[int, int, int]  # since, origin, at


class PollRequest:
    """The bytes of a request that was parsed once as the poll of `session` for `path`.

    The same bytes with other numbers are the same poll, so they need no parser. `keep_alive` says whether the
    connection stays open after the answer.
    """

    __slots__ = ("after", "before", "incarnation", "keep_alive", "path", "session")

    def __init__(
        self, before: bytes, after: bytes, session: str, path: bytes, incarnation: str, keep_alive: bool
    ) -> None:
        self.before, self.after = before, after
        self.session, self.path, self.incarnation, self.keep_alive = session, path, incarnation, keep_alive

    @classmethod
    def parse(cls, head: bytes, scope: Scope, session: str, keep_alive: bool) -> "PollRequest | None":
        """The poll in `head`, which Uvicorn has parsed into `scope`.

        None if `head` is not exactly one complete request head, with lines that end in CRLF, or its query is not that
        of a poll.
        """
        before = b"GET %b?" % scope["raw_path"]
        line = b"%b%b HTTP/" % (before, scope["query_string"])
        one_head = head.find(b"\r\n\r\n") == len(head) - 4 and head.count(b"\n") == head.count(b"\r\n")
        query = QUERY.match(scope["query_string"])
        if not query or not one_head or not head.startswith(line):
            return None
        after = head[len(before) + query.end(3) :]
        return cls(before, after, session, scope["raw_path"], query[4].decode(), keep_alive)

    def match(self, data: bytes) -> Numbers | None:
        """The three numbers in `data` (since, origin, at), if it is this request with any numbers; otherwise None."""
        found = NUMBERS.match(data, len(self.before)) if data.startswith(self.before) else None
        if found and found.end() + len(self.after) == len(data) and data.endswith(self.after):
            return int(found[1]), int(found[2]), int(found[3])
        return None

    def to_bytes(self, since: int, origin: int, at: int) -> bytes:
        """The bytes of this request with other numbers: the versions `since` and `origin`, and the Unix time `at`."""
        return b"%bsince=%d&from=%d&at=%d%b" % (self.before, since, origin, at, self.after)
