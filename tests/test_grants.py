"""Grants: nobody hears from the gate what Django would not have told them."""

import time
from collections import Counter
from urllib.parse import unquote

import httpx
import pytest
from django.core.wsgi import get_wsgi_application
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chat import news
from chat.gate import bodies, wsgi
from chat.gate.grants import Offer
from chat.models import Membership, Participant, Room
from tests.reading import HTMX, Frame, held, until

application = get_wsgi_application()
TRIALS = 17  # of each event in each way of reading: 204 in all


@pytest.fixture
def alice(reader):
    return reader("Alice")


@pytest.fixture
def bob(alice, reader):
    bob = reader("Bob")
    alice.poll()
    return bob


def test_the_others_keep_their_grants_by_one_question(alice, bob, reader, gate, meanwhile, asked_django, monkeypatch):
    others = [reader(f"Reader {n}") for n in range(8)]
    for other in (bob, *others):
        other.since = Room.objects.get().version
    polled = [meanwhile(other.poll) for other in (bob, *others)]
    held(gate, 9)
    questions = []
    renew = gate.live.polls.renewals.still_hold
    monkeypatch.setattr(gate.live.polls.renewals, "still_hold", lambda *a: questions.append(a) or renew(*a))
    alice.member.leave()
    for poll in polled:
        assert "left" in poll.result(5).text
    assert len(questions) == 1
    assert asked_django == []


def leave(member):
    member.leave()


def be_shown_out(member):
    member.remove()


def lose_the_name(member):
    """Whoever was away for months finds that somebody else has the name by now."""
    Membership.objects.filter(pk=member.pk).update(seen_at="2020-01-01T00:00Z")
    Participant.objects.create().enter(member.nickname, room=member.room.name)


def be_signed_out(member):
    member.participant.sign_out_everywhere()


# Every act that takes away the right to read. A new one has its row here, or is not safe.
EVENTS = [leave, be_shown_out, lose_the_name, be_signed_out]


def by_a_held_poll(reader, gate, meanwhile, act):
    poll = meanwhile(reader.ask)
    held(gate)
    act()
    return poll.result(5).text


def by_a_stream(reader, gate, meanwhile, act):
    frame = Frame(reader, meanwhile)
    held(gate)
    act()
    until(lambda: frame.ended)
    return frame.text


def by_plain_polls(reader, gate, meanwhile, act):
    """Without any hold: pages that ask again and again while it happens."""
    acting, read = meanwhile(act), ""
    while not acting.done():
        read += reader.ask(f"since={reader.since}&from={reader.since}&at=1").text
    acting.result()
    return read + reader.ask().text


@pytest.mark.parametrize("reading", [by_a_held_poll, by_a_stream, by_plain_polls])
@pytest.mark.parametrize("event", EVENTS)
def test_nothing_that_is_said_after_the_act_reaches_who_lost_the_right(
    alice, bob, reader, gate, meanwhile, asked_django, event, reading
):
    for trial in range(TRIALS):
        victim = reader(f"Victim {trial}")
        alice.since = bob.since = victim.since

        def act(victim=victim, trial=trial):
            bob.member.send(f"just before {trial}", f"before:{trial}")
            event(victim.member)
            bob.member.send(f"just after {trial}", f"after:{trial}")

        read = reading(victim, gate, meanwhile, act)
        assert f"just after {trial}" not in read
        assert f"just after {trial}" not in victim.ask().text
        del asked_django[:]
        assert f"just after {trial}" in alice.ask().text
        assert asked_django == [], "Alice's grant held"


def test_a_painting_that_the_act_has_overtaken_is_not_shown(alice, bob, gate, meanwhile, monkeypatch):
    poll = meanwhile(alice.ask)
    held(gate)
    paint = gate.live.polls.paintings.paint

    def paint_later(*arguments):
        monkeypatch.setattr(gate.live.polls.paintings, "paint", paint)
        told, news.told.receivers = news.told.receivers, []  # the gate learns of it from the painting alone
        alice.member.leave()
        bob.member.send("now that she is gone", "t:2")
        news.told.receivers = told
        return paint(*arguments)

    monkeypatch.setattr(gate.live.polls.paintings, "paint", paint_later)
    bob.send("while she was here")
    assert "now that she is gone" not in poll.result(5).text


