"""Streams: without JavaScript, the gate adds new messages to the log's page for minutes."""

import re
import time
from threading import Event

import httpx
import pytest

from chat.gate import streams
from chat.models import Message, Participant
from chat.realtime import delta
from chat.views import noscript
from tests.support.reading import FRAMED, Frame, held, stream_url, until

BEAT = '<li class="heartbeat"'


def ends_with_a_beat(frame):
    return bool(re.search(BEAT + "[^<]*></li>\\s*\\Z", frame.text))


def test_a_stream_sends_new_messages_and_heartbeats(ann, ben, meanwhile, beats):
    frame = Frame(ann, meanwhile)
    ben.send("hello")
    frame.reads("hello")
    beats_so_far = frame.text.count(BEAT)
    until(lambda: frame.text.count(BEAT) > beats_so_far)
    assert "set-cookie" not in frame.headers
    assert frame.headers["Content-Security-Policy"]
    assert frame.text.count("hello</div>") == 1


def test_the_first_answer_ends_at_once_so_that_the_page_around_it_loads(ann, ben, gate):
    first = ann.http.get(f"{ann.path}live/?unread=1", headers=FRAMED)
    assert first.text.rstrip().endswith("</html>")
    assert re.fullmatch(rf"0; url={ann.path}live/\?until=\d+&unread=1", first.headers["Refresh"])
    assert gate.hub.polls.held == 0


def test_a_message_between_the_first_answer_and_the_stream_is_not_lost(ann, ben, meanwhile):
    url = stream_url(ann.http, ann.path)
    ben.send("in between")
    Frame(ann, meanwhile, url).reads("in between")


def test_a_frame_that_is_opened_again_loads_before_it_streams(ann, ben):
    """As after Back: browsers keep the URL of the stream."""
    ben.send("hello")
    old = ann.http.get(f"{ann.path}live/?until={int(time.time()) - 1}", headers=FRAMED)
    assert "hello</div>" in old.text
    assert old.text.rstrip().endswith("</html>")
    assert reloads_after(old, 5)


def test_after_a_stream_the_frame_is_streamed_again_without_an_empty_page(ann, meanwhile, gate):
    frame = Frame(ann, meanwhile)
    gate.hub.loop.call_soon_threadsafe(gate.hub.forget)
    until(lambda: frame.ended)
    assert noscript.STREAM_DURATION == streams.MAX_DURATION
    assert reloads_after(frame, 5, within=330)
    again = Frame(ann, meanwhile, frame.headers["Refresh"].split("url=")[1])
    assert "<ol id=" in again.text


def reloads_after(answer, seconds, within=0):
    """Whether this answer is followed by another after so many seconds, which may be a stream until 10 s later."""
    pause, limit = re.fullmatch(r"(\d+); url=/rooms/live/live/\?until=(\d+)", answer.headers["Refresh"]).groups()
    return int(pause) == seconds and 0 <= time.time() + within + seconds + 10 - int(limit) < 5


def test_a_stream_that_finds_no_place_reloads_at_the_readers_interval(ann, meanwhile, gate):
    url = stream_url(ann.http, ann.path)
    frames = [Frame(ann, meanwhile) for _ in range(3)]
    held(gate, 3)
    assert reloads_after(ann.http.get(url, headers=FRAMED), 5)
    gate.hub.loop.call_soon_threadsafe(gate.hub.forget)
    until(lambda: all(frame.ended for frame in frames))


def test_a_stream_always_ends_with_a_heartbeat(ann, ben, meanwhile):
    """The page shows "not connected" if nothing follows a heartbeat for a while, so one must follow each message."""
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
    frame.reads("Message removed by a site")
    assert f'id="m{message.pk}v{message.version}"' in frame.text


@pytest.mark.parametrize("act", ["leave", "remove", "ban"])
def test_a_stream_ends_when_its_reader_may_no_longer_read(ann, ben, meanwhile, act):
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
        gate.hub.loop.call_soon_threadsafe(gate.stop)
        until(lambda: frame.ended and poll.done(), 2)
    finally:
        gate.hub.polls.stopping = False


def test_streams_count_towards_the_limit_of_a_session(ann, gate, meanwhile):
    frames = [Frame(ann, meanwhile) for _ in range(3)]
    held(gate, 3)
    fourth = ann.http.get(f"{ann.path}live/", headers=FRAMED)
    assert "<!-- news -->" not in fourth.text
    assert reloads_after(fourth, 5)
    gate.hub.loop.call_soon_threadsafe(gate.hub.forget)
    until(lambda: all(frame.ended for frame in frames))


def test_a_reader_who_reloads_by_hand_gets_no_stream(ann):
    Participant.objects.update(refresh_seconds=0)
    frame = ann.http.get(f"{ann.path}live/", headers=FRAMED)
    assert "Refresh" not in frame.headers
    assert frame.text.rstrip().endswith("</html>")


def test_outside_a_frame_the_page_ends(ann):
    """Text browsers show nothing before the end of a page; the log's address can also be opened by itself."""
    page = ann.http.get(f"{ann.path}live/")
    assert reloads_after(page, 5)
    assert page.text.rstrip().endswith("</html>")


def test_a_head_request_gets_no_stream(ann, gate):
    answer = ann.http.head(stream_url(ann.http, ann.path), headers=FRAMED)
    assert answer.status_code == 200
    assert gate.hub.polls.held == 0


def test_a_message_sent_while_the_page_is_rendered_appears_once(ann, ben, meanwhile, beats, monkeypatch):
    read = delta._read

    def read_later(*arguments):
        monkeypatch.setattr(delta, "_read", read)
        ben.member.send("in between", "t:1")
        return read(*arguments)

    monkeypatch.setattr(delta, "_read", read_later)
    frame = Frame(ann, meanwhile)
    until(lambda: frame.text.count(BEAT) > 2)
    assert frame.text.count("in between</div>") == 1


def test_a_reader_who_disconnects_during_rendering_frees_their_place(ann, ben, gate, monkeypatch):
    paint, left, painting = gate.hub.polls.paintings.render, Event(), Event()
    monkeypatch.setattr(gate.hub.polls.paintings, "render", lambda *a: (painting.set(), left.wait(5), paint(*a))[-1])
    url = str(ann.http.base_url).rstrip("/") + stream_url(ann.http, ann.path)
    with httpx.stream("GET", url, cookies=dict(ann.http.cookies), headers=FRAMED):
        held(gate, 1)
        ben.member.send("hello", "t:1")
        assert painting.wait(5)
    left.set()
    held(gate, 0)
