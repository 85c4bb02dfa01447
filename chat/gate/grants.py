"""Grants: Django's permission for the gate to answer a reader's polls in one room for some minutes."""

import re
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from hashlib import blake2b

from chat.gate.poll_request import QUERY
from chat.gate.signatures import Headers, Scope, Variant

ENVIRON_KEY = "parlour.gate"  # where in the WSGI environ the Offer is
MAX_AGE = 300  # seconds that a grant is valid before Django is asked again
MAX_TOTAL_SIZE = 64 * 1024 * 1024  # bytes of all grants
GRANT_SIZE = 760  # bytes of one grant with its keys and table entries; its poller is shared by many
MAX_REVOKED = 1000  # sessions whose revocation is remembered, for requests that are under way at that time
BODY_OR_UPGRADE = {b"content-length", b"transfer-encoding", b"expect", b"upgrade"}  # headers that no poll has

Rights = tuple[int, int, int]  # the reader's id and generation, and how often the room's address was withdrawn


@dataclass(frozen=True, slots=True)
class Grant:
    """A member's right to read a room, checked at `epoch`.

    After an epoch change, it stays valid only if the reader's `rights` are the same. `poller` holds the unchanging
    pieces of the HTML of the element that polls; the values that change go between them.
    """

    session: str
    room: int
    member: int
    rights: Rights
    epoch: int
    incarnation: str
    variant: Variant
    address: str  # of the reader's network, empty where unknown
    until: float  # on the clock of time.monotonic()
    poller: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Stream:
    """A page that the gate continues: the log up to `version`, for the reader of `grant`.

    `path` is the path of its polls. `requested_at` is on the clock of time.monotonic(). `heartbeat` is the HTML that
    ends each write.
    """

    path: bytes
    grant: Grant
    version: int
    requested_at: float
    heartbeat: bytes


class Offer:
    """What Django tells the gate about a reader during one request. The environ of each request has an Offer.

    `grants` are functions that return the path of a poll, its Grant and the room's version. They are called when the
    answer is complete, because until then the session's key may change. `revocations` are keys of sessions that lose
    their grants. `parts` are the sidebar parts that the page got: a room's id and the arguments of Sidebar.supersede.
    `stream` returns the Stream that continues the answer; it is None if nothing does. `has_capacity(session, address)`
    returns whether one more connection can be held; it is None if there are no streams. `received` are the arguments of
    Reading.note, and `received_version` is Reading.version. `made_at` is on the clock of time.monotonic().
    """

    def __init__(
        self,
        has_capacity: Callable[[str, str], bool] | None = None,
        received_version: Callable[[int, str], int] | None = None,
    ) -> None:
        self.grants: list[Callable[[], tuple[bytes, Grant, int]]] = []
        self.revocations: list[str] = []
        self.parts: list[tuple[int, str, str, int, bytes]] = []
        self.stream: Callable[[], Stream] | None = None
        self.received: list[tuple[int, str, int]] = []
        self.has_capacity, self.received_version = has_capacity, received_version
        self.made_at = time.monotonic()


