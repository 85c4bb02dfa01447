"""Files and streamed responses of Django behind the gate: sent in pieces, and no thread waits for a slow reader."""

import contextlib
import gzip
import http.client
import io
import threading
from pathlib import Path

import pytest
from django.core.files import File
from django.core.handlers.wsgi import WSGIHandler
from django.http import FileResponse, HttpResponse, StreamingHttpResponse
from django.urls import path

from chat.gate import response_body
from tests.test_gate import Server, until

pytestmark = pytest.mark.urls(__name__)

SIZE = 20_000_000  # bytes: more than the system's buffers take
CONTENT = bytes(range(256)) * (SIZE // 256)
closed = []


class Noted:
    """Notes the thread in which a response is closed."""

    def close(self):
        closed.append(threading.current_thread().name)


def noted(response):
    response._resource_closers.append(Noted().close)
    return response


def on_disk(request):
    file = open(request.headers["X-File"], "rb")  # noqa: SIM115
    file.seek(int(request.GET.get("start", 0)))
    return noted(FileResponse(file))


def django_file(request):
    return noted(FileResponse(File(open(request.headers["X-File"], "rb"))))


def in_memory(request):
    return noted(FileResponse(io.BytesIO(CONTENT[: int(request.GET["size"])])))


def unzipped_on_disk(request):
    file = Path(request.headers["X-File"] + ".gz")
    file.write_bytes(gzip.compress(CONTENT[:100_000]))
    return noted(FileResponse(gzip.open(file)))


def generated(request):
    size = int(request.GET["size"])
    return noted(StreamingHttpResponse(CONTENT[start : start + 1000] for start in range(0, size, 1000)))


def broken(request):
    def pieces():
        yield b"x" * 100_000
        raise LookupError("a bug")

    return noted(StreamingHttpResponse(pieces()))


def small(request):
    return HttpResponse("small")


VIEWS = (on_disk, django_file, in_memory, unzipped_on_disk, generated, broken, small)
urlpatterns = [path(f"{view.__name__}/", view) for view in VIEWS]


class Application:
    def __init__(self):
        self.release, self.handler = threading.Event(), WSGIHandler()

    def __call__(self, environ, start_response):
        return self.handler(environ, start_response)


@pytest.fixture
def files(monkeypatch):
    """The files that were opened to be sent."""
    found, in_memory_if_small = [], response_body.in_memory_if_small
    monkeypatch.setattr(
        response_body, "in_memory_if_small", lambda body: found.append(body.file) or in_memory_if_small(body)
    )
    return found


@pytest.fixture
def server(settings, files):
    settings.MIDDLEWARE, settings.ALLOWED_HOSTS = [], ["*"]
    del closed[:]
    server = Server(Application(), threads=1)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def file(tmp_path):
    file = tmp_path / "file"
    file.write_bytes(CONTENT)
    return file


def get(server, path, method="GET", **headers):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    with contextlib.closing(connection):
        connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        response = connection.getresponse()
        return response.status, response.headers, response.read()


def ask_and_read_nothing(server, path, **headers):
    client = server.connect()
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    client.thing.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n{lines}\r\n".encode())
    return client


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/on_disk/", CONTENT),
        ("/on_disk/?start=19999000", CONTENT[19_999_000:]),
        ("/on_disk/?start=7", CONTENT[7:]),
        ("/django_file/", CONTENT),
        ("/unzipped_on_disk/", CONTENT[:100_000]),
        (f"/in_memory/?size={SIZE}", CONTENT),
        ("/in_memory/?size=10", CONTENT[:10]),
        (f"/generated/?size={SIZE}", CONTENT),
        ("/generated/?size=3000", CONTENT[:3000]),
        ("/generated/?size=0", b""),
    ],
)
def test_each_kind_of_response_arrives_whole_and_is_closed_in_djangos_thread(server, files, file, path, expected):
    for method, body in (("GET", expected), ("HEAD", b"")):
        status, headers, received = get(server, path, method, X_File=str(file))
        assert (status, received == body) == (200, True)
        if method == "GET" or "generated" not in path:
            assert headers["Content-Length"] == str(len(expected))
        until(lambda: all(each.closed for each in files))
    assert [name.startswith("django") for name in closed] == [True, True]


@pytest.mark.parametrize("path", ["/on_disk/", f"/in_memory/?size={SIZE}", f"/generated/?size={SIZE}"])
def test_slow_readers_hold_no_thread_and_their_files_are_closed_with_the_connection(server, files, file, path):
    with contextlib.ExitStack() as stack:
        for _ in range(5):
            stack.enter_context(ask_and_read_nothing(server, path, X_File=str(file)))
        until(lambda: len(files) == 5 and server.gate.working == 0)
        assert get(server, "/small/")[2] == b"small"
        assert not any(each.closed for each in files)
    until(lambda: all(each.closed for each in files))


def test_a_client_that_reads_nothing_is_disconnected(server, files, file, monkeypatch, caplog):
    monkeypatch.setattr(response_body, "STALL_TIMEOUT", 0.3)
    with ask_and_read_nothing(server, "/on_disk/", X_File=str(file)) as client:
        until(lambda: files and files[0].closed)
        received = 0
        with contextlib.suppress(ConnectionResetError):
            while piece := client.recv(1_000_000):
                received += len(piece)
    assert received < SIZE
    assert not caplog.records


def test_a_file_that_becomes_shorter_ends_the_connection(server, files, file, caplog):
    with ask_and_read_nothing(server, "/on_disk/", X_File=str(file)) as client:
        until(lambda: files and server.gate.working == 0)
        file.write_bytes(b"")
        received = 0
        with contextlib.suppress(ConnectionResetError):
            while piece := client.recv(1_000_000):
                received += len(piece)
    assert received < SIZE
    until(lambda: files[0].closed)
    assert [record.getMessage() for record in caplog.records] == ["a file became shorter while it was sent"]


def test_a_streamed_response_that_fails_is_an_error_page_not_half_a_body(server):
    status, _headers, body = get(server, "/broken/")
    assert (status, b"Something went wrong" in body) == (500, True)
    until(lambda: closed)
