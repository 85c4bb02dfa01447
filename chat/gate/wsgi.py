"""Django as WSGI behind the gate: a scope and a whole body in, a whole answer out."""

import logging
import re
import sys
from typing import NamedTuple

from chat.gate.grants import ENVIRON_KEY

logger = logging.getLogger("chat.gate")

# The gate knows these better than the client (the length) or has done them already (the chunks).
OURS = {b"content-length", b"transfer-encoding"}
CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


class Answer(NamedTuple):
    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


def call(application, scope, file, length, offer):
    """Run `application` here and now; its Answer, or None when it failed, which is then in the log."""
    try:
        with file:
            return run(application, environ(scope, file, length) | {ENVIRON_KEY: offer})
    except BaseException:  # sys.exit() too: nobody above a thread would hear of it
        # Neither path nor query: both may hold what opens a private room.
        logger.exception("%s request failed", scope["method"])
        return None


def run(application, environ):
    """The answer of a WSGI application, with its iterable used up and closed: close() ends Django's request."""
    started, written = [], []

    def start_response(status, headers, exc_info=None):
        started[:] = [status, headers]
        return written.append

    chunks = application(environ, start_response)
    try:
        body = b"".join(chunks)
    finally:
        if hasattr(chunks, "close"):
            chunks.close()
    status, headers = started
    return whole(int(status[:3]), headers, b"".join(written) + body, environ["REQUEST_METHOD"])


def whole(status, headers, body, method):
    """An answer whose length is the one it has, and which has no body where HTTP allows none."""
    kept = [(name.lower().encode("latin-1"), clean(value)) for name, value in headers]
    said = [pair for pair in kept if pair[0] == b"content-length"]
    kept = [pair for pair in kept if pair[0] not in OURS]
    if status < 200 or status in (204, 304):
        return Answer(status, kept, b"")
    if method == "HEAD":
        # The length is that of the GET: what Django says of it counts where Django has left the body out.
        return Answer(status, kept + (said if not body else length_of(body)), b"")
    return Answer(status, kept + length_of(body), body)


def length_of(body):
    return [(b"content-length", b"%d" % len(body))]


def clean(value):
    """A header's value in bytes; the server would break off in mid-answer at a control character."""
    if CONTROL.search(value):
        raise ValueError("control character in a response header")
    return value.encode("latin-1")


def environ(scope, file, length):
    """What PEP 3333 wants to know, with the body's real length."""
    name, port = scope.get("server") or ("localhost", 80)
    return {
        "REQUEST_METHOD": scope["method"],
        **path(scope),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_NAME": name,
        "SERVER_PORT": str(port or 80),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "REMOTE_ADDR": address(scope),
        **fields(scope["headers"]),
        "CONTENT_LENGTH": str(length),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.input": file,
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }


def path(scope):
    """SCRIPT_NAME and PATH_INFO: bytes in the clothes of latin-1. An ASGI path begins with its root path."""
    root = scope.get("root_path", "")
    return {"SCRIPT_NAME": native(root), "PATH_INFO": native(scope["path"].removeprefix(root))}


def native(text):
    return text.encode("utf-8").decode("latin-1")


def address(scope):
    """The peer's address; an IPv4 one as IPv4, also on a socket that speaks both, where it comes as ::ffff:1.2.3.4."""
    host = (scope.get("client") or ("", 0))[0] or ""
    return host.removeprefix("::ffff:") if "." in host else host


def fields(headers):
    """Headers by their WSGI names, repeated ones joined."""
    found = {}
    for name, value in headers:
        if name == b"content-type":
            value = without_charset(value)
        # X_Forwarded_For and X-Forwarded-For would be one key: a client could pass off the first as a proxy's word.
        if name not in OURS and b"_" not in name:
            found.setdefault(key(name), []).append(value.decode("latin-1"))
    return {name: ("; " if name == "HTTP_COOKIE" else ",").join(values) for name, values in found.items()}


def without_charset(content_type):
    """Forms come in UTF-8 here; a charset that is no text encoding would be a crash before any view is asked."""
    return b";".join(part for part in content_type.split(b";") if b"charset" not in part.lower())


def key(name):
    name = name.decode("latin-1").upper().replace("-", "_")
    return name if name == "CONTENT_TYPE" else f"HTTP_{name}"
