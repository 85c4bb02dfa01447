"""Streams: the log without JavaScript, gone on with for minutes by the gate."""

import re
from threading import Event

import httpx
import pytest

from chat.models import Message, Participant
from chat.realtime import delta
from tests.support.reading import FRAMED, Frame, held, until

BEAT = '<li class="heartbeat"'


def ends_with_a_beat(frame):
    return bool(re.search(BEAT + "[^<]*></li>\\s*\\Z", frame.text))


def test_a_stream_brings_what_is_said_and_shows_that_it_lives(ann, ben, meanwhile, beats):
    frame = Frame(ann, meanwhile)
    ben.send("hello")
    frame.reads("hello")
    beats_so_far = frame.text.count(BEAT)
    until(lambda: frame.text.count(BEAT) > beats_so_far)
    assert "set-cookie" not in frame.headers
    assert frame.headers["Content-Security-Policy"]
    assert frame.text.count("hello</div>") == 1


def test_whatever_comes_last_on_a_stream_is_a_beat(ann, ben, meanwhile):
    """Its sign of silence is shown where nothing follows a beat: a server that ends with a message still shows it."""
    frame = Frame(ann, meanwhile)
    assert ends_with_a_beat(frame)
    ben.send("hello")
    frame.reads("hello")
    until(lambda: ends_with_a_beat(frame), 2)


def test_edits_and_removals_reach_a_stream(ann, ben, meanwhile, beats):
    ben.send("rude")
    frame = Frame(ann, meanwhile)
    message = Message.objects.get(text="rude")
    message.edit("polite")
    frame.reads("polite")
    hide = re.findall(r'href="([^"]*superseded.css[^"]*)"', frame.text)[-1].replace("&amp;", "&")
    assert f'[id="m{message.pk}"]' in ann.http.get(hide).text
    message.remove()
    frame.reads("Removed by the site")
    assert f'id="m{message.pk}v{message.version}"' in frame.text


@pytest.mark.parametrize("act", ["leave", "remove", "ban"])
def test_a_stream_ends_for_who_may_not_read_any_more(ann, ben, meanwhile, act):
    frame = Frame(ann, meanwhile)
    getattr(ann.member, act)()
    ben.send("now that she is gone")
    until(lambda: frame.ended)
    assert "now that she is gone" not in frame.text
    assert frame.text.rstrip().endswith("</html>")


def test_a_stream_ends_when_the_server_does(ann, gate, meanwhile):
    frame = Frame(ann, meanwhile)
    poll = meanwhile(ann.ask)
    held(gate, 2)
    try:
        gate.live.loop.call_soon_threadsafe(gate.stop)
        until(lambda: frame.ended and poll.done(), 2)
    finally:
        gate.live.polls.stopping = False


def test_streams_count_among_what_a_session_may_hold(ann, gate, meanwhile):
    frames = [Frame(ann, meanwhile) for _ in range(3)]
    held(gate, 3)
    fourth = ann.http.get(f"{ann.path}live/", headers=FRAMED)
    assert "<!-- news -->" not in fourth.text
    assert 'http-equiv="refresh" content="5"' in fourth.text
    gate.live.loop.call_soon_threadsafe(gate.live.forget)
    until(lambda: all(frame.ended for frame in frames))


def test_who_looks_only_when_asked_gets_no_stream(ann):
    Participant.objects.update(refresh_seconds=0)
    frame = ann.http.get(f"{ann.path}live/", headers=FRAMED)
    assert 'http-equiv="refresh"' not in frame.text
    assert frame.text.rstrip().endswith("</html>")


def test_who_does_not_show_it_in_a_frame_gets_a_page_that_ends(ann):
    """As text browsers, which show nothing before the end, and whoever opens the log's address by itself."""
    page = ann.http.get(f"{ann.path}live/")
    assert 'http-equiv="refresh" content="5"' in page.text
    assert page.text.rstrip().endswith("</html>")


def test_an_answer_without_a_place_for_news_is_no_stream(ann, gate):
    answer = ann.http.head(f"{ann.path}live/", headers=FRAMED)
    assert answer.status_code == 200
    assert gate.live.polls.held == 0


def test_a_line_that_was_said_while_the_page_was_made_is_in_it_once(ann, ben, meanwhile, beats, monkeypatch):
    read = delta._read

    def read_later(*arguments):
        monkeypatch.setattr(delta, "_read", read)
        ben.member.send("in between", "t:1")
        return read(*arguments)

    monkeypatch.setattr(delta, "_read", read_later)
    frame = Frame(ann, meanwhile)
    until(lambda: frame.text.count(BEAT) > 2)
    assert frame.text.count("in between</div>") == 1


def test_who_hangs_up_while_a_line_is_painted_gives_the_place_back(ann, ben, gate, monkeypatch):
    paint, left, painting = gate.live.polls.paintings.paint, Event(), Event()
    monkeypatch.setattr(gate.live.polls.paintings, "paint", lambda *a: (painting.set(), left.wait(5), paint(*a))[-1])
    with httpx.stream("GET", f"{ann.http.base_url}{ann.path}live/", cookies=dict(ann.http.cookies), headers=FRAMED):
        held(gate, 1)
        ben.member.send("hello", "t:1")
        assert painting.wait(5)
    left.set()
    held(gate, 0)
