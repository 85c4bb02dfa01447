"""The gate's own error answers: a small page, or a notice for htmx."""

from chat.gate.signatures import Headers, Scope
from chat.gate.wsgi import Response

MESSAGES = {  # what happened, and what to do
    408: ("This took too long to arrive.", "Check your connection and try again."),
    413: ("This is more than the server accepts at once.", "Make it shorter and try again."),
    500: ("Something went wrong on the server.", "Try again in a moment."),
    503: ("The server is busy.", "Try again in a few seconds."),
}
RETRY_AFTER = b"5"  # seconds

PAGE = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<h1>{title}</h1>
<p>{message}</p>
</html>
"""
NOTICE = '<div id="notice" class="notice" role="alert" hx-swap-oob="true">{message}</div>'


class GateRefusal(Exception):
    """The gate refuses a request with this HTTP status. `hang_up` ends the connection if the client may still send."""

    def __init__(self, status: int, hang_up: bool = False) -> None:
        super().__init__(status)
        self.status = status
        self.hang_up = hang_up


def error_response(refusal: GateRefusal, scope: Scope, headers: Headers) -> Response:
    """Return the answer to a refused request. `headers` are the site's security headers; its own are added."""
    body = notice(scope, refusal.status) if from_htmx(scope) else page(refusal.status, scope["method"])
    return Response(refusal.status, headers + own_headers(refusal, body), b"" if scope["method"] == "HEAD" else body)


def from_htmx(scope: Scope) -> bool:
    return (b"hx-request", b"true") in scope["headers"]


def notice(scope: Scope, status: int) -> bytes:
    if scope["method"] == "GET":
        return b""  # A poll: the page shows its banner, and no later poll would remove a notice.
    what, then = MESSAGES[status]
    return NOTICE.format(message=f"{what} Your text is still on the page. {then}").encode()


def page(status: int, method: str) -> bytes:
    what, then = MESSAGES[status]
    kept = "" if method in ("GET", "HEAD") else "Your text is still on the previous page. Go back to it. "
    return PAGE.format(title=what.rstrip("."), message=f"{what} {kept}{then}").encode()


def own_headers(refusal: GateRefusal, body: bytes) -> Headers:
    headers = [
        (b"content-type", b"text/html; charset=utf-8"),
        (b"content-length", b"%d" % len(body)),
        (b"cache-control", b"no-store"),
        (b"vary", b"HX-Request"),
    ]
    headers += [(b"retry-after", RETRY_AFTER)] if refusal.status == 503 else []
    return headers + ([(b"connection", b"close")] if refusal.hang_up else [])
