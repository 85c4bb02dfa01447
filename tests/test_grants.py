"""Grants: the gate sends nothing to a reader that Django would not send."""

import time

import httpx
import pytest
from django.contrib.sessions.models import Session
from django.core.cache import caches
from django.db import transaction

from chat.models import Participant, Room
from chat.realtime import delta, pubsub
from tests.support.reading import FRAMED, HTMX, Frame, held, until

TRIALS = 17  # of each event in each way of reading


def test_other_readers_keep_their_grants_with_one_query(ann, ben, reader, gate, meanwhile, asked_django, monkeypatch):
    others = [reader(f"Reader {n}") for n in range(8)]
    for other in (ben, *others):
        other.since = Room.objects.get().version
    polled = [meanwhile(other.poll) for other in (ben, *others)]
    held(gate, 9)
    questions = []
    renew = gate.hub.polls.renewals.valid_grants
    monkeypatch.setattr(gate.hub.polls.renewals, "valid_grants", lambda *a: questions.append(a) or renew(*a))
    ann.member.leave()
    for poll in polled:
        assert "left" in poll.result(5).text
    assert len(questions) == 1
    assert asked_django == []


def leave(member):
    member.leave()


def be_shown_out(member):
    member.remove()


def be_banned(member):
    member.ban()


def be_signed_out(member):
    member.participant.sign_out_everywhere()


def with_account(member):
    member.participant.create_account(member.nickname, "a long walk home")
    return member.participant


def change_the_password(member):
    with_account(member).change_password("a long walk home", "another long walk")


def delete_the_account(member):
    with_account(member).delete_account("a long walk home")


def be_brought_along(member):
    """Merge the guest into an account, as when they sign in to it in another browser."""
    Participant().create_account(f"Account of {member.pk}", "a long walk home").merge_guest(member.participant)


def sign_out(member):
    """Like `identity.sign_out`, for all of the member's sessions."""
    sessions = [s for s in Session.objects.all() if s.get_decoded().get("participant") == member.participant_id]
    Session.objects.filter(pk__in=[session.pk for session in sessions]).delete()
    caches["default"].clear()
    member.participant.invalidate_read_permissions()


# Every act that ends a right to read. Add a row for each new one.
EVENTS = [
    be_brought_along,
    change_the_password,
    delete_the_account,
    sign_out,
    leave,
    be_shown_out,
    be_banned,
    be_signed_out,
]


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
    """Without held polls: pages poll again and again while it happens."""
    acting, read = meanwhile(act), ""
    while not acting.done():
        read += reader.ask(reader.query(origin=reader.since, at=1)).text
    acting.result()
    return read + reader.ask().text


@pytest.mark.parametrize("reading", [by_a_held_poll, by_a_stream, by_plain_polls])
@pytest.mark.parametrize("event", EVENTS)
def test_no_later_message_reaches_a_reader_who_lost_the_right(
    ann, ben, reader, gate, meanwhile, asked_django, event, reading
):
    for trial in range(TRIALS):
        victim = reader(f"Victim {trial}")
        ann.since = ben.since = victim.since

        def act(victim=victim, trial=trial):
            ben.member.send(f"just before {trial}", f"before:{trial}")
            event(victim.member)
            ben.member.send(f"just after {trial}", f"after:{trial}")

        read = reading(victim, gate, meanwhile, act)
        assert f"just after {trial}" not in read
        assert f"just after {trial}" not in victim.ask().text
        del asked_django[:]
        assert f"just after {trial}" in ann.ask().text
        assert asked_django == [], "Ann's grant held"


def test_a_painting_from_before_the_act_is_not_sent_after_it(ann, ben, gate, meanwhile, monkeypatch):
    poll = meanwhile(ann.ask)
    held(gate)
    paint = gate.hub.polls.paintings.render

    def paint_later(*arguments):
        monkeypatch.setattr(gate.hub.polls.paintings, "render", paint)
        told, pubsub.room_changed.receivers = (
            pubsub.room_changed.receivers,
            [],
        )  # the gate learns of it from the painting alone
        ann.member.leave()
        ben.member.send("now that she is gone", "t:2")
        pubsub.room_changed.receivers = told
        return paint(*arguments)

    monkeypatch.setattr(gate.hub.polls.paintings, "render", paint_later)
    ben.send("while she was here")
    assert "now that she is gone" not in poll.result(5).text


