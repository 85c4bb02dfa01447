"""The gate in a real server: what it passes to Django, what it refuses, and how it handles slow clients."""

import contextlib
import errno
import http.client
import re
import socket
import struct
import threading
import time
from operator import itemgetter

import pytest
import uvicorn

from chat.gate.asgi import Gate
from chat.gate.places import Shares
from chat.gate.protocol import MAX_HEAD, Protocol
from chat.gate.route_limits import DEFAULT_LIMIT, UPLOAD_RATE, BodyLimit, RouteLimit
from tests.support.threads import run

CSP = ("Content-Security-Policy", "default-src 'none'")
HTMX = {"HX-Request": "true"}


class Site:
    """A WSGI application that records its requests, and does what the path says."""

    def __init__(self):
        self.seen, self.closed, self.release = [], [], threading.Event()

    def __call__(self, environ, start_response):
        self.seen.append(environ | {"body": environ["wsgi.input"].read()})
        status, headers, body = self.answer(environ["PATH_INFO"])
        start_response(status, headers)
        return Pieces(body, self.closed)

    def answer(self, path):
        if path == "/wait":
            assert self.release.wait(10)
        if path == "/fail":
            raise LookupError("a bug")
        if path == "/exit":
            raise SystemExit
        if path == "/broken-header":
            return "200 OK", [("X-Name", "a\x00b")], b"x"
        if path == "/unchanged":
            return "304 Not Modified", [("Content-Length", "9"), ("ETag", '"1"')], b""
        if path == "/long":
            return "200 OK", [], b"x" * 20_000_000
        return "200 Fine", [("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), ("Content-Length", "5")], b"hello"


class Pieces:
    """An answer in two pieces that notes the thread in which it was closed."""

    def __init__(self, body, closed):
        self.pieces, self.closed = iter([body[:2], body[2:]]), closed

    def __iter__(self):
        return self.pieces

    def close(self):
        self.closed.append(threading.current_thread().name)


class Server:
    """A gate on a free port of this machine."""

    def __init__(self, site, **arguments):
        self.site, self.gate = site, Gate(site, headers=[CSP], **arguments)
        config = uvicorn.Config(
            self.gate, http=Protocol, port=0, ws="none", lifespan="on", log_config=None, proxy_headers=False
        )
        config.timeout_graceful_shutdown = 1
        self.server = uvicorn.Server(config)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self.server.run, args=([self.listener],), daemon=True)

    def start(self):
        self.thread.start()
        until(lambda: self.server.started)

    def leave(self):
        self.site.release.set()
        self.server.should_exit = True

    def stop(self):
        self.leave()
        self.thread.join(10)
        assert not self.thread.is_alive()

    def connect(self):
        return contextlib.closing(socket.create_connection(("127.0.0.1", self.port), timeout=10))

    def ask(self, method, path, body=None, headers=(), **options):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        with contextlib.closing(connection):
            connection.request(method, path, body, dict(headers), **options)
            response = connection.getresponse()
            response.text = response.read().decode()
            return response


def until(true, seconds=5):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "this did not come about"
        time.sleep(0.01)


@pytest.fixture(scope="module")
def servers():
    """All servers. They are stopped at the end: a stop takes a moment, and the next test need not wait for it."""
    started = []
    yield started
    for server in started:
        server.stop()


@pytest.fixture
def serve(servers):
    before = len(servers)

    def start(**arguments):
        servers.append(Server(Site(), **arguments))
        servers[-1].start()
        return servers[-1]

    yield start
    for server in servers[before:]:
        server.leave()


def in_background(*calls):
    threads = [threading.Thread(target=call, daemon=True) for call in calls]
    for thread in threads:
        thread.start()
    return threads


def half_a_post(length=1000, path="/"):
    return f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\nhalf".encode()


def raw(server, request):
    with server.connect() as client:
        client.sendall(request)
        answer = http.client.HTTPResponse(client)
        answer.begin()
        answer.text = answer.read().decode()
        return answer


# What Django receives


def test_an_address_in_any_script_reaches_django_as_it_was_typed(serve):
    server = serve()
    server.ask("GET", "/rooms/caf%C3%A9%2Fa%25b/?q=%C3%A9&q=a+b")
    (seen,) = server.site.seen
    assert seen["PATH_INFO"].encode("latin-1").decode() == "/rooms/café/a%b/"
    assert seen["QUERY_STRING"] == "q=%C3%A9&q=a+b"
    assert (seen["SCRIPT_NAME"], seen["REQUEST_METHOD"], seen["SERVER_PORT"]) == ("", "GET", str(server.port))
    assert (seen["wsgi.url_scheme"], seen["SERVER_PROTOCOL"], seen["CONTENT_LENGTH"]) == ("http", "HTTP/1.1", "0")


def test_a_header_cannot_forge_the_client_address(serve):
    server = serve()
    forged = b"X-Forwarded-For: 1.1.1.1\r\nX_Forwarded_For: 2.2.2.2\r\nX-Forwarded_For: 3.3.3.3\r\n"
    raw(server, b"GET / HTTP/1.1\r\nHost: x\r\n" + forged + b"Remote-Addr: 4.4.4.4\r\nRemote_Addr: 5.5.5.5\r\n\r\n")
    (seen,) = server.site.seen
    assert seen["REMOTE_ADDR"] == "127.0.0.1"
    assert seen["HTTP_X_FORWARDED_FOR"] == "1.1.1.1"  # for Django, which knows how many proxies to believe


def test_repeated_headers_are_all_kept(serve):
    server = serve()
    twice = b"Cookie: a=1\r\nCookie: b=2\r\nAccept: x\r\nAccept: y\r\nContent-Type: text/plain\r\n"
    raw(server, b"GET / HTTP/1.1\r\nHost: x\r\n" + twice + b"\r\n")
    (seen,) = server.site.seen
    assert (seen["HTTP_COOKIE"], seen["HTTP_ACCEPT"], seen["CONTENT_TYPE"]) == ("a=1; b=2", "x,y", "text/plain")


@pytest.mark.parametrize("size", [0, 5, 64 * 1024, 64 * 1024 + 1, 250_000])
@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_arrives_whole_with_its_real_length(serve, size, chunked):
    server = serve()
    sent = bytes(range(256)) * (size // 256 + 1)
    server.ask("POST", "/", iter([sent[: size // 2], sent[size // 2 : size]]) if chunked else sent[:size])
    (seen,) = server.site.seen
    assert seen["body"] == sent[:size]
    assert seen["CONTENT_LENGTH"] == str(size)
    assert "HTTP_TRANSFER_ENCODING" not in seen


def test_a_root_path_and_a_client_without_address_work():
    async def answered(**scope):
        return (await asked(Site(), **scope))[0]

    seen = run(answered(path="/chat/rooms/é", root_path="/chat", client=None, server=None))
    assert (seen["SCRIPT_NAME"], seen["PATH_INFO"].encode("latin-1").decode()) == ("/chat", "/rooms/é")
    assert (seen["REMOTE_ADDR"], seen["SERVER_NAME"], seen["SERVER_PORT"]) == ("", "localhost", "80")
    seen = run(answered(path="/", client=("::ffff:10.0.0.7", 5)))
    assert seen["REMOTE_ADDR"] == "10.0.0.7"


async def asked(site, **scope):
    """What `site` receives for a request that our server would never produce."""
    plain = {"type": "http", "method": "GET", "http_version": "1.1", "scheme": "http", "query_string": b""}
    await Gate(site)(plain | {"headers": []} | scope, None, sent := Sent())
    assert sent[0]["status"] == 200
    return site.seen


class Sent(list):
    async def __call__(self, message):
        self.append(message)


# What comes back


def test_the_answer_is_unchanged_and_closed_in_django(serve):
    server = serve()
    answer = server.ask("GET", "/")
    assert (answer.status, answer.text, answer.headers["Content-Length"]) == (200, "hello", "5")
    assert answer.headers.get_all("Set-Cookie") == ["a=1", "b=2"]
    (thread,) = server.site.closed
    assert thread.startswith("django")


def test_a_head_request_gets_the_length_and_no_body(serve):
    server = serve()
    with server.connect() as client:
        client.sendall(b"HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        head, body = b"".join(iter(lambda: client.recv(9999), b"")).split(b"\r\n\r\n")
    assert b"content-length: 5" in head
    assert body == b""
    assert server.site.closed


def test_not_modified_is_a_complete_answer(serve, caplog):
    server = serve()
    answer = server.ask("GET", "/unchanged")
    assert (answer.status, answer.headers["ETag"], answer.text) == (304, '"1"', "")
    assert "Content-Length" not in answer.headers
    assert not caplog.records


@pytest.mark.parametrize("path", ["/fail", "/exit", "/broken-header"])
def test_a_bug_is_an_error_page_and_a_line_in_the_log(serve, caplog, path):
    server = serve()
    page, notice = server.ask("POST", path, b"x"), server.ask("POST", path, b"x", HTMX)
    assert (page.status, notice.status) == (500, 500)
    assert "Something went wrong on the server. Your text is still on the previous page" in page.text
    assert page.text.startswith("<!doctype html>")
    assert notice.text.startswith('<div id="notice" class="notice" role="alert" hx-swap-oob="true">Something went')
    assert server.ask("GET", path, headers=HTMX).text == "", "a poll: the banner speaks for it"
    assert [record.name for record in caplog.records] == ["chat.gate"] * 3
    assert path not in caplog.text.split("Traceback")[0]  # an address may be the key to a private room
    assert server.ask("GET", "/").status == 200


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_the_gates_own_answers_have_the_sites_headers_and_are_not_cached(serve, headers):
    answer = serve().ask("GET", "/fail", headers=headers)
    assert answer.headers["Content-Security-Policy"] == CSP[1]
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert (answer.headers["Cache-Control"], answer.headers["Vary"]) == ("no-store", "HX-Request")


# Too much, too slow, too many


def test_a_body_announced_as_too_long_is_refused_before_it_is_sent(serve):
    server = serve(body_limit=BodyLimit(100))
    answer = raw(server, b"POST / HTTP/1.1\r\nHost: x\r\nHX-Request: true\r\nContent-Length: 101\r\n\r\n")
    assert answer.status == 413
    assert "more than the server accepts at once. Your text is still on the page" in answer.text
    assert server.ask("POST", "/", b"x" * 100).status == 200
    assert len(server.site.seen) == 1


def test_a_body_without_announced_length_is_refused_by_its_size(serve):
    server = serve(body_limit=BodyLimit(100_000))
    endless = (
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + b"ffff\r\n%s\r\n" % (b"x" * 65535) * 2
    )
    assert raw(server, endless).status == 413
    assert raw(server, endless + b"0\r\n\r\n").status == 413
    assert not server.site.seen


def test_a_client_that_sends_far_too_much_still_receives_the_reason(serve):
    assert serve().ask("POST", "/", b"x" * 8_000_000).status == 413


def test_a_body_that_does_not_arrive_ends_with_an_error_and_a_closed_connection(serve):
    server = serve(body_limit=BodyLimit(seconds=0.3), linger=0.2)
    with server.connect() as client:
        client.sendall(half_a_post())
        answer = b"".join(iter(lambda: client.recv(9999), b""))
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"took too long to arrive" in answer
    assert not server.site.seen


UPLOADS = (RouteLimit(re.compile("/upload/[0-9]+/"), BodyLimit(1000, seconds=0.3, rate=500)),)


def test_a_route_can_accept_larger_bodies(serve):
    server = serve(body_limit=BodyLimit(100), route_limits=UPLOADS)
    statuses = {path: server.ask("POST", path, b"x" * 1000).status for path in ("/upload/1/", "/upload/1/x", "/")}
    assert statuses == {"/upload/1/": 200, "/upload/1/x": 413, "/": 413}
    assert server.ask("POST", "/upload/1/", b"x" * 1001).status == 413


def test_a_route_can_give_more_time_to_larger_bodies(serve):
    server = serve(body_limit=BodyLimit(seconds=0.3), linger=0.1, route_limits=UPLOADS)
    for path, length, expected in (("/", 500, 408), ("/upload/1/", 10, 408), ("/upload/1/", 500, 200)):
        with server.connect() as client:
            client.sendall(half_a_post(length, path))
            time.sleep(0.7)
            with contextlib.suppress(OSError):
                client.sendall(b"x" * (length - 4))
            assert client.recv(9999).startswith(b"HTTP/1.1 %d " % expected), (path, length)


def test_by_default_uploads_have_thirty_seconds_plus_one_per_sixteen_kilobytes():
    assert DEFAULT_LIMIT.deadline(256 * 1024) == 30
    assert BodyLimit(10**9, rate=UPLOAD_RATE).deadline(160 * 1024) == 40


def test_a_full_disk_is_explained_and_reading_still_works(serve, monkeypatch, caplog):
    server = serve()
    monkeypatch.setattr("chat.gate.request_body.SPOOL", 10)
    monkeypatch.setattr("tempfile.TemporaryFile", full_disk)
    assert server.ask("POST", "/", b"x" * 1000).status == 503
    assert "could not store a request body" in caplog.text
    assert server.ask("GET", "/").status == 200


def full_disk(*_, **__):
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_client_that_disconnects_while_sending_leaves_nothing(serve, caplog):
    server = serve()
    with server.connect() as client:
        client.sendall(half_a_post())
        until(lambda: server.gate.bodies.count == 1)
    until(lambda: server.gate.bodies.count == 0)
    assert (server.gate.working, server.site.seen, caplog.records) == (0, [], [])


def test_a_client_that_disconnects_does_not_stop_django(serve, caplog):
    server = serve(threads=1)
    with server.connect() as at_work, server.connect() as in_the_queue:
        for client in (at_work, in_the_queue):
            client.sendall(b"GET /wait HTTP/1.1\r\nHost: x\r\n\r\n")
        until(lambda: server.gate.working == 2)
    server.site.release.set()
    until(lambda: server.gate.working == 0)
    assert [len(server.site.seen), len(server.site.closed), caplog.records] == [2, 2, []]


def test_if_too_many_wait_for_django_the_next_gets_a_retry_time(serve):
    server = serve(threads=1, queue=2)
    waiting = in_background(*[lambda: server.ask("GET", "/wait")] * 3)
    until(lambda: server.gate.working == 3)
    answer = server.ask("POST", "/", b"hello", HTMX)
    assert (answer.status, int(answer.headers["Retry-After"]) > 0) == (503, True)
    assert "The server is busy. Your text is still on the page. Try again in a few seconds." in answer.text
    server.site.release.set()
    for thread in waiting:
        thread.join(5)
    assert server.ask("POST", "/", b"hello").status == 200


def test_if_too_many_are_sending_the_oldest_makes_room_for_the_next(serve):
    server = serve(max_bodies=2)
    with server.connect() as one, server.connect() as two:
        for number, client in enumerate((one, two), start=1):
            client.sendall(half_a_post())
            until(lambda number=number: server.gate.bodies.count == number)
        assert server.ask("POST", "/", b"x").status == 200
        assert one.recv(99).startswith(b"HTTP/1.1 408 ")
        two.sendall(b"x" * 996)
        assert two.recv(99).startswith(b"HTTP/1.1 200 ")
    until(lambda: server.gate.bodies.count == 0)


def by_header(environ):
    """The network that the header X-Network names."""
    return environ.get("HTTP_X_NETWORK", "")


def half_a_post_from(network):
    return half_a_post().replace(b"\r\n", b"\r\nX-Network: %s\r\n" % network.encode(), 1)


def test_a_network_with_many_unfinished_bodies_loses_its_oldest(serve):
    server = serve(shares=Shares(bodies=2), network_of=by_header)
    networks = ["one", "two", "one", "one"]
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(server.connect()) for _ in networks]
        for client, network, count in zip(clients, networks, [1, 2, 3, 3], strict=True):
            client.sendall(half_a_post_from(network))
            until(lambda count=count: server.gate.bodies.count == count)
        assert clients[0].recv(99).startswith(b"HTTP/1.1 408 ")
        for client in clients[1:]:
            client.sendall(b"x" * 996)
            assert client.recv(99).startswith(b"HTTP/1.1 200 ")


def test_refused_clients_that_still_send_take_no_place_of_others(serve):
    server = serve(body_limit=BodyLimit(100), max_bodies=1, shares=Shares(refused=2), network_of=by_header)
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(server.connect()) for _ in range(3)]
        for client in clients:
            client.sendall(half_a_post_from("one"))
            assert client.recv(99).startswith(b"HTTP/1.1 413 ")
        until(lambda: server.gate.refused.count == 2)
        assert server.gate.bodies.count == 0
        assert server.ask("POST", "/", b"x").status == 200
        assert b"".join(iter(lambda: clients[0].recv(9999), b"")).endswith(b"</html>\n")
        assert server.gate.refused.count == 2
    until(lambda: server.gate.refused.count == 0)


def test_fifty_slow_senders_do_not_block_a_sender(serve):
    server = serve(threads=4)
    with contextlib.ExitStack() as stack:
        slow = [stack.enter_context(server.connect()) for _ in range(50)]
        for client in slow:
            client.sendall(half_a_post(path="/slow"))
        until(lambda: server.gate.bodies.count == 50)
        for n in range(3):
            for client in slow:
                client.sendall(b"x")
            assert server.ask("POST", "/honest", b"message %d" % n).text == "hello"
            time.sleep(1)
        assert server.gate.bodies.count == 50  # the slow clients were still connected
    assert [seen["PATH_INFO"] for seen in server.site.seen] == ["/honest"] * 3


def test_clients_that_do_not_read_do_not_block_a_reader(serve):
    server = serve(threads=2)
    with contextlib.ExitStack() as stack:
        for _ in range(6):
            stack.enter_context(server.connect()).sendall(b"GET /long HTTP/1.1\r\nHost: x\r\n\r\n")
        until(lambda: len(server.site.closed) == 6)
        assert server.ask("GET", "/").text == "hello"


# Beginning and end


def test_a_stopping_server_answers_a_slow_sender(serve, caplog):
    server = serve()
    with server.connect() as client:
        client.sendall(half_a_post())
        until(lambda: server.gate.bodies.count == 1)
        server.stop()
        assert client.recv(9999).startswith(b"HTTP/1.1 503 ")
    assert not [record for record in caplog.records if record.exc_info]


def test_stopping_the_server_ends_its_threads(serve):
    server = serve()
    server.ask("GET", "/")
    server.stop()
    with pytest.raises(RuntimeError, match="shutdown"):
        server.gate.pool.submit(print)


def test_other_protocols_are_refused(caplog):
    async def received():
        return {"type": "websocket.connect"}

    run(Gate(Site())({"type": "websocket"}, received, sent := Sent()))
    assert [message["type"] for message in sent] == ["websocket.close"]


# Heads of requests


def test_an_endless_head_is_cut_off(serve):
    with serve().connect() as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: ")
        with contextlib.suppress(OSError):
            for _ in range(MAX_HEAD // 1000 + 20):
                connection.sendall(b"x" * 1000)
        assert connection.recv(100).startswith(b"HTTP/1.1 431 ")


def test_an_incomplete_head_has_a_deadline(serve, monkeypatch):
    monkeypatch.setattr(Protocol, "head_timeout", 0.3)
    with serve().connect() as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost:")
        assert connection.recv(100).startswith(b"HTTP/1.1 408 ")


def incomplete_heads(stack, server, count):
    """Connections of one address that have sent half a head, in the order in which the server accepted them."""
    clients, before = [], server.gate.heads.count
    for number in range(1, count + 1):
        clients.append(stack.enter_context(server.connect()))
        clients[-1].sendall(b"GET / HTTP/1.1\r\nHost:")
        until(lambda number=number: server.gate.heads.count == before + number)
    return clients


def test_an_address_with_many_incomplete_heads_loses_its_oldest(serve):
    server = serve(shares=Shares(heads=2), network_of=itemgetter("REMOTE_ADDR"))
    with contextlib.ExitStack() as stack:
        one, two = incomplete_heads(stack, server, 2)
        assert server.ask("GET", "/").status == 200
        assert one.recv(99).startswith(b"HTTP/1.1 408 ")
        two.sendall(b" x\r\n\r\n")
        assert two.recv(99).startswith(b"HTTP/1.1 200 ")
        assert server.gate.heads.count == 0


def test_behind_a_proxy_incomplete_heads_have_no_share(serve):
    server = serve(shares=Shares(heads=2), network_of=itemgetter("REMOTE_ADDR"), behind_proxy=True)
    with contextlib.ExitStack() as stack:
        for client in incomplete_heads(stack, server, 3):
            client.sendall(b" x\r\n\r\n")
            assert client.recv(99).startswith(b"HTTP/1.1 200 ")


def test_if_there_are_too_many_incomplete_heads_the_oldest_makes_room(serve):
    server = serve(max_heads=2)
    with contextlib.ExitStack() as stack:
        one, _two = incomplete_heads(stack, server, 2)
        assert server.ask("GET", "/").status == 200
        assert one.recv(99).startswith(b"HTTP/1.1 408 ")
    until(lambda: server.gate.heads.count == 0)


def test_an_incomplete_second_head_has_a_deadline_too(serve, monkeypatch):
    monkeypatch.setattr(Protocol, "head_timeout", 0.3)
    with serve().connect() as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert connection.recv(1000).startswith(b"HTTP/1.1 200 ")
        connection.sendall(b"GET / HTTP/1.1\r\nHost:")
        assert connection.recv(1000).startswith(b"HTTP/1.1 408 ")


def test_a_large_body_does_not_count_as_head_nor_a_second_request_as_the_first(serve):
    connection = http.client.HTTPConnection("127.0.0.1", serve().port, timeout=10)
    with contextlib.closing(connection):
        for _ in range(3):
            connection.request("POST", "/", b"x" * (3 * MAX_HEAD), {"X-Half": "x" * (MAX_HEAD // 2)})
            assert connection.getresponse().read() == b"hello"


def test_blank_lines_between_requests_are_limited_too(serve, monkeypatch):
    monkeypatch.setattr(Protocol, "head_timeout", 0.3)
    server = serve()
    for blank in (b"\r\n", b"\r\n" * MAX_HEAD):
        with server.connect() as connection:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            assert connection.recv(1000).startswith(b"HTTP/1.1 200 ")
            connection.sendall(blank)
            assert connection.recv(1000).startswith((b"HTTP/1.1 408 ", b"HTTP/1.1 431 "))


def test_pipelined_requests_are_limited(serve, caplog):
    server = serve()
    with server.connect() as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 5)
        until(lambda: len(server.site.seen) == 5)
    with server.connect() as connection, contextlib.suppress(ConnectionResetError):
        connection.sendall(b"GET /many HTTP/1.1\r\nHost: x\r\n\r\n" * 1000)
        while connection.recv(65536):
            pass
    assert len(server.site.seen) < 5 + 20
    assert not [record for record in caplog.records if record.exc_info]


def test_disconnecting_during_several_requests_logs_no_error(serve, caplog):
    server = serve()
    for _ in range(5):
        with server.connect() as connection:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 3)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    assert server.ask("GET", "/").text == "hello"
    time.sleep(0.2)
    assert not [record for record in caplog.records if record.exc_info]


@pytest.mark.parametrize("charset", ["charset=hex", 'CHARSET="rot13"', "charset*=utf-8''hex"])
def test_an_invalid_charset_does_not_reach_django(serve, charset):
    server = serve()
    server.ask("POST", "/", b"x", {"Content-Type": f"multipart/form-data; {charset}; boundary=x"})
    assert server.site.seen[0]["CONTENT_TYPE"] == "multipart/form-data; boundary=x"


CHUNKED = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nwords\r\n0\r\n"


def test_a_trailer_does_not_become_a_header(serve):
    server = serve()
    with server.connect() as connection:
        connection.sendall(CHUNKED + b"X-Forwarded-For: 1.2.3.4\r\nCookie: session=forged\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 200 ")
    (seen,) = server.site.seen
    assert seen["body"] == b"words"
    assert "HTTP_X_FORWARDED_FOR" not in seen
    assert "HTTP_COOKIE" not in seen


def test_endless_trailers_are_cut_off(serve):
    with serve().connect() as connection:
        connection.sendall(CHUNKED)
        with contextlib.suppress(OSError):
            for _ in range(MAX_HEAD // 500 + 20):
                connection.sendall(b"a:b\r\n" * 100)
        assert connection.recv(100).startswith(b"HTTP/1.1 431 ")


# The Host header


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET http://x/ HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.0\r\nHost: x\r\nhost: y\r\n\r\n",
    ],
)
def test_a_request_without_host_or_with_two_is_malformed(serve, head):
    server = serve()
    with server.connect() as connection:
        connection.sendall(head)
        assert connection.recv(1000).startswith(b"HTTP/1.1 400 ")
    assert server.site.seen == []


def test_http_1_0_needs_no_host(serve):
    with serve().connect() as connection:
        connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
        assert connection.recv(1000).startswith(b"HTTP/1.1 200 ")
