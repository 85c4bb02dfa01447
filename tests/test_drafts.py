"""Drafts: what a member typed comes back until it is sent; it is theirs alone, and nothing sent ever comes back."""

import asyncio
import re
import time
from contextlib import contextmanager
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.core.cache import cache
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from lxml import html

from chat import retention
from chat.gate import background
from chat.gate.asgi import Gate
from chat.models import Draft, Message, Participant, Room, Site
from chat.realtime import drafts, gate_backend
from chat.realtime.unwritten import Unwritten
from chat.text import MAX_LENGTH
from tests.support.threads import run

PAGE, OTHER_PAGE = "page-of-tests", "page-in-another-window"


def shown(who, room, frame=False, query=""):
    """The text in the composer of the room's page as it opens now, and the composer's hidden fields and mode."""
    page = html.document_fromstring(who.get(f"/rooms/{room.slug}/{'compose/' if frame else ''}{query}").text)
    form = page.cssselect("#composer form")[0]
    (field,) = form.cssselect("[name=text]")
    hidden = {one.get("name"): one.get("value") for one in form.cssselect("[type=hidden]")}
    text = field.text.removeprefix("\n") if field.tag == "textarea" else field.get("value")
    return SimpleNamespace(text=text, hidden=hidden, multiline=field.tag == "textarea")


def stored():
    return dict(Draft.objects.values_list("membership__nickname", "text"))


def restart():
    """Write the drafts and forget the cache, as when the server stops and starts."""
    drafts.write()
    cache.clear()


@contextmanager
def another_process():
    """What is done meanwhile is done by another process, which shares the database only: there is no Redis."""
    here, drafts.unwritten = drafts.unwritten, Unwritten()
    cache.clear()
    yield
    drafts.unwritten = here
    cache.clear()


def crash():
    """Forget what was not written."""
    drafts.unwritten.take()
    cache.clear()


# Coming back


def test_what_was_typed_comes_back_when_the_page_is_loaded_again(alice, room):
    assert alice.type(room, "half a sen").status_code == 204
    assert shown(alice, room).text == "half a sen"
    assert shown(alice, room, frame=True).text == "half a sen", "without JavaScript too"
    restart()
    assert shown(alice, room).text == "half a sen"


def test_a_draft_is_stored_exactly_as_it_was_typed(alice, room):
    alice.type(room, "\r\n <b>&amp; two \r\nlines ", lines="many")
    restart()
    assert shown(alice, room).text == "\n <b>&amp; two \nlines "


@pytest.mark.parametrize("query", ["", "?lines=one"])
def test_a_draft_with_line_breaks_opens_the_composer_with_several_lines(alice, room, query):
    alice.type(room, "one\ntwo")
    composer = shown(alice, room, query=query)
    assert (composer.text, composer.multiline) == ("one\ntwo", True)


def test_a_draft_opens_in_the_mode_in_which_it_was_typed(alice, room):
    alice.type(room, "one line so far", lines="many")
    assert shown(alice, room).multiline
    assert not shown(alice, room, query="?lines=one").multiline
    Participant.objects.update(enter_sends=False)
    alice.type(room, "one line")
    assert not shown(alice, room).multiline
    alice.type(room, "")
    assert shown(alice, room).multiline


def test_the_cached_composers_never_have_a_draft(alice, room):
    alice.type(room, "half a sen")
    for query in ("", f"?drafts={PAGE}:1"):
        answer = alice.get(f"/rooms/{room.slug}/composer/1/{query}")
        assert "half a sen" not in answer.text
        assert PAGE not in answer.text


def test_an_emptied_field_deletes_the_draft(alice, room):
    alice.type(room, "half a sen")
    restart()
    alice.type(room, " \n")
    assert shown(alice, room).text == ""
    restart()
    assert (shown(alice, room).text, stored()) == ("", {})


def test_the_refused_text_wins_over_an_older_draft(alice, room):
    alice.type(room, "an older draft", page=OTHER_PAGE)
    answer = alice.send(room, "too long" * MAX_LENGTH)
    assert answer.status_code == 422
    assert "an older draft" not in answer.text
    assert shown(alice, room).text == ("too long" * MAX_LENGTH)[:MAX_LENGTH], "it is what would come back now"


