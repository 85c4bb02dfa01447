"""Grants: whom Django has let into which room, so that the gate may answer their polls for a while."""

import re
import time
from collections import OrderedDict
from dataclasses import dataclass, replace
from hashlib import blake2b

from chat.gate.poll_request import QUERY

ENVIRON_KEY = "parlour.gate"  # where in the WSGI environ an Offer is
LONGEST = 300  # seconds that a grant holds before Django is asked again
MOST = 64 * 1024 * 1024  # bytes that all grants together may take
MORE_THAN_A_QUESTION = {b"content-length", b"transfer-encoding", b"expect", b"upgrade"}
MOST_TAKEN = 1000  # sessions of which it is remembered that their grants were taken, for requests under way then
SIZE = 700  # bytes that one of them takes, its keys and its places in tables included; its poller is shared by many


@dataclass(frozen=True, slots=True)
class Grant:
    """`variant` is all on which a painting depends beside the room; `poller` the bytes around what a page is told."""

    session: str
    room: int
    member: int
    standing: tuple  # what has to be as it was for the grant to hold on when rights are taken away
    epoch: int
    incarnation: str
    variant: tuple
    address: str  # of the reader's network, empty where it is not known
    until: float  # on the clock of time.monotonic()
    poller: tuple[bytes, ...]


class Offer:
    """What Django says of a reader while it answers; the gate puts one into the environ of every request.

    `grants` are functions to be called when the answer is complete: only then is it known under which key the
    session goes on. Each gives the path of a poll, its Grant, and the room's version. `takes` are sessions. `parts`
    are what the page was given beside its log: a room, and what Beside.overtake wants to know. `stream` is such a
    function too, for the answer itself; `has_place` tells whether there is room for one.
    """

    def __init__(self, has_place=None):
        self.grants, self.takes, self.parts, self.stream = [], [], [], None
        self.has_place = has_place
        self.made_at = time.monotonic()


class Grants:
    """All grants by digest of their session's key, then raw path of their poll; those unused for longest go first."""

    def __init__(self, cookie, most=MOST // SIZE):
        name = re.escape(cookie.encode())
        self.cookie = re.compile(rb"(?:^|; )" + name + rb"=([a-z0-9]{32})(?:;|$)")
        self.cookies_like_it = re.compile(name + rb"[\x00-\x20\x85\xa0]*=")
        self.most, self.count = most, 0
        self.by_session = OrderedDict()
        self.taken_at = OrderedDict()

    def give(self, path, grant, asked_at):
        """Keep it, unless the grants of its session were taken since it was asked for."""
        if self.taken_since(grant.session, asked_at):
            return
        grants = self.by_session.setdefault(digest(grant.session), {})
        self.count += path not in grants
        grants[path] = replace(grant, until=min(grant.until, time.monotonic() + LONGEST))
        while self.count > self.most:
            self.count -= len(self.by_session.popitem(last=False)[1])

    def find(self, session, path, incarnation):
        """The grant of that session for that path and incarnation of its room, or None; it counts as used now."""
        key = digest(session)
        grant = self.by_session.get(key, {}).get(path)
        if grant is None or grant.until < time.monotonic() or grant.incarnation != incarnation:
            return None
        self.by_session.move_to_end(key)
        return grant

    def of_room(self, room):
        """Path and grant, for each grant of that room."""
        return [(path, g) for grants in self.by_session.values() for path, g in grants.items() if g.room == room]

    def renew(self, path, grant, epoch):
        """Let it hold for this epoch too, or no more where that is None; unless it is another by now."""
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

    def taken_since(self, session, then):
        """Whether the grants of that session were taken since, on the clock of time.monotonic()."""
        return self.taken_at.get(digest(session), 0) >= then

    def take(self, session):
        """All grants of that session: its reader has changed what pages look like."""
        key = digest(session)
        self.count -= len(self.by_session.pop(key, ()))
        self.taken_at[key] = time.monotonic()
        self.taken_at.move_to_end(key)
        if len(self.taken_at) > MOST_TAKEN:
            self.taken_at.popitem(last=False)

    def asked(self, scope):
        """The grant of a reader whose poll may be answered here, or None: then Django has to say what this is.

        Strict on purpose. Nothing is decoded, and nothing may be there twice: where two programs read the same
        bytes differently, one of them lets somebody in whom the other would not.
        """
        query = self.poll_query(scope)
        session = query and self.session_of(scope["headers"])
        return self.find(session, scope["raw_path"], query[4].decode()) if session else None

    def poll_query(self, scope):
        """The match of QUERY, if this is a poll, or None."""
        return QUERY.match(scope["query_string"]) if scope["method"] == "GET" else None

    def session_of(self, headers):
        """The session's key where there is exactly one cookie header with exactly one session, of htmx's making."""
        cookies, htmx = None, 0
        for name, value in headers:
            if name == b"cookie":
                if cookies is not None:
                    return None
                cookies = value
            elif name == b"hx-request":
                htmx += value == b"true"
            elif name in MORE_THAN_A_QUESTION:
                return None
        if not cookies or htmx != 1 or len(self.cookies_like_it.findall(cookies)) != 1:
            return None
        found = self.cookie.search(cookies)
        return found and found[1].decode()


def digest(session):
    return blake2b(session.encode(), digest_size=16).digest()