def test_rights_are_checked_once_even_if_the_signal_is_late(ann, ben, reader, gate, meanwhile, beats, monkeypatch):
    frame, questions = Frame(ann, meanwhile), []
    held(gate)
    renew = gate.hub.polls.renewals.valid_grants
    monkeypatch.setattr(gate.hub.polls.renewals, "valid_grants", lambda *a: questions.append(a) or renew(*a))
    monkeypatch.setattr(pubsub.room_changed, "receivers", [])
    beats_so_far, rooms = frame.text.count("beat"), gate.hub.rooms
    known = rooms.by_id[ann.member.room_id]
    cy = reader("Cy").member
    with transaction.atomic():  # so that the watch, which looks at any moment, sees both at once
        ben.member.leave()
        cy.leave()
    gate.hub.loop.call_soon_threadsafe(rooms.update, ann.member.room_id, known.version, known.epoch + 1)
    until(lambda: frame.text.count("beat") > beats_so_far + 5)
    assert len(questions) == 1


STRANGE = [
    "since={0}&from={0}&at={1}&at={1}&log={2}",
    "since={0}&from={0}&at={1}&x=1&log={2}",
    "from={0}&since={0}&at={1}&log={2}",
    "since=%31&from={0}&at={1}&log={2}",
    "since=+{0}&from={0}&at={1}&log={2}",
    "since=-1&from={0}&at={1}&log={2}",
    "since={0}&from={0}&at={1}%0a&log={2}",
    "since={0}&from={0}&log={2}",
    "since=9999999999999999999&from={0}&at={1}&log={2}",
    "since={0}&from={0}&at={1}",
    "since={0}&from={0}&at={1}&log=",
    "since={0}&from={0}&at={1}&log=0123456789",
    "since={0}&from={0}&at={1}&log={2}x",
    "log={2}&since={0}&from={0}&at={1}",
    "",
]


@pytest.mark.parametrize("query", STRANGE)
def test_a_query_in_another_form_goes_to_django(ann, asked_django, query):
    answer = ann.ask(query.format(ann.since, int(time.time()), ann.incarnation) or "x")
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
def test_headers_in_another_form_go_to_django(ann, gate, headers):
    headers = {name: value.format(ann.http.cookies["session"]) for name, value in headers.items()}
    request = httpx.Request("GET", f"http://x{ann.path}changes/", headers=HTMX | headers)
    scope = {
        "method": "GET",
        "raw_path": f"{ann.path}changes/".encode(),
        "query_string": ann.query(origin=ann.since, at=1).encode(),
        "headers": [(name.lower(), value) for name, value in request.headers.raw if name != b"Host"],
    }
    assert gate.hub.grants.for_request(scope) is None


def test_time_zones_without_a_place_name_are_painted_too(ann, ben, gate, meanwhile):
    Participant.objects.filter(pk=ann.member.participant_id).update(time_zone="Etc/GMT-3")
    ann.ask("since=1&at=1")
    poll = meanwhile(ann.ask)
    ben.send("hello")
    assert poll.result(5).status_code == 200
    assert "+0300" in ann.ask(ann.query(origin=ann.since, at=1)).text


@pytest.mark.parametrize("place", ["", "live/?until=9999999999", "changes/?since=1&at=1"])
# A page that is on its way to a browser during its sign-out may still arrive.
@pytest.mark.parametrize("event", [event for event in EVENTS if event is not sign_out])
def test_a_reader_who_loses_the_right_during_the_request_gets_no_page(ann, ben, monkeypatch, event, place):
    """The reader had the right when it was checked, and lost it before the log was read."""
    ben.member.send("so that no log is kept", "t:0")
    read = delta._read

    def read_later(*arguments):
        monkeypatch.setattr(delta, "_read", read)
        event(ann.member)
        ben.member.send("now that she is gone", "t:1")
        return read(*arguments)

    monkeypatch.setattr(delta, "_read", read_later)
    headers = HTMX if "changes" in place else FRAMED
    answer = ann.http.get(ann.path + place, headers=headers, follow_redirects=True)
    assert delta._read is read, "the log was read"
    assert "now that she is gone" not in answer.text