def test_a_muted_member_gets_the_reason_not_the_draft(alice, bob, room):
    bob.type(room, "half a sen")
    bob.membership.set_muted(True)
    for url in ("", "compose/"):
        page = bob.get(f"/rooms/{room.slug}/{url}").text
        assert "You’re muted" in page
        assert "half a sen" not in page
    bob.membership.set_muted(False)
    assert shown(bob, room).text == "half a sen"


def test_a_draft_waits_in_a_locked_room(alice, bob, room):
    bob.type(room, "half a sen")
    room.set_locked(True)
    assert shown(bob, room).text == "half a sen"


def test_drafts_are_kept_where_typing_indicators_are_off(alice, room, settings):
    settings.TYPING = False
    assert "/typing/" in alice.get(room.get_absolute_url()).text
    alice.type(room, "half a sen")
    assert shown(alice, room).text == "half a sen"


# What was sent stays sent


def test_sending_deletes_the_draft(alice, room):
    alice.type(room, "half a sentence")
    restart()
    alice.send(room, "half a sentence")
    assert shown(alice, room).text == ""
    restart()
    assert (shown(alice, room).text, stored()) == ("", {})


@pytest.mark.parametrize("n", [1, 2])
def test_a_late_request_brings_no_sent_words_back(alice, room, n):
    alice.type(room, "half", n=2)
    alice.send(room, "half a sentence", n=2)
    alice.type(room, "half a", n=n)
    assert shown(alice, room).text == ""
    alice.type(room, "the next", n=3)
    assert shown(alice, room).text == "the next"


def test_a_late_request_after_a_restart_brings_no_sent_words_back(alice, room):
    alice.send(room, "half a sentence")
    crash()
    alice.type(room, "half a sen")
    assert shown(alice, room).text == ""
    restart()
    assert (shown(alice, room).text, stored()) == ("", {})


def test_sent_words_do_not_come_back_after_a_crash(alice, room):
    alice.type(room, "half a sentence")
    drafts.write()
    alice.send(room, "half a sentence")
    crash()
    assert stored() == {"Alice": "half a sentence"}
    assert shown(alice, room).text == ""


def test_sending_keeps_the_draft_of_the_next_message(alice, room):
    alice.type(room, "the first", n=1)
    alice.type(room, "and the ne", n=2)
    alice.send(room, "the first", n=1)
    assert shown(alice, room).text == "and the ne"
    restart()
    assert shown(alice, room).text == "and the ne"


def test_sending_an_earlier_form_of_the_page_keeps_a_draft_that_the_cache_has_forgotten(alice, room):
    alice.type(room, "and the ne", n=2)
    restart()
    alice.send(room, "the first, tried again", n=1)
    assert shown(alice, room).text == "and the ne"
    restart()
    assert stored() == {"Alice": "and the ne"}


@pytest.mark.parametrize("forgotten", [False, True])
def test_sending_in_one_window_keeps_the_draft_of_another(alice, room, forgotten):
    alice.type(room, "half a sen", page=OTHER_PAGE)
    if forgotten:
        restart()
    alice.send(room, "something else")
    restart()
    assert shown(alice, room).text == "half a sen"


@pytest.mark.parametrize("frame", [False, True])
@pytest.mark.parametrize("forgotten", [False, True])
def test_a_draft_that_came_back_is_deleted_when_its_page_sends_it(alice, room, frame, forgotten):
    alice.type(room, "half a sen")
    composer = shown(alice, room, frame)
    assert composer.hidden["page"] != PAGE
    if forgotten:
        restart()
    fields = composer.hidden | {"text": "half a sentence, completed"}
    assert alice.post(f"/rooms/{room.slug}/send/", fields).status_code == 303
    assert shown(alice, room).text == ""
    restart()
    assert (shown(alice, room).text, stored()) == ("", {})


REFUSED = "too long" * MAX_LENGTH


def refused(who, room, text=REFUSED, **form):
    """Send a text that is refused, and return the fields with which its form is sent again."""
    form = {"n": 1, "page": PAGE, "text": text} | form
    answer = who.post(f"/rooms/{room.slug}/send/", form, headers={"HX-Request": "true"})
    assert answer.status_code == 422
    return form | dict(re.findall(r'name="(n|page|drafts)" value="([^"]*)"', answer.text))


