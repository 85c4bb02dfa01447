"""Polls behind the gate: held until something changes, and answered from one painting for all readers."""

import re
import time
from threading import Event
from types import SimpleNamespace

import httpx
import pytest
from django.db import OperationalError, connection

from chat.models import Membership, Room
from chat.views import poll as views
from tests.support.reading import HTMX, held, until

IN_ITS_OWN_WAY = ("date", "content-length", "vary", "hx-trigger")


def test_a_held_poll_is_answered_with_a_new_message_and_followed_by_the_next(ann, ben, gate, meanwhile, asked_django):
    poll = meanwhile(ann.poll)
    held(gate)
    ben.send("hello")
    answer = poll.result(3)
    assert "hello" in answer.text
    assert answer.headers["HX-Trigger"] == "asked"
    assert len(asked_django) == 0


def test_a_held_poll_without_changes_ends_with_the_state_of_the_page(ann, short_holds):
    since = ann.since
    began = time.monotonic()
    answer = ann.poll()
    assert 0.4 < time.monotonic() - began < 3
    assert ann.since == since
    assert "HX-Trigger" not in answer.headers
    assert "offline held" in answer.text
    assert "hx-swap-oob" not in answer.text


def test_an_answer_of_the_gate_has_every_header_and_no_cookie(ann, ben, short_holds):
    ben.send("hello")
    from_gate = ann.poll()
    from_django = ann.ask("since=1&at=1")
    kept = {name: value for name, value in from_gate.headers.items() if name not in IN_ITS_OWN_WAY}
    assert kept.items() <= from_django.headers.items()
    assert "set-cookie" not in from_gate.headers


def test_a_page_that_was_asleep_is_answered_at_once(ann, gate):
    began = time.monotonic()
    ann.ask(ann.query(at=int(time.time()) - 60))
    assert time.monotonic() - began < 2
    assert gate.hub.polls.held == 0


def test_a_message_of_another_process_ends_a_held_poll(ann, gate, meanwhile):
    poll = meanwhile(ann.poll)
    held(gate)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE chat_room SET topic = 'From elsewhere', version = version + 1, header_version = version + 1"
        )
    answer = poll.result(3)
    assert "From elsewhere" in answer.text


def test_three_polls_of_a_session_are_held_and_more_answered_at_once(ann, ben, gate, meanwhile):
    tabs = [meanwhile(open_tab, ann) for _ in range(9)]
    held(gate, 3)
    until(lambda: sum(each.done() for each in tabs) == 6)
    began = time.monotonic()
    ann.send("in good time")
    assert time.monotonic() - began < 2
    assert sum("in good time" in each.result(3).text for each in tabs) == 3
    held(gate, 0)
    assert not gate.hub.polls.by_session


def test_polls_above_the_share_of_an_address_are_answered_at_once(gate, monkeypatch):
    polls = gate.hub.polls
    monkeypatch.setattr(polls, "max_per_address", 2)
    held = [SimpleNamespace(session=session, address="192.0.2.1") for session in "ab"]
    with polls.counted(held[0]):
        assert polls.has_capacity("c", "192.0.2.1")
        with polls.counted(held[1]):
            found = {address: polls.has_capacity("c", address) for address in ("192.0.2.1", "192.0.2.2", "")}
    assert found == {"192.0.2.1": False, "192.0.2.2": True, "": True}


def open_tab(reader):
    """The answer to one more tab of the reader's browser, over a new connection."""
    url = f"{reader.http.base_url}{reader.path}changes/?{reader.query()}"
    return httpx.get(url, headers=HTMX, cookies=dict(reader.http.cookies), timeout=20)


def test_a_closed_tab_frees_its_place(ann, gate, meanwhile):
    with pytest.raises(httpx.ReadTimeout):
        ann.http.get(f"{ann.path}changes/?{ann.query()}", headers=HTMX, timeout=0.5)
    held(gate, 0)


def test_changed_preferences_apply_to_the_next_poll(ann, ben, short_holds):
    ann.poll()
    ann.write("/preferences/", time_zone="Asia/Tokyo", poll_seconds="2", refresh_seconds="5")
    ben.send("hello")
    assert "+0900" in ann.poll().text


def test_a_poll_under_way_does_not_bring_back_old_preferences(ann, ben, gate, meanwhile, monkeypatch):
    gate.hub.loop.call_soon_threadsafe(gate.hub.forget)
    polled, changed = views.responses.poll_response, Event()
    monkeypatch.setattr(views.responses, "poll_response", lambda *a, **k: (polled(*a, **k), changed.wait(5))[0])
    poll = meanwhile(ann.ask)
    until(lambda: gate.working == 1)
    form = {"time_zone": "Asia/Tokyo", "poll_seconds": "2", "refresh_seconds": "5", "csrfmiddlewaretoken": ann.token}
    assert httpx.post(f"{ann.http.base_url}/preferences/", data=form, cookies=dict(ann.http.cookies)).status_code == 303
    changed.set()
    poll.result(5)
    ben.send("hello")
    assert "+0900" in ann.poll().text


