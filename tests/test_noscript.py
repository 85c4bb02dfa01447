"""JavaScript off: frames, self-refresh at the reader's pace, plain forms, and text browsers."""

import re
import shutil
import subprocess

import pytest

from chat.models import Message, Room


def test_the_room_has_its_log_and_composer_in_frames_inside_noscript(alice, room):
    page = alice.get(room.get_absolute_url()).content.decode()
    frames = re.search(r"<noscript>\s*(<iframe.*?)</noscript>", page, re.S)[1]
    assert f'src="{room.get_absolute_url()}live/"' in frames
    assert f'src="{room.get_absolute_url()}compose/"' in frames
    assert "#" not in "".join(re.findall(r'src="([^"]+)"', frames)), "a fragment would stop the refresh"


def test_the_log_frame_refreshes_itself_as_often_as_its_reader_chose(alice, room):
    url = f"{room.get_absolute_url()}live/"
    assert alice.get(url).headers["Refresh"].startswith(f"5; url={url}")
    answer = alice.post("/preferences/refresh/", {"refresh_seconds": "30", "next": url})
    assert (answer.status_code, answer.headers["Location"]) == (303, url)
    assert alice.get(url).headers["Refresh"].startswith(f"30; url={url}")
    alice.post("/preferences/refresh/", {"refresh_seconds": "0", "next": url})
    assert "Refresh" not in alice.get(url).headers
    alice.post("/preferences/refresh/", {"refresh_seconds": "1", "next": url})
    assert "Refresh" not in alice.get(url).headers, "a pace that is not offered changes nothing"


def test_frames_of_a_former_member_link_to_the_join_page(alice, room):
    alice.membership.leave()
    for part in ("live", "compose"):
        answer = alice.get(f"{room.get_absolute_url()}{part}/")
        assert answer.status_code == 403
        assert b'target="_top"' in answer.content
        assert answer.headers["Refresh"] == "10"


def test_a_refusal_in_the_frame_stays_in_the_frame(alice, room):
    answer = alice.send(room, "", frame="1")
    assert answer.status_code == 422
    assert b'class="frame"' in answer.content
    assert b"Write something" in answer.content


def test_a_refused_text_in_the_frame_keeps_its_token_and_is_never_sent_twice(alice, room, settings):
    settings.LIMIT_SEND_PERSON = "1/3600"
    alice.send(room, "first", n=1, frame="1")
    answer = alice.send(room, "second", n=2, frame="1")
    assert answer.status_code == 429
    page = answer.content.decode()
    assert 'class="frame"' in page
    assert "too often" in page
    assert 'value="second"' in page
    assert 'name="n" value="2"' in page
    assert 'name="page" value="page-of-tests"' in page


def test_for_a_non_member_the_frame_keeps_the_text_and_links_to_the_join_page(alice, room):
    alice.membership.leave()
    page = alice.send(room, "still mine", frame="1")
    assert page.status_code == 403
    assert 'value="still mine"' in page.content.decode()
    assert f'href="{room.get_absolute_url()}" target="_blank"' in page.content.decode()


def test_a_locked_room_says_so_in_place_of_the_composer(alice, room):
    room.lock()
    page = alice.get(f"{room.get_absolute_url()}compose/").content.decode()
    assert "This room is locked" in page
    assert 'name="text"' not in page
    refused = alice.send(room, "kept", frame="1").content.decode()
    assert 'value="kept"' in refused


def test_preferences_are_kept(alice):
    answer = alice.post("/preferences/", {"time_zone": "Europe/Berlin", "poll_seconds": "2", "refresh_seconds": "10"})
    assert answer.status_code == 303
    page = alice.get("/preferences/?saved").content.decode()
    assert 'value="Europe/Berlin" selected' in page
    assert "Saved." in page
    assert (
        alice.post("/preferences/", {"time_zone": "Mars", "poll_seconds": "2", "refresh_seconds": "10"}).status_code
        == 422
    )


def test_preferences_need_a_participant(person):
    assert person().get("/preferences/").headers["Location"] == "/"


# Text browsers, against the real server

NEWS = "words for a text browser"


@pytest.mark.parametrize("browser", ["w3m", "lynx"])
def test_a_text_browser_reads_the_log_and_finds_the_form(browser, server, alice, room, tmp_path):
    if not shutil.which(browser):
        pytest.fail(f"{browser} is missing (Debian: apt-get install {browser})")
    alice.send(room, NEWS)
    text = dump(browser, f"{server}{room.get_absolute_url()}", alice, tmp_path)
    assert NEWS in text
    assert "Alice" in text
    assert "Send" in text
    home = dump(browser, server, alice, tmp_path)
    assert "Your name" in home
    assert "Reading club" in home


def dump(browser, url, person, tmp_path):
    cookie = f"session={person.cookies['session'].value}"
    if browser == "w3m":
        command = ["w3m", "-dump", "-header", f"Cookie: {cookie}", url]
    else:
        jar = tmp_path / "cookies"
        jar.write_text(f"127.0.0.1\tFALSE\t/\tFALSE\t4102444800\tsession\t{person.cookies['session'].value}\n")
        config = tmp_path / "lynx.cfg"
        config.write_text("PERSISTENT_COOKIES:TRUE\nACCEPT_ALL_COOKIES:TRUE\n")
        command = ["lynx", f"-cfg={config}", f"-cookie_file={jar}", "-dump", "-width=100", url]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=True).stdout


def test_the_form_of_the_page_is_complete_without_htmx(alice, room):
    page = alice.get(room.get_absolute_url()).content.decode()
    form = re.search(r'<form class="write".*?</form>', page, re.S)[0]
    fields = dict(re.findall(r'name="(page|csrfmiddlewaretoken|n)"[^>]* value="([^"]+)"', form))
    assert fields.keys() == {"page", "csrfmiddlewaretoken", "n"}, "text browsers know no form= attribute"
    assert alice.send(room, "plain", **fields).status_code == 303
    assert Message.objects.filter(text="plain", room=Room.objects.get()).exists()
