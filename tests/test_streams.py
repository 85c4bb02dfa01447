"""Streams: the log without JavaScript, gone on with for minutes by the gate."""

import re

import pytest

from chat.models import Message, Participant
from tests.reading import FRAMED, Frame, held, until


@pytest.fixture
def alice(reader):
    return reader("Alice")


@pytest.fixture
def bob(alice, reader):
    bob = reader("Bob")
    alice.poll()
    return bob


def test_a_stream_brings_what_is_said_and_shows_that_it_lives(alice, bob, meanwhile, beats):
    frame = Frame(alice, meanwhile)
    bob.send("hello")
    frame.reads("hello")
    frame.reads('class="beat"')
    assert "set-cookie" not in frame.headers
    assert frame.headers["Content-Security-Policy"]
    assert frame.text.count("hello</div>") == 1


def test_edits_and_removals_reach_a_stream(alice, bob, meanwhile, beats):
    bob.send("rude")
    frame = Frame(alice, meanwhile)
    message = Message.objects.get(text="rude")
    message.edit("polite")
    frame.reads("polite")
    hide = re.findall(r'href="([^"]*superseded.css[^"]*)"', frame.text)[-1].replace("&amp;", "&")
    assert f'[id="m{message.pk}"]' in alice.http.get(hide).text
    message.remove()
    frame.reads("Removed by the site")
    assert f'id="m{message.pk}v{message.version}"' in frame.text


@pytest.mark.parametrize("act", ["leave", "remove", "give_up_name"])
def test_a_stream_ends_for_who_may_not_read_any_more(alice, bob, meanwhile, act):
    frame = Frame(alice, meanwhile)
    getattr(alice.member, act)()
    bob.send("now that she is gone")
    until(lambda: frame.ended)
    assert "now that she is gone" not in frame.text
    assert frame.text.rstrip().endswith("</html>")


def test_a_stream_ends_when_the_server_does(alice, gate, meanwhile):
    frame = Frame(alice, meanwhile)
    poll = meanwhile(alice.ask)
    held(gate, 2)
    try:
        gate.live.loop.call_soon_threadsafe(gate.stop)
        until(lambda: frame.ended and poll.done(), 2)
    finally:
        gate.live.polls.stopping = False


def test_streams_count_among_what_a_session_may_hold(alice, gate, meanwhile):
    frames = [Frame(alice, meanwhile) for _ in range(3)]
    held(gate, 3)
    fourth = alice.http.get(f"{alice.path}live/", headers=FRAMED)
    assert "<!-- news -->" not in fourth.text
    assert 'http-equiv="refresh" content="5"' in fourth.text
    gate.live.loop.call_soon_threadsafe(gate.live.forget)
    until(lambda: all(frame.ended for frame in frames))


def test_who_looks_only_when_asked_gets_no_stream(alice):
    Participant.objects.update(refresh_seconds=0)
    frame = alice.http.get(f"{alice.path}live/", headers=FRAMED)
    assert 'http-equiv="refresh"' not in frame.text
    assert frame.text.rstrip().endswith("</html>")


def test_who_does_not_show_it_in_a_frame_gets_a_page_that_ends(alice):
    """As text browsers, which show nothing before the end, and whoever opens the log's address by itself."""
    page = alice.http.get(f"{alice.path}live/")
    assert 'http-equiv="refresh" content="5"' in page.text
    assert page.text.rstrip().endswith("</html>")


def test_an_answer_without_a_place_for_news_is_no_stream(alice, gate):
    answer = alice.http.head(f"{alice.path}live/", headers=FRAMED)
    assert answer.status_code == 200
    assert gate.live.polls.held == 0
