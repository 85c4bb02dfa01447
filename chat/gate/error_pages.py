"""What the gate says itself, in plain words: a small page, or a notice for htmx."""

from chat.gate.wsgi import Answer

WORDS = {  # what happened, and what to do
    408: ("That took too long to arrive.", "check your connection and try again."),
    413: ("That is more than the server takes at once.", "make it shorter and try again."),
    500: ("Something went wrong on the server.", "try again in a moment."),
    503: ("The server is busy.", "try again in a few seconds."),
}
RETRY_AFTER = b"5"  # seconds

PAGE = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<h1>{title}</h1>
<p>{words}</p>
</html>
"""
NOTICE = '<div id="notice" class="notice" role="alert" hx-swap-oob="true">{words}</div>'


class GateRefusal(Exception):
    """The gate's own no; `hang_up` where the client may still be sending, so that the connection cannot go on."""

    def __init__(self, status, hang_up=False):
        super().__init__(status)
        self.status = status
        self.hang_up = hang_up


def answer(refused, scope, headers):
    """The answer for `refused`, with `headers` (the site's security headers) among its own."""
    body = notice(scope, refused.status) if from_htmx(scope) else page(refused.status, scope["method"])
    return Answer(refused.status, headers + own_headers(refused, body), b"" if scope["method"] == "HEAD" else body)


def from_htmx(scope):
    return (b"hx-request", b"true") in scope["headers"]


def notice(scope, status):
    if scope["method"] == "GET":
        return b""  # A poll: the page's banner speaks for it, and no later poll would take a notice away.
    what, then = WORDS[status]
    return NOTICE.format(words=f"{what} Your words are still in the page: {then}").encode()


def page(status, method):
    what, then = WORDS[status]
    reading = method in ("GET", "HEAD")
    rest = then.capitalize() if reading else f"Your words are still in the page before this one: go back, {then}"
    return PAGE.format(title=what.rstrip("."), words=f"{what} {rest}").encode()


def own_headers(refused, body):
    headers = [
        (b"content-type", b"text/html; charset=utf-8"),
        (b"content-length", b"%d" % len(body)),
        (b"cache-control", b"no-store"),
        (b"vary", b"HX-Request"),
    ]
    headers += [(b"retry-after", RETRY_AFTER)] if refused.status == 503 else []
    return headers + ([(b"connection", b"close")] if refused.hang_up else [])