def test_readers_in_one_zone_share_a_painting(ann, ben, reader, gate, meanwhile, monkeypatch):
    made, paint = [], gate.hub.polls.paintings.render
    monkeypatch.setattr(gate.hub.polls.paintings, "render", lambda *a: made.append(a) or paint(*a))
    for one in (ann, ben):
        one.since = Room.objects.get().version
    polled = [meanwhile(one.poll) for one in (ann, ben)]
    held(gate, 2)
    ann.member.send("hello", "t:1")
    assert all("hello" in poll.result(3).text for poll in polled)
    assert len(made) == 1


def test_readers_with_a_held_poll_are_online(ann, gate, monkeypatch, short_holds):
    Membership.objects.update(seen_at="2020-01-01T00:00Z")
    ann.poll()
    gate.hub.backend.record_presence(*gate.hub.polls.take_presence())
    assert Membership.objects.online().get() == ann.member


def test_a_room_that_nobody_reads_is_forgotten(ann, gate, monkeypatch):
    from chat.gate import rooms

    monkeypatch.setattr(rooms, "ACTIVE_SECONDS", 0)
    until(lambda: not gate.hub.rooms.by_id)
    assert ann.ask().status_code == 200


def test_pages_that_reconnect_at_once_do_not_block_senders(ann, ben, gate, meanwhile, monkeypatch):
    """As after a restart: the gate has no grants, so every open page has to be answered by Django."""
    gate.hub.loop.call_soon_threadsafe(gate.hub.forget)
    slowly, polled = Event(), views.responses.poll_response
    monkeypatch.setattr(views.responses, "poll_response", lambda *a, **k: slowly.wait(10) and polled(*a, **k))
    pages = [meanwhile(open_tab, ann) for _ in range(12)]
    until(lambda: gate.working == 2)
    ben.send("in good time")
    slowly.set()
    assert all(page.result(5).status_code == 200 for page in pages)


def test_paintings_of_earlier_versions_are_not_cached(ann, ben, gate):
    for n in range(5):
        ben.send(f"message {n}")
        ann.poll()
    paintings = gate.hub.polls.paintings
    (kept,) = paintings.by_room[ben.member.room_id].values()
    assert "message 4" in kept.html.decode()
    assert paintings.size == len(kept.html) + 500


def test_after_a_restored_backup_an_open_page_gets_the_full_log_and_polls_on(ann, ben, gate, meanwhile, asked_django):
    """Django answers the held poll, because versions mean something else now; then the gate takes over again."""
    poll = meanwhile(ann.ask)
    held(gate)
    Room.objects.rotate_incarnations()
    answer = poll.result(5).text
    assert 'hx-swap-oob="innerHTML:#messages"' in answer
    assert len(asked_django) == 1
    ann.incarnation = re.search(r'name="log" value="(\w+)"', answer)[1]
    assert ann.incarnation == Room.objects.get().incarnation
    poll = meanwhile(ann.poll)
    held(gate)
    ben.send("hello")
    assert "hello" in poll.result(5).text
    assert len(asked_django) == 1


def test_a_grant_of_the_new_incarnation_is_not_used_for_a_page_of_the_old(ann, asked_django):
    """One of two tabs got the full log; the other one still has versions of the old incarnation."""
    old = ann.query()
    Room.objects.rotate_incarnations()
    assert 'hx-swap-oob="innerHTML:#messages"' in ann.ask(old).text
    del asked_django[:]
    for _ in range(2):
        assert 'hx-swap-oob="innerHTML:#messages"' in ann.ask(old).text
    assert len(asked_django) == 2


def test_while_the_database_is_down_polls_get_our_own_error_page(ann, ben, gate, monkeypatch):
    def away(*arguments):
        raise OperationalError("away")

    ben.send("hello")
    monkeypatch.setattr(gate.hub.polls.paintings, "render", away)
    answer = ann.ask(ann.query(origin=ann.since, at=1))
    assert answer.status_code == 503
    assert answer.headers["Content-Security-Policy"]
    monkeypatch.undo()
    assert "hello" in ann.poll().text


def test_all_versions_of_the_future_share_one_painting(ann, ben, gate, monkeypatch):
    made, paint = [], gate.hub.polls.paintings.render
    monkeypatch.setattr(gate.hub.polls.paintings, "render", lambda *a: made.append(a) or paint(*a))
    for far in range(900_000, 900_020):
        assert "hx-swap-oob" in ann.ask(ann.query(far, far, 1)).text
    assert len(made) == 1