def test_a_text_that_was_refused_and_then_sent_does_not_come_back(alice, room):
    alice.type(room, "half a sen")
    fields = shown(alice, room).hidden
    again = refused(alice, room, **fields)
    assert again["drafts"].startswith(f"{PAGE}:1 {fields['page']}:1 ")
    assert alice.post(f"/rooms/{room.slug}/send/", again | {"text": "shorter"}).status_code == 303
    assert shown(alice, room).text == ""
    restart()
    assert (shown(alice, room).text, stored()) == ("", {})


def test_a_text_that_was_refused_because_its_form_was_used_is_a_draft_until_it_is_sent(alice, room):
    alice.send(room, "one")
    again = refused(alice, room, "another text")
    assert shown(alice, room).text == "another text"
    restart()
    assert shown(alice, room).text == "another text"
    assert alice.post(f"/rooms/{room.slug}/send/", again).status_code == 303
    restart()
    assert (shown(alice, room).text, stored()) == ("", {})


def test_without_javascript_a_text_of_a_used_form_is_a_draft_until_it_is_sent(alice, room):
    alice.send(room, "one")
    answer = alice.send(room, "another text")
    assert answer.status_code == 422
    assert shown(alice, room).text == "another text"
    (form,) = html.document_fromstring(answer.text).cssselect("#composer form")
    fields = {one.get("name"): one.get("value") for one in form.cssselect("[name]") if one.get("value")}
    assert fields["text"] == "another text"
    assert alice.post(f"/rooms/{room.slug}/send/", fields).status_code == 303
    assert shown(alice, room).text == ""


def test_a_text_that_is_refused_twice_is_kept_as_it_was_the_second_time(alice, room):
    alice.send(room, "one")
    again = refused(alice, room, "another text")
    refused(alice, room, **again | {"text": "mended" * MAX_LENGTH})
    assert shown(alice, room).text.startswith("mended")


def test_a_refused_text_stays_a_draft_when_the_next_form_is_sent(alice, room):
    refused(alice, room)
    alice.send(room, "the next", n=2)
    assert shown(alice, room).text == REFUSED[:MAX_LENGTH]


@pytest.mark.parametrize("used", [False, True])
@pytest.mark.parametrize("forgotten", [False, True])
def test_a_refused_text_does_not_replace_what_is_typed_in_the_next_form(alice, room, used, forgotten):
    if used:
        alice.send(room, "one")
    alice.type(room, "and the ne", n=2)
    if forgotten:
        restart()
    refused(alice, room, **refused(alice, room))
    assert shown(alice, room).text == "and the ne"


def test_sending_a_refused_text_again_keeps_what_was_typed_meanwhile(alice, room):
    alice.type(room, "refused", n=1)
    alice.type(room, "and the ne", n=2)
    alice.send(room, "refused", n=10_000_000, drafts=f"{PAGE}:1")
    assert shown(alice, room).text == "and the ne"
    alice.type(room, "and the next", n=2)
    assert shown(alice, room).text == "and the next"


def test_switching_the_mode_remembers_which_draft_it_is(alice, room):
    alice.type(room, "half a sen")
    fields = shown(alice, room).hidden | {"text": "half a sen"}
    toggled = alice.post(f"/rooms/{room.slug}/composer/", fields, headers={"HX-Request": "true"}).text
    assert f'name="drafts" value="{PAGE}:1"' in toggled


# What is not kept


@pytest.mark.parametrize("field", ["n", "page", "text"])
def test_an_incomplete_form_keeps_nothing(alice, room, field):
    typed = {"n": 1, "page": PAGE, "text": "half a sen"}
    for value in ({}, {field: "\0"} if field != "text" else {}):
        form = {name: text for name, text in typed.items() if name != field} | value
        assert alice.post(f"/rooms/{room.slug}/typing/", form).status_code == 204
    assert shown(alice, room).text == ""


def test_a_reply_or_an_edit_is_no_draft_of_a_new_message(alice, room):
    alice.type(room, "half a sen", target="edit", target_message="1")
    assert shown(alice, room).text == ""