STRANGE = [
    "since={0}&from={0}&at={1}&at={1}",
    "since={0}&from={0}&at={1}&x=1",
    "from={0}&since={0}&at={1}",
    "since=%31&from={0}&at={1}",
    "since=+{0}&from={0}&at={1}",
    "since=-1&from={0}&at={1}",
    "since={0}&from={0}&at={1}%0a",
    "since={0}&from={0}",
    "since=9999999999999999999&from={0}&at={1}",
    "",
]


@pytest.mark.parametrize("query", STRANGE)
def test_a_query_of_another_shape_is_for_django(alice, asked_django, query):
    answer = alice.ask(query.format(alice.since, int(time.time())) or "x")
    assert answer.status_code == 200
    assert len(asked_django) == 1


@pytest.mark.parametrize(
    "headers",
    [
        {"HX-Request": "false"},
        {"HX-Request": "TRUE"},
        {"Cookie": "session={0}; session={0}"},
        {"Cookie": "session=x; session={0}"},
        {"Cookie": 'session="{0}"'},
        {"Cookie": "SESSION={0}"},
        {"Cookie": "xsession={0}"},
        {"Content-Length": "0"},
    ],
)
def test_headers_of_another_shape_are_for_django(alice, gate, headers):
    headers = {name: value.format(alice.http.cookies["session"]) for name, value in headers.items()}
    request = httpx.Request("GET", f"http://x{alice.path}changes/", headers=HTMX | headers)
    scope = {
        "method": "GET",
        "raw_path": f"{alice.path}changes/".encode(),
        "query_string": f"since={alice.since}&from={alice.since}&at=1".encode(),
        "headers": [(name.lower(), value) for name, value in request.headers.raw if name != b"Host"],
    }
    assert gate.live.grants.asked(scope) is None


# Random requests: where the gate would answer one, Django lets this very reader into this very room

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
        "since={since}&from={since}&at=1",
        "since=1&from=1&at=1",
        "since=0{since}&from={since}&at=1",
        "since={since}&from={since}&at=1&gone=",
        "since={since}&from={since}&at=1&since=1",
        "since=999999999&from=1&at=1",
        "since=5&from=9&at=1",
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
    asked = gate.live.grants.asked(scope)
    answered[asked is not None] += 1
    if asked:
        answer = wsgi.call(application, scope, *bodies.empty(), Offer())
        assert answer.status == 200
        assert b'id="messages"' in answer.body or b'name="since"' in answer.body
        assert b"Join again" not in answer.body
        assert (asked.grant.session, scope["raw_path"], asked.grant.member) in known["places"]


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


def test_the_gate_answers_nobody_whom_django_would_refuse(alice, bob, reader, gate):
    stranger, gone = reader("Mallory", room="Elsewhere"), reader("Carol")
    gone.member.leave()
    for one in (alice, stranger, gone):
        one.ask("since=1&from=1&at=1")
    known = {"path": f"{alice.path}changes/", "other": f"{stranger.path}changes/", "since": alice.since}
    known["places"] = [
        (one.http.cookies["session"], f"{one.path}changes/".encode(), one.member.pk) for one in (alice, stranger)
    ]
    known["session"] = alice.http.cookies["session"]
    known |= {"stranger": stranger.http.cookies["session"], "left": gone.http.cookies["session"]}
    answered = Counter()
    ask_at_random(gate, known, answered=answered)
    assert answered[True] > 5, answered
    assert answered[False] > 100, answered


def test_zones_without_a_name_of_a_place_are_painted_too(alice, bob, gate, meanwhile):
    Participant.objects.filter(pk=alice.member.participant_id).update(time_zone="Etc/GMT-3")
    alice.ask("since=1&at=1")
    poll = meanwhile(alice.ask)
    bob.send("hello")
    assert poll.result(5).status_code == 200
    assert "+0300" in alice.ask(f"since={alice.since}&from={alice.since}&at=1").text
