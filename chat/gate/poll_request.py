"""Questions: polls as they come over the wire; a page asks the same one again and again, but for three numbers."""

import re

NUMBERS = re.compile(rb"since=([0-9]{1,18})&from=([0-9]{1,18})&at=([0-9]{1,12})")
QUERY = re.compile(NUMBERS.pattern + rb"&log=([a-z0-9]{10})\Z")


class PollRequest:
    """What was parsed once as the poll of that session for that path, as bytes; `keep_alive` if the connection goes on.

    The same bytes once more are the same request once more: nothing but the numbers can have changed.
    """

    __slots__ = ("after", "before", "incarnation", "keep_alive", "path", "session")

    def __init__(self, before, after, session, path, incarnation, keep_alive):
        self.before, self.after = before, after
        self.session, self.path, self.incarnation, self.keep_alive = session, path, incarnation, keep_alive

    @classmethod
    def read(cls, head, scope, session, keep_alive):
        """The question in `head`, which was parsed as `scope`; None where there is more or less than one plain head."""
        before = b"GET %b?" % scope["raw_path"]
        line = b"%b%b HTTP/" % (before, scope["query_string"])
        one_head = head.find(b"\r\n\r\n") == len(head) - 4 and head.count(b"\n") == head.count(b"\r\n")
        if not one_head or not head.startswith(line):
            return None
        query = QUERY.match(scope["query_string"])
        after = head[len(before) + query.end(3) :]
        return cls(before, after, session, scope["raw_path"], query[4].decode(), keep_alive)

    def numbers(self, data):
        """Where its page stands, if this is the question once more; otherwise None."""
        found = NUMBERS.match(data, len(self.before)) if data.startswith(self.before) else None
        if found and found.end() + len(self.after) == len(data) and data.endswith(self.after):
            return tuple(map(int, found.groups()))
        return None

    def said(self, since, origin, at):
        """The bytes in which this is asked."""
        return b"%bsince=%d&from=%d&at=%d%b" % (self.before, since, origin, at, self.after)