class Grants:
    """All grants, by the digest of the session's key, then by the raw path of the poll.

    If there are too many, all those of the least recently used session are dropped first.
    """

    def __init__(self, cookie: str, max_grants: int = MAX_TOTAL_SIZE // GRANT_SIZE) -> None:
        name = re.escape(cookie.encode())
        self.cookie = re.compile(rb"(?:^|; )" + name + rb"=([a-z0-9]{32})(?:;|$)")
        self.similar_cookie = re.compile(name + rb"[\x00-\x20\x85\xa0]*=")
        self.max_grants, self.count = max_grants, 0
        self.by_session: OrderedDict[bytes, dict[bytes, Grant]] = OrderedDict()
        self.revoked_at: OrderedDict[bytes, float] = OrderedDict()

    def add(self, path: bytes, grant: Grant, requested_at: float) -> None:
        """Keep the grant, for MAX_AGE seconds at most, and drop the least recently used ones if there are too many.

        The grant is ignored if those of its session were revoked after `requested_at`, on the clock of
        time.monotonic().
        """
        if self.revoked_since(grant.session, requested_at):
            return
        grants = self.by_session.setdefault(digest(grant.session), {})
        self.count += path not in grants
        grants[path] = replace(grant, until=min(grant.until, time.monotonic() + MAX_AGE))
        while self.count > self.max_grants:
            self.count -= len(self.by_session.popitem(last=False)[1])

    def find(self, session: str, path: bytes, incarnation: str) -> Grant | None:
        """The valid grant of that session for that path and room incarnation, or None.

        A session whose grant was found is among the last whose grants are dropped.
        """
        key = digest(session)
        grant = self.by_session.get(key, {}).get(path)
        if grant is None or grant.until < time.monotonic() or grant.incarnation != incarnation:
            return None
        self.by_session.move_to_end(key)
        return grant

    def of_room(self, room: int) -> list[tuple[bytes, Grant]]:
        """Return the room's grants, each with the path of the polls that it is for."""
        return [(path, g) for grants in self.by_session.values() for path, g in grants.items() if g.room == room]

    def renew(self, path: bytes, grant: Grant, epoch: int | None) -> None:
        """Make the grant valid for this epoch; None removes it. Nothing happens if another grant has replaced it."""
        grants = self.by_session.get(digest(grant.session), {})
        if grants.get(path) is not grant:
            return
        if epoch is None:
            del grants[path]
            self.count -= 1
            if not grants:
                del self.by_session[digest(grant.session)]
        else:
            grants[path] = replace(grant, epoch=epoch)

    def revoked_since(self, session: str, moment: float) -> bool:
        """Whether the session's grants were revoked after that moment, on the clock of time.monotonic()."""
        return self.revoked_at.get(digest(session), 0) >= moment

    def revoke(self, session: str) -> None:
        """Remove all grants of this session key, because its pages look different now or its reader changed."""
        key = digest(session)
        self.count -= len(self.by_session.pop(key, ()))
        self.revoked_at[key] = time.monotonic()
        self.revoked_at.move_to_end(key)
        if len(self.revoked_at) > MAX_REVOKED:
            self.revoked_at.popitem(last=False)

    def clear(self) -> None:
        self.by_session.clear()
        self.count = 0

    def for_request(self, scope: Scope) -> Grant | None:
        """The grant by which the gate may answer this request, or None: then Django answers.

        Strict on purpose. Nothing is decoded, and nothing may occur twice: if two programs read the same bytes
        differently, one of them could accept a reader whom the other refuses.
        """
        query = self.poll_query(scope)
        session = query and self.session_of(scope["headers"])
        return self.find(session, scope["raw_path"], query[4].decode()) if query and session else None

    def poll_query(self, scope: Scope) -> re.Match[bytes] | None:
        """Return the match of QUERY if method and query of this request are those of a poll, otherwise None."""
        return QUERY.match(scope["query_string"]) if scope["method"] == "GET" else None

    def session_of(self, headers: Headers) -> str | None:
        """Return the session key if this request comes from htmx and has exactly one session cookie, otherwise None.

        Requests with two cookie headers, with a body, or that upgrade the connection also get None.
        """
        cookies, htmx = None, 0
        for name, value in headers:
            if name == b"cookie":
                if cookies is not None:
                    return None
                cookies = value
            elif name == b"hx-request":
                htmx += value == b"true"
            elif name in BODY_OR_UPGRADE:
                return None
        if not cookies or htmx != 1 or len(self.similar_cookie.findall(cookies)) != 1:
            return None
        found = self.cookie.search(cookies)
        return found[1].decode() if found else None


def digest(session: str) -> bytes:
    return blake2b(session.encode(), digest_size=16).digest()