def test_forbidden_characters_are_not_stored(alice, room):
    alice.type(room, "a\0b\x1bc\u202ed\ufffe!")
    restart()
    assert stored() == {"Alice": "abcd!"}


def test_a_draft_has_at_most_as_many_characters_as_a_message(alice, room):
    alice.type(room, "x" * (MAX_LENGTH + 100))
    restart()
    assert stored() == {"Alice": "x" * MAX_LENGTH}


def test_a_member_has_one_draft_per_room(alice, room):
    for page in (PAGE, OTHER_PAGE):
        alice.type(room, f"in {page}", page=page)
        drafts.write()
    assert stored() == {"Alice": f"in {OTHER_PAGE}"}


# Private, and gone in time


def test_a_draft_is_shown_to_its_member_alone(alice, bob, mallory, room):
    alice.type(room, "half a sen")
    restart()
    assert shown(bob, room).text == ""
    for who in (bob, mallory):
        for url in (f"/rooms/{room.slug}/", f"/rooms/{room.slug}/compose/", f"/rooms/{room.slug}/history/"):
            assert "half a sen" not in who.get(url).text
        assert who.type(room, "x", page=PAGE).status_code == (204 if who is bob else 403)
    assert shown(alice, room).text == "half a sen"


@pytest.mark.parametrize("how", ["leave", "remove", "ban"])
@pytest.mark.parametrize("written", [False, True])
def test_a_draft_is_gone_when_the_membership_ends(alice, bob, room, how, written):
    bob.type(room, "half a sen")
    if written:
        drafts.write()
    getattr(bob.membership, how)()
    assert stored() == {}
    drafts.write()
    assert stored() == {}, "nor is it written later"
    if how == "ban":
        bob.membership.unban()
    if how == "remove":
        bob.membership.allow_rejoin()
    bob.post(f"/rooms/{room.slug}/join/", {"nickname": "Bob"})
    assert bob.membership.is_inside
    assert shown(bob, room).text == ""


def test_a_draft_that_was_written_while_its_member_left_is_not_shown_and_soon_deleted(alice, bob, room):
    member = bob.membership
    member.leave()
    row = {"page": PAGE, "number": 1, "text": "half a sen", "multiline": False, "updated_at": timezone.now()}
    Draft.objects.create(membership=member, **row)
    bob.post(f"/rooms/{room.slug}/join/", {"nickname": "Bob"})
    assert shown(bob, room).text == ""
    bob.membership.leave()
    Draft.objects.create(membership=member, **row)
    retention.tidy()
    assert stored() == {}


def test_a_draft_is_gone_with_the_guest_the_account_or_the_room(alice, bob, room, person):
    carol = person(room.name, "Carol")
    carol.post("/account/create/", {"name": "Carol", "password": "a long walk home"})
    for who in (alice, bob, carol):
        who.type(room, "half a sen")
    drafts.write()
    bob.membership.participant.delete()
    assert sorted(stored()) == ["Alice", "Carol"]
    carol.post("/account/delete/", {"old": "a long walk home", "password": "a long walk home"})
    assert sorted(stored()) == ["Alice"]
    room.mark_deleted()
    Room.with_deleted.get(pk=room.pk).erase()
    assert Draft.objects.count() == 0


def test_old_drafts_are_deleted_after_30_days(alice, bob, room):
    for who in (alice, bob):
        who.type(room, "half a sen")
    drafts.write()
    month = timedelta(days=30)
    Draft.objects.filter(pk=alice.membership.pk).update(updated_at=timezone.now() - month - timedelta(seconds=1))
    retention.tidy()
    assert stored() == {"Bob": "half a sen"}


@pytest.mark.parametrize("newer", ["guest", "account"])
def test_a_guest_who_signs_in_keeps_the_newer_draft(room, person, newer):
    account, guest = person(), person()
    account.post("/account/create/", {"name": "Kim", "password": "a long walk home"})
    account.post("/join/", {"room": room.name, "nickname": "Kim"})
    guest.enter(room.name, "Lou")
    for who in sorted([account, guest], key=lambda who: (who is guest) == (newer == "guest")):
        who.type(room, f"of the {'guest' if who is guest else 'account'}")
        shown(who, room)
    typed = {"name": "Kim", "password": "a long walk home", "bring": "on"}
    assert guest.post("/account/sign-in/", typed).status_code == 303
    assert shown(guest, room).text == f"of the {newer}"
    restart()
    assert list(stored().values()) == [f"of the {newer}"]


