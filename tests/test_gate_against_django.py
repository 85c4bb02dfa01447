"""Random requests: if the gate would answer one, Django would let the same reader read the same room."""

from collections import Counter
from urllib.parse import unquote

from django.core.wsgi import get_wsgi_application
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chat.gate import request_body, wsgi
from chat.gate.grants import Offer

application = get_wsgi_application()

PIECES = {
    "path": [
        "{path}",
        "{other}",
        "/ROOMS/live/changes/",
        "//{path}",
        "{path}/",
        "{path}%2f",
        "{path};x",
        "/rooms/nowhere/changes/",
    ],
    "query": [
        "since={since}&from={since}&at=1&log={log}",
        "since=1&from=1&at=1&log={log}",
        "since=0{since}&from={since}&at=1&log={log}",
        "since={since}&from={since}&at=1&log={log}&gone=",
        "since={since}&from={since}&at=1&log={log}&since=1",
        "since={since}&from={since}&at=1&log=0123456789",
        "since=999999999&from=1&at=1&log={log}",
        "since=5&from=9&at=1&log={log}",
        "",
    ],
    "cookie": [
        "session={session}",
        "csrf=x; session={session}; theme=a",
        "session={stranger}",
        "session={left}",
        "session={session}; session={stranger}",
        "session={stranger}; session={session}",
        "session={session};session={left}",
        "session= {session}",
        'session="{session}"',
        "Session={session}",
        "__Host-session={session}",
        "session={session}x",
        "session=",
        None,
    ],
    "method": ["GET", "HEAD", "POST", "get", "OPTIONS"],
    "htmx": ["true", "True", "1", None],
    "more": [
        [],
        [],
        [("cookie", "session={left}")],
        [("hx-request", "true")],
        [("content-length", "0")],
        [("x-y", "z")],
    ],
}


@settings(max_examples=400, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(
    drawn=st.fixed_dictionaries(
        {name: st.sampled_from(values[:1] * 3 * len(values) + values) for name, values in PIECES.items()}
    )
)
def ask_at_random(gate, known, drawn, answered):
    scope = scope_of(drawn, known)
    asked = gate.hub.grants.for_request(scope)
    answered[asked is not None] += 1
    if asked:
        answer = wsgi.call(application, scope, *request_body.empty(), Offer())
        assert answer.status == 200
        assert b'id="messages"' in answer.body or b'name="since"' in answer.body
        assert b"Join again" not in answer.body
        assert (asked.session, scope["raw_path"], asked.member) in known["places"]


def scope_of(drawn, known):
    fill = lambda text: text.format(**known)  # noqa: E731
    headers = [("cookie", drawn["cookie"]), ("hx-request", drawn["htmx"]), *drawn["more"]]
    raw_path = fill(drawn["path"])
    return {
        "method": drawn["method"],
        "path": unquote(raw_path),
        "raw_path": raw_path.encode(),
        "query_string": fill(drawn["query"]).encode(),
        "headers": [(b"host", b"127.0.0.1")] + [(n.encode(), fill(v).encode()) for n, v in headers if v is not None],
        "http_version": "1.1",
        "scheme": "http",
    }


def test_the_gate_answers_no_reader_whom_django_would_refuse(ann, ben, reader, gate):
    stranger, gone = reader("Mallory", room="Elsewhere"), reader("Carol")
    gone.member.leave()
    for one in (ann, stranger, gone):
        one.ask(one.query(1, 1, 1))
    known = {"path": f"{ann.path}changes/", "other": f"{stranger.path}changes/", "since": ann.since}
    known["places"] = [
        (one.http.cookies["session"], f"{one.path}changes/".encode(), one.member.pk) for one in (ann, stranger)
    ]
    known["log"] = ann.incarnation
    known["session"] = ann.http.cookies["session"]
    known |= {"stranger": stranger.http.cookies["session"], "left": gone.http.cookies["session"]}
    answered = Counter()
    ask_at_random(gate, known, answered=answered)
    assert answered[True] > 5, answered
    assert answered[False] > 100, answered
