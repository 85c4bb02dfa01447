"""Questions: polls as they come over the wire; a page asks the same one again and again, but for three numbers."""

import re

NUMBERS = rb"since=([0-9]{1,18})&from=([0-9]{1,18})&at=([0-9]{1,12})"
QUERY = re.compile(NUMBERS + rb"\Z")
NUMBERS = re.compile(NUMBERS)


class PollRequest:
    """What was parsed once as the poll of that session for that path, as bytes; `keep_alive` if the connection goes on.

    The same bytes once more are the same request once more: nothing but the numbers can have changed.
    """

    __slots__ = ("after", "before", "keep_alive", "path", "session")

    def __init__(self, before, after, session, path, keep_alive):
        self.before, self.after = before, after
        self.session, self.path, self.keep_alive = session, path, keep_alive

    @classmethod
    def read(cls, head, scope, session, keep_alive):
        """The question in `head`, which was parsed as `scope`; None where there is more or less than one plain head."""
        before = b"GET %b?" % scope["raw_path"]
        line = b"%b%b HTTP/" % (before, scope["query_string"])
        one_head = head.find(b"\r\n\r\n") == len(head) - 4 and head.count(b"\n") == head.count(b"\r\n")
        if not one_head or not head.startswith(line):
            return None
        after = head[len(line) - len(b" HTTP/") :]
        return cls(before, after, session, scope["raw_path"], keep_alive)

    def numbers(self, data):
        """Where its page stands, if this is the question once more; otherwise None."""
        found = NUMBERS.match(data, len(self.before)) if data.startswith(self.before) else None
        if found and found.end() + len(self.after) == len(data) and data.endswith(self.after):
            return tuple(map(int, found.groups()))
        return None

    def said(self, since, origin, at):
        """The bytes in which this is asked."""
        return b"%bsince=%d&from=%d&at=%d%b" % (self.before, since, origin, at, self.after)
