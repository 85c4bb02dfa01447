"""Django as a WSGI application behind the gate: takes an ASGI scope and a whole body, returns a whole response."""

import logging
import re
import sys
from collections.abc import Callable, Iterable
from typing import IO, Any, NamedTuple

from chat.gate.grants import ENVIRON_KEY, Offer
from chat.gate.response_body import FileWrapper, SizedFile, collect
from chat.gate.signatures import Headers, Scope

logger = logging.getLogger("chat.gate")

Environ = dict[str, Any]
Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]

# Headers that the gate sets itself (the length) or has already handled (the chunks).
GATE_HEADERS = {b"content-length", b"transfer-encoding"}
CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


class Response(NamedTuple):
    """A complete response to one request. A large body is in `file`, and `body` is empty then."""

    status: int
    headers: Headers
    body: bytes
    file: SizedFile | None = None

    def close(self) -> None:
        if self.file:
            self.file.file.close()


def call(application: Application, scope: Scope, file: IO[bytes], length: int, offer: Offer) -> Response | None:
    """Run the WSGI application in this thread. Returns None if it failed; the error is logged.

    `offer` is put into the environ: through it, Django can offer the gate a grant or a stream.
    """
    try:
        with file:
            return run(application, environ(scope, file, length) | {ENVIRON_KEY: offer})
    except BaseException:  # Also SystemExit, which would end the thread silently.
        # Neither path nor query are logged: both may hold what opens a private room.
        logger.exception("%s request failed", scope["method"])
        return None


def run(application: Application, environ: Environ) -> Response:
    """Run the WSGI application and return its response.

    The response's iterable is read to its end and closed, which ends Django's request.
    """
    started: list[Any] = []
    written: list[bytes] = []

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], None]:
        started[:] = [status, headers]
        return written.append

    chunks = application(environ, start_response)
    try:
        body = collect(chunks)
    finally:
        if hasattr(chunks, "close"):
            chunks.close()
    status, headers = started
    if isinstance(body, bytes):
        body = b"".join(written) + body
    return finish(int(status[:3]), headers, body, environ["REQUEST_METHOD"])


def finish(status: int, headers: list[tuple[str, str]], body: bytes | SizedFile, method: str) -> Response:
    """A response with its real Content-Length, and without a body where HTTP allows none."""
    encoded = [(name.lower().encode("latin-1"), encode_value(value)) for name, value in headers]
    declared = [pair for pair in encoded if pair[0] == b"content-length"]
    kept = [pair for pair in encoded if pair[0] not in GATE_HEADERS]
    no_body = status < 200 or status in (204, 304)
    length = length_header(body)
    if isinstance(body, SizedFile):
        if not no_body and method != "HEAD":
            return Response(status, kept + length, b"", body)
        body.file.close()
    if no_body:
        return Response(status, kept, b"")
    if method == "HEAD":
        # The length is that of the GET: the declared one counts where Django has left out the body.
        return Response(status, kept + (length if body else declared), b"")
    return Response(status, kept + length, body if isinstance(body, bytes) else b"")


def length_header(body: bytes | SizedFile) -> Headers:
    return [(b"content-length", b"%d" % (body.length if isinstance(body, SizedFile) else len(body)))]


def encode_value(value: str) -> bytes:
    """Encode a header's value as latin-1; raises ValueError if it contains a control character.

    The server would break off in the middle of the answer.
    """
    if CONTROL.search(value):
        raise ValueError("control character in a response header")
    return value.encode("latin-1")


def environ(scope: Scope, file: IO[bytes], length: int) -> Environ:
    """Return the WSGI environ of PEP 3333 for a request with the body `file`, which has `length` bytes."""
    name, port = scope.get("server") or ("localhost", 80)
    return {
        "REQUEST_METHOD": scope["method"],
        **path_variables(scope),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_NAME": name,
        "SERVER_PORT": str(port or 80),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        **client_variables(scope),
        "CONTENT_LENGTH": str(length),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.input": file,
        "wsgi.input_terminated": True,
        "wsgi.file_wrapper": FileWrapper,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }


def client_variables(scope: Scope) -> Environ:
    """Return the client's address and headers as WSGI variables."""
    return {"REMOTE_ADDR": address(scope), **header_variables(scope["headers"])}


def path_variables(scope: Scope) -> dict[str, str]:
    """Return SCRIPT_NAME, which is the root path, and PATH_INFO, which is the rest of the path."""
    root = scope.get("root_path", "")
    return {"SCRIPT_NAME": native(root), "PATH_INFO": native(scope["path"].removeprefix(root))}


def native(text: str) -> str:
    """The text as a string in PEP 3333's form: each UTF-8 byte is one latin-1 character."""
    return text.encode("utf-8").decode("latin-1")


def address(scope: Scope) -> str:
    """Return the client's IP address, or "" if it is unknown.

    On a dual-stack socket, an IPv4 address comes as ::ffff:1.2.3.4; the prefix is removed.
    """
    host: str = (scope.get("client") or ("", 0))[0] or ""
    return host.removeprefix("::ffff:") if "." in host else host


def header_variables(headers: Headers) -> dict[str, str]:
    """Return the headers by their WSGI names, with the values of repeated headers joined.

    Left out are content-length and transfer-encoding, which the gate sets itself, and names with an underscore.
    """
    found: dict[str, list[str]] = {}
    for name, value in headers:
        if name == b"content-type":
            value = without_charset(value)
        # X_Forwarded_For and X-Forwarded-For would be one key: a client could forge the proxy's header.
        if name not in GATE_HEADERS and b"_" not in name:
            found.setdefault(variable_name(name), []).append(value.decode("latin-1"))
    return {name: ("; " if name == "HTTP_COOKIE" else ",").join(values) for name, values in found.items()}


def without_charset(content_type: bytes) -> bytes:
    """Remove the charset from a Content-Type header. Forms are always UTF-8.

    A charset that is not a text encoding would crash Django before any view runs.
    """
    return b";".join(part for part in content_type.split(b";") if b"charset" not in part.lower())


def variable_name(header: bytes) -> str:
    name = header.decode("latin-1").upper().replace("-", "_")
    return name if name == "CONTENT_TYPE" else f"HTTP_{name}"