# Writing


def test_no_statement_writes_while_people_type_or_send(alice, room):
    with CaptureQueriesContext(
        connection,
    ) as captured:
        alice.type(room, "half a sen")
    assert [query["sql"] for query in captured if not query["sql"].startswith("SELECT")] == []
    shown(alice, room)
    with CaptureQueriesContext(connection) as captured:
        alice.send(room, "half a sentence")
    assert [query["sql"] for query in captured if "draft" in query["sql"]] == []


def test_a_page_asks_the_database_once_for_a_draft_that_is_not_there(alice, room, django_assert_num_queries):
    membership = alice.membership
    with django_assert_num_queries(1):
        assert drafts.draft_of(membership) is None
    with django_assert_num_queries(0):
        assert drafts.draft_of(membership) is None


def test_the_drafts_of_many_members_are_written_in_one_statement(alice, bob, room, person):
    carol = person(room.name, "Carol")
    for who in (alice, bob, carol):
        who.type(room, "half a sen")
    drafts.write()
    alice.type(room, "half a sentence")
    bob.type(room, "half a s")
    carol.type(room, "")
    with CaptureQueriesContext(connection) as captured:
        drafts.write()
    writes = [query["sql"].split()[0] for query in captured if query["sql"].startswith(("INSERT", "DELETE", "UPDATE"))]
    assert sorted(writes) == ["DELETE", "INSERT"]
    assert stored() == {"Alice": "half a sentence", "Bob": "half a s"}
    with CaptureQueriesContext(connection) as captured:
        drafts.write()
    assert len(captured) == 0, "nothing has changed"


def test_what_could_not_be_written_is_written_later_but_not_over_newer_text(alice, bob, room, monkeypatch):
    for who in (alice, bob):
        who.type(room, "half a sen")
    with monkeypatch.context() as broken:
        broken.setattr(drafts, "_write", lambda *_: (_ for _ in ()).throw(OperationalError("database is locked")))
        with pytest.raises(OperationalError):
            drafts.write()
    alice.type(room, "half a sentence")
    drafts.write()
    assert stored() == {"Alice": "half a sentence", "Bob": "half a sen"}


@pytest.mark.parametrize("later", [True, False])
def test_with_redis_the_newer_text_of_two_processes_is_written(alice, room, later):
    alice.type(room, "typed here")
    stay = drafts._stay_of(alice.membership)
    cache.set(drafts._key(stay), (PAGE, 1, "typed elsewhere", False, time.time() + (60 if later else -60)))
    drafts.write()
    assert stored() == {"Alice": "typed elsewhere" if later else "typed here"}


@pytest.mark.parametrize("older", ["hal", ""])
def test_without_redis_an_older_text_does_not_replace_what_another_process_has_written(alice, room, older):
    alice.type(room, "h")
    alice.type(room, older)
    with another_process():
        alice.type(room, "half a sentence")
        drafts.write()
    drafts.write()
    assert stored() == {"Alice": "half a sentence"}


@pytest.mark.parametrize("newer", ["half a sentence", ""])
def test_without_redis_a_newer_text_replaces_what_another_process_has_written(alice, room, newer):
    with another_process():
        alice.type(room, "half")
        drafts.write()
    alice.type(room, "half a sen")
    alice.type(room, newer)
    drafts.write()
    assert stored() == ({"Alice": newer} if newer else {})


@pytest.mark.parametrize("known", [False, True])
def test_without_redis_sending_a_form_keeps_the_next_ones_draft_of_another_process(alice, room, known):
    if known:
        alice.type(room, "the first", n=1)
    with another_process():
        alice.type(room, "and the ne", n=2)
        drafts.write()
    alice.send(room, "the first", n=1)
    drafts.write()
    assert stored() == {"Alice": "and the ne"}


@pytest.mark.parametrize("here", [1, 2])
def test_without_redis_the_later_form_of_a_page_wins_whichever_process_it_reached(alice, room, here):
    texts = {1: "the first", 2: "and the ne"}
    alice.type(room, texts[here], n=here)
    with another_process():
        alice.type(room, texts[3 - here], n=3 - here)
        drafts.write()
    drafts.write()
    assert stored() == {"Alice": "and the ne"}


def test_a_draft_is_written_although_the_cache_has_lost_it(alice, room):
    alice.type(room, "half a sen")
    cache.clear()
    assert shown(alice, room).text == "half a sen"
    cache.clear()
    drafts.write()
    assert stored() == {"Alice": "half a sen"}


def test_without_a_gate_the_next_draft_after_ten_seconds_writes(alice, room, monkeypatch):
    monkeypatch.setattr(drafts.unwritten, "taken_at", drafts.unwritten.taken_at)
    alice.type(room, "half a sen")
    assert stored() == {}
    drafts.unwritten.taken_at -= drafts.WRITE_INTERVAL
    alice.type(room, "half a sentence")
    assert stored() == {"Alice": "half a sentence"}


def test_the_draft_of_an_earlier_room_with_the_same_id_is_not_written(alice, room):
    alice.type(room, "half a sen")
    membership = alice.membership
    membership.room.incarnation = "another"
    membership.room.save(update_fields=["incarnation"])
    drafts.write()
    assert stored() == {}
    assert drafts.draft_of(membership) is None


def test_a_member_who_was_erased_meanwhile_is_left_out(alice, bob, room):
    for who in (alice, bob):
        who.type(room, "half a sen")
    bob.membership.delete()
    drafts.write()
    assert stored() == {"Alice": "half a sen"}


# With the gate


def test_the_gate_writes_drafts_regularly(ben, gate, monkeypatch):
    assert ben.write(f"{ben.path}typing/", n=1, page=PAGE, text="half a sen").status_code == 204
    assert stored() == {}
    sleeps = iter([None])

    async def sleep(seconds):
        assert seconds == background.DRAFTS_INTERVAL
        next(sleeps)

    async def run_in_thread(function):
        function()

    with pytest.raises(RuntimeError):
        run(background.write_drafts(gate_backend, run_in_thread, sleep))
    assert stored() == {"Ben": "half a sen"}


@pytest.mark.parametrize("fails", [False, True])
def test_the_gate_writes_drafts_when_it_stops(fails, caplog):
    """After the last request has ended, because it may have been one that kept a draft."""
    written = []

    def write_drafts():
        written.append(gate.pool._shutdown)
        if fails:
            raise OperationalError("database is locked")

    async def live():
        events, sent = asyncio.Queue(), []
        for event in ("startup", "shutdown"):
            events.put_nowait({"type": f"lifespan.{event}"})

        async def send(event):
            sent.append(event["type"])

        await gate({"type": "lifespan"}, events.get, send)
        return sent

    backend = SimpleNamespace(**vars(gate_backend) | {"write_drafts": write_drafts, "subscribe": lambda *_: None})
    gate = Gate(None, threads=2, backend=backend)
    assert run(live())[-1] == "lifespan.shutdown.complete"
    assert written == [True]
    assert [record.message for record in caplog.records] == ["The last drafts could not be written."] * fails


def test_too_many_reports_are_refused_in_silence_and_later_ones_are_kept(alice, room, settings):
    settings.LIMIT_TYPING_PERSON = "1/3600"
    answers = [alice.type(room, text) for text in ("h", "half a sen")]
    assert [answer.status_code for answer in answers] == [204, 429]
    assert answers[1].content == b""
    settings.LIMIT_TYPING_PERSON = "60/60"
    alice.type(room, "half a sentence")
    assert shown(alice, room).text == "half a sentence"
    assert not Message.objects.filter(event="").exists()


def test_the_privacy_page_says_what_happens_to_what_is_typed(client, db):
    Site.objects.update_or_create(pk=1, defaults={"privacy": "None kept."})
    page = client.get("/privacy/").text
    assert "None kept." in page
    assert "What you type in a room is sent to this site while you type" in page
    assert "after 30 days" in page
