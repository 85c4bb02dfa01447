"""Typing ahead: messages typed faster than the page and the server follow arrive as they were typed."""

import hashlib
import random
import re

import pytest
from django.utils import timezone

from chat import retention
from chat.exceptions import Refused
from chat.models import Membership, Message
from chat.models.membership_sending import Leftover
from chat.models.recent_messages import FEW
from chat.models.typed_order import REORDER_WINDOW
from chat.text import MAX_LENGTH, text_digest
from chat.typing_ahead import MAX_ADDED, FormToken, inserted_in, own_part, rest_of
from tests.support.pages import OpenPage

PAGE = "page-key"
ENTER_IN_NEXT = {"more": "next"}


@pytest.fixture
def post(alice):
    """Post a form of Alice's page, by its number."""

    def post(number, text, **more):
        return alice.membership.send(text, f"{PAGE}:{number}", **more)

    return post


@pytest.fixture
def leave_over(alice):
    """Report what a form's field has after it was sent."""

    def leave_over(number, typed, **more):
        return alice.membership.take_leftover(typed, f"{PAGE}:{number}", **more)

    return leave_over


def said(room):
    return list(room.messages.filter(event="").order_by("first_version").values_list("text", flat=True))


# Order


def test_a_message_that_was_overtaken_takes_its_place(post, bob, room):
    page = OpenPage(bob, room)
    for number, text in [(2, "two"), (3, "three"), (1, "one")]:
        post(number, text)
        page.poll()
    assert said(room) == ["one", "two", "three"]
    assert page.words == ["one", "two", "three"]


def test_what_others_have_answered_is_not_moved(post, bob, room):
    post(2, "pay him")
    bob.membership.send("done, paid", "bob:1")
    post(1, "never")
    assert said(room) == ["pay him", "done, paid", "never"]


def test_a_text_does_not_move_under_another_name_or_role(alice, post, room):
    post(2, "two")
    alice.membership.change_nickname("Alison")
    post(1, "one")
    assert said(room) == ["two", "one"]


def test_a_message_sent_again_later_goes_to_the_end(post, room):
    post(2, "two")
    Message.objects.filter(text="two").update(sent_at=Message.objects.get(text="two").sent_at - REORDER_WINDOW)
    post(1, "one, at last")
    assert said(room) == ["two", "one, at last"]


def test_another_page_of_the_same_person_is_not_reordered(alice, post, room):
    alice.membership.send("from the phone", "other-page:7")
    post(1, "from the desk")
    assert said(room) == ["from the phone", "from the desk"]


@pytest.mark.parametrize("change", [lambda message: message.remove(), lambda message: message.edit("mended")])
def test_a_message_that_a_moderator_changed_keeps_its_place(post, room, change):
    post(2, "two")
    change(Message.objects.get(text="two"))
    post(1, "one")
    assert said(room)[-1] == "one"


def test_each_form_still_sends_once_after_reordering(post, room):
    for number, text in [(2, "two"), (1, "one"), (1, "one"), (2, "two")]:
        post(number, text)
    assert said(room) == ["one", "two"]


# Refusals


@pytest.fixture
def submit(alice, room):
    """Submit a form as htmx does. Returns the form's fields, with those that the answer adds to it."""

    def submit(number, text, status, **fields):
        form = {"n": number, "page": PAGE, "text": text} | fields
        answer = alice.post(room.get_absolute_url() + "send/", form, headers={"HX-Request": "true"})
        assert answer.status_code == status
        return form | dict(re.findall(r'name="(n|page|drafts)" value="([^"]*)"', answer.content.decode()))

    return submit


def again(refused, text):
    return {"number": refused["n"], "page": refused["page"], "drafts": refused["drafts"], "text": text}


def test_a_refused_message_that_is_mended_within_seconds_takes_its_place(submit, room):
    refused = submit(1, "one" * MAX_LENGTH, 422)
    submit(2, "two", 200)
    submit(**again(refused, "one"), status=200)
    assert said(room) == ["one", "two"]


@pytest.mark.parametrize("when", ["before the refusal", "after the refusal", "after it was sent again"])
def test_letters_join_a_message_that_was_refused_and_sent_again(alice, submit, post, leave_over, room, when):
    post(1, "one")
    if when == "before the refusal":
        leave_over(1, "onetw")
    Membership.objects.filter(pk=alice.membership.pk).update(muted=True)
    refused = submit(2, "o", 422)
    Membership.objects.filter(pk=alice.membership.pk).update(muted=False)
    if when == "after the refusal":
        leave_over(1, "onetw")
    submit(**again(refused, "o"), status=200)
    if when == "after it was sent again":
        assert leave_over(1, "onetw").text == ""
    assert said(room) == ["one", "two"]


# Enter in a field that was sent already


@pytest.mark.parametrize("order", [(0, 2, 1), (1, 2, 0), (2, 0, 1), (2, 1, 0), (1, 0, 2)])
def test_each_enter_ends_a_message_whichever_arrives_first(post, leave_over, room, order):
    post(1, "zero")
    leave_over(1, "zero+")
    for at in order:
        post(2, ("one", "onetwo", "onetwothree")[at], more=at > 0)
    assert said(room) == ["zero", "+one", "two", "three"]


def test_many_enters_in_one_field_each_end_a_message(post, room):
    words = [f"word{n} " for n in range(9)]
    for count in range(1, 10):
        post(1, "".join(words[:count]).strip(), more=count > 1)
    assert said(room) == [word.strip() for word in words]


def test_letters_of_a_form_from_some_messages_ago_are_not_lost(post, leave_over, room):
    for number in range(1, 9):
        post(number, f"message {number}")
    assert leave_over(1, "message 1and ").text == ""
    assert said(room)[1] == "and message 2"


def test_a_repeated_second_enter_posts_nothing_twice(post, room):
    for text in ("one", "onetwo", "onetwo", "one"):
        post(1, text, more=text == "onetwo")
    assert said(room) == ["one", "two"]


# Letters left over


def test_letters_left_over_are_handed_to_the_page_and_sent_along(post, leave_over, room):
    post(1, "one")
    left = leave_over(1, "onetw")
    assert (left.text, left.joins) == ("tw", True)
    post(2, left.text + "o", has_leftover=True)
    assert said(room) == ["one", "two"]


def test_letters_join_the_next_message_if_the_page_sent_it_without_them(post, leave_over, room):
    post(1, "one")
    leave_over(1, "onetw")
    post(2, "o")
    post(3, "three")
    assert said(room) == ["one", "two", "three"]


def test_letters_join_the_next_message_that_is_posted_already(post, leave_over, bob, room):
    page = OpenPage(bob, room)
    post(1, "one")
    post(2, "o")
    page.poll()
    assert leave_over(1, "onetw").text == ""
    page.poll()
    assert said(room) == page.words == ["one", "two"]
    assert not Message.objects.exclude(edited_at=None).exists()


def test_a_message_that_others_have_read_for_a_while_gets_no_more_letters(post, leave_over, room):
    post(1, "I did")
    post(2, "agree")
    second = Message.objects.get(text="agree")
    Message.objects.filter(pk=second.pk).update(sent_at=second.sent_at - REORDER_WINDOW)
    assert leave_over(1, "I didnever ") is None
    assert said(room) == ["I did", "agree"]


def test_discarded_letters_do_not_come_back(post, leave_over, room):
    post(1, "one")
    leave_over(1, "onetw")
    post(2, "something else", has_leftover=True)
    assert said(room) == ["one", "something else"]


def test_what_follows_letters_left_over_is_told_apart(post, leave_over, room):
    """The second message was sent as "o", but is stored as "two"; its own field went on with "th"."""
    post(1, "one")
    leave_over(1, "onetw")
    post(2, "o")
    assert leave_over(2, "oth").text == "th"
    assert leave_over(2, "oth", carried="tw").text == "th"


def test_letters_do_not_go_in_front_of_what_others_have_answered(post, leave_over, bob, room):
    post(1, "I did")
    post(2, "agree")
    bob.membership.send("good", "bob:1")
    assert leave_over(1, "I didnever ") is None
    assert said(room) == ["I did", "agree", "good"]


def test_the_same_report_again_adds_nothing(post, leave_over, room):
    post(1, "one")
    post(2, "o")
    assert [leave_over(1, "onetw").text for _ in range(3)] == ["", "", ""]
    assert post(1, "onetw", more=True)
    assert said(room) == ["one", "two"]


def test_repeated_letters_are_told_apart(post, leave_over, room):
    post(1, "one")
    leave_over(1, "oneha")
    post(2, "ha")
    assert leave_over(2, "haha").text == "ha"


@pytest.mark.parametrize("text", ["one two", "on"])
def test_another_text_with_a_used_token_is_refused_and_changes_nothing(post, room, text):
    post(1, "one")
    with pytest.raises(Refused, match="already used"):
        post(1, text)
    assert said(room) == ["one"]


def test_in_a_room_that_was_locked_meanwhile_nothing_is_added(alice, post, room):
    post(1, "one")
    post(2, "o")
    stale = Membership.objects.select_related("room").get(pk=alice.membership.pk)
    assert not stale.room.locked
    room.lock()
    with pytest.raises(Refused, match="locked"):
        stale.take_leftover("onetw", f"{PAGE}:1")
    assert said(room) == ["one", "o"]


def test_letters_that_are_not_sent_are_deleted_on_leaving_and_after_a_while(alice, post, leave_over, room):
    post(1, "one")
    leave_over(1, "onetw")
    Message.objects.update(sent_at=timezone.now() - retention.LEFTOVERS_KEPT_FOR)
    retention.tidy()
    assert not Message.objects.with_leftover().exists()
    post(2, "two")
    leave_over(2, "twothr")
    alice.membership.leave()
    assert not Message.objects.with_leftover().exists()


@pytest.mark.parametrize("typed", [{"text": "one\u202egpj"}, {"text": "onetw", "carried": "\x1b"}])
def test_letters_that_cannot_be_shown_are_not_taken(alice, post, room, typed):
    post(1, "one")
    form = {"n": "1", "page": PAGE, "composer": "1"} | typed
    answer = alice.post(room.get_absolute_url() + "leftover/", form, headers={"HX-Request": "true"})
    assert answer.status_code == 204, "the page keeps the form"
    assert not Message.objects.with_leftover().exists()


def test_letters_left_over_come_back_after_a_reload(alice, post, room):
    post(1, "one")
    form = {"n": "1", "page": PAGE, "composer": "1", "text": "onetw"}
    alice.post(room.get_absolute_url() + "leftover/", form, headers={"HX-Request": "true"})
    assert 'value="tw"' in alice.get(room.get_absolute_url()).content.decode()


def test_letters_in_the_middle_are_only_offered(post, leave_over, room):
    post(1, "one")
    left = leave_over(1, "oXYne")
    assert (left.text, left.joins) == ("XY", False)
    post(2, "two")
    assert said(room) == ["one", "two"]


def test_nothing_is_left_over_of_a_form_that_was_not_sent(leave_over):
    assert leave_over(1, "onetw") is None


def test_the_answer_shows_the_letters_before_the_next_field(alice, post, room):
    post(1, "one")
    form = {"n": "1", "page": PAGE, "composer": "1", "text": "one<b>"}
    url = room.get_absolute_url() + "leftover/"
    answer = alice.post(url, form, headers={"HX-Request": "true"})
    assert answer.headers["HX-Reswap"].startswith("outerHTML"), "only a whole answer removes the sent form"
    assert '<span hx-swap-oob="innerHTML:#carried-2,#sink">' in answer.content.decode()
    assert '<input type="hidden" name="carried" value="&lt;b&gt;">' in answer.content.decode()
    alice.send(room, "old", n=2, page=PAGE, carried="<b>")
    assert said(room) == ["one", "<b>old"]


# Forms from further back


@pytest.fixture
def much_later(alice, post):
    """Alice has sent "one", and since then so much on another page that a send doesn't load it any more."""
    post(1, "one")
    for number in range(FEW + 1):
        alice.membership.send(f"{number}", f"other-page:{number}")


def test_another_text_of_a_form_from_further_back_is_refused(much_later, alice, room):
    answer = alice.post(room.get_absolute_url() + "send/", {"n": "1", "page": PAGE, "text": "two"})
    assert answer.status_code == 422
    assert "already used" in answer.content.decode()


def test_a_form_from_further_back_posts_only_what_was_added(much_later, post, room):
    post(1, "one", more=True)
    post(1, "onetwo", more=True)
    assert said(room)[-2:] == [f"{FEW}", "two"]


def test_the_first_enter_may_arrive_after_all_others(post, room):
    words = "abcdefg"
    for end in range(2, len(words) + 1):
        post(1, words[:end], more=True)
    post(1, "a")
    assert said(room) == list(words)


def test_the_second_enter_may_arrive_after_the_third_and_the_report(post, leave_over, room):
    post(1, "a")
    leave_over(1, "ab")
    post(2, "c")
    post(2, "cde", more=True)
    leave_over(2, "cdef")
    post(2, "cd", more=True)
    post(3, "g")
    assert said(room) == ["a", "bc", "d", "e", "fg"]


def test_letters_left_over_join_a_first_enter_that_was_overtaken(post, leave_over, room):
    post(1, "one")
    post(2, "othree", more=True)
    leave_over(1, "onetw")
    post(2, "o")
    assert said(room) == ["one", "two", "three"]


# Enter in the next field, which is still empty


@pytest.fixture
def enter_in_empty_field(post, leave_over):
    """Alice has sent "one" and typed "two" in the same field; then Enter in the next, empty field."""
    post(1, "one")
    assert leave_over(1, "one two").text == "two"
    return post(1, "one two", **ENTER_IN_NEXT)


def test_enter_in_the_empty_field_posts_letters_that_the_server_has(enter_in_empty_field, room):
    assert (enter_in_empty_field.text, said(room)) == ("two", ["one", "two"])


def test_letters_that_were_posted_are_not_posted_again(enter_in_empty_field, post, leave_over, room):
    post(1, "one two", **ENTER_IN_NEXT)
    assert leave_over(1, "one two") == Leftover()
    post(2, "twothree", has_leftover=True)  # The page still showed them.
    assert said(room) == ["one", "two", "three"]


def test_letters_that_were_posted_and_nothing_else_are_not_posted_again(enter_in_empty_field, post, room):
    post(2, "two", has_leftover=True)
    assert said(room) == ["one", "two"]


def test_the_same_letters_typed_again_are_posted(enter_in_empty_field, post, room):
    post(2, "two")
    assert said(room) == ["one", "two", "two"]


def test_letters_that_went_in_front_of_the_next_message_become_one_of_their_own(post, leave_over, room):
    post(1, "one")
    leave_over(1, "one two")
    post(2, "three")
    assert said(room) == ["one", "twothree"]
    post(1, "one two", **ENTER_IN_NEXT)
    post(1, "one two", **ENTER_IN_NEXT)
    assert said(room) == ["one", "two", "three"]


def test_letters_that_others_have_answered_stay_where_they_are(post, leave_over, bob, room):
    post(1, "one")
    leave_over(1, "one two")
    post(2, "three")
    bob.membership.send("well", "bob:1")
    post(1, "one two", **ENTER_IN_NEXT)
    assert said(room) == ["one", "twothree", "well"]


def test_letters_after_several_messages_of_one_field_are_posted_by_enter(post, leave_over, room):
    post(1, "one")
    post(1, "one two", more=True)
    assert leave_over(1, "one two three").text == "three"
    post(1, "one two three", **ENTER_IN_NEXT)
    assert leave_over(1, "one two three") == Leftover()
    assert said(room) == ["one", "two", "three"]


def test_posted_letters_are_no_draft_any_more(alice, post, room):
    form = {"n": "1", "page": PAGE, "composer": "1", "text": "one two"}
    post(1, "one")
    alice.post(room.get_absolute_url() + "leftover/", form, headers={"HX-Request": "true"})
    alice.post(room.get_absolute_url() + "send/", form | ENTER_IN_NEXT)
    assert said(room) == ["one", "two"]
    assert 'value="two"' not in alice.get(room.get_absolute_url()).content.decode()


# All of it


@pytest.mark.parametrize("seed", range(20))
def test_everything_that_was_typed_arrives_in_order(alice, room, seed):
    """Play a page whose focus moves late, over a network where one request may overtake another."""
    dice = random.Random(seed)
    typed, requests = play(dice)
    at = 0
    while at < len(requests) - 1:
        if swap := dice.random() < 0.4 and may_swap(requests[at], requests[at + 1]):
            requests[at], requests[at + 1] = requests[at + 1], requests[at]
        at += 1 + swap
    for verb, number, text, more in requests:
        getattr(alice.membership, verb)(text, f"{PAGE}:{number}", **more)
    assert said(room) == typed


def play(dice):
    """The messages that were typed, and the requests that the page sends for them."""
    typed = [f"line {number}" + dice.choice(["", "!", " of the play"]) for number in range(12)]
    left, requests, number, field = list(typed), [], 1, ""
    while left:
        requests.append(("send", number, field + left[0], {"more": True} if field else {}))
        field += left.pop(0)
        if not left or dice.random() < 0.2:
            continue  # The focus has not moved before the next Enter.
        if dice.random() < 0.6:  # The focus moves within the next message, or after it and before Enter.
            cut = dice.choice([1, 4, len(left[0])])
            letters, left[0] = left[0][:cut], left[0][cut:]
            requests.append(("take_leftover", number, field + letters, {}))
            if not left[0]:
                left.pop(0)
                requests.append(("send", number, field + letters, ENTER_IN_NEXT))
        number, field = number + 1, ""
    return typed, requests


def may_swap(first, second):
    """A page reports what is left over after the answer to that form."""
    return not (second[0] == "take_leftover" and first[1] == second[1])


# The parts


def test_tokens_are_ordered_as_typed():
    tokens = [FormToken.read(f"{PAGE}:{number}") for number in ("2", "10", "10.1", "10.2", "11")]
    assert tokens == sorted(tokens)
    assert [str(token) for token in tokens[1:3]] == [f"{PAGE}:10", f"{PAGE}:10.1"]
    assert not tokens[0].precedes(FormToken.read("other:3"))
    assert FormToken.read("not a token") is None


@pytest.mark.parametrize(
    ("typed", "sent", "rest"),
    [
        ("onetw", ["one"], "tw"),
        ("one tw ", ["one"], "tw "),
        ("\none\n\ntw", ["one"], "tw"),
        ("onetwothr", ["one", "two"], "thr"),
        ("one", ["one"], ""),
        ("on", ["one"], None),
    ],
)
def test_the_rest_is_what_follows(typed, sent, rest):
    assert rest_of(typed, sent) == rest


def test_the_own_part_is_found_behind_letters_in_front():
    digest = text_digest("o")
    assert own_part("oth", "two", digest) == "o"
    assert own_part("xth", "two", digest) is None


def test_the_longest_own_part_counts():
    assert own_part("haha", "ha", text_digest("haha")) == "haha"
    assert own_part("x" * 9 + "y" * MAX_ADDED, "", text_digest("x" * 9)) == "x" * 9
    assert own_part("x" * 9 + "y" * (MAX_ADDED + 1), "z", text_digest("x" * 9)) is None


def test_a_long_text_is_hashed_once_not_once_for_each_of_its_starts(monkeypatch):
    """The room is locked meanwhile, and one form can have sent 50 messages, each of which is compared."""
    hashed = []

    class CountingHash:
        def __init__(self, data, **options):
            self.hash = hashlib.blake2b(data, **options)
            hashed.append(len(data))

        def update(self, data):
            self.hash.update(data)
            hashed.append(len(data))

        def hexdigest(self):
            return self.hash.hexdigest()

    monkeypatch.setattr("chat.text.blake2b", CountingHash)
    assert own_part("é" * MAX_LENGTH, "another text", "digest") is None
    assert sum(hashed) == len("é".encode()) * MAX_LENGTH


@pytest.mark.parametrize(
    ("typed", "sent", "inserted"), [("oXne", "one", "X"), ("Xone", "one", "X"), ("on", "one", ""), ("aa", "a", "a")]
)
def test_inserted_letters_are_found(typed, sent, inserted):
    assert inserted_in(typed, sent) == inserted


# Enter in a sent field, overtaken by the report of what the field had in the end


def test_an_enter_that_the_report_overtook_still_ends_its_message(post, leave_over, room):
    post(1, "one")
    post(2, " and more")
    leave_over(1, "onetwothree")
    post(1, "onetwo", more=True)
    assert said(room) == ["one", "two", "three and more"]


def test_the_same_while_the_next_message_is_not_sent_yet(post, leave_over, room):
    post(1, "one")
    leave_over(1, "onetwothree")
    post(1, "onetwo", more=True)
    post(2, " and more")
    assert said(room) == ["one", "two", "three and more"]


def test_the_same_if_the_page_sends_the_letters_that_it_shows(post, leave_over, room):
    post(1, "one")
    leave_over(1, "onetwothree")
    post(1, "onetwo", more=True)
    post(2, "twothree and more", has_leftover=True)
    assert said(room) == ["one", "two", "three and more"]


def test_the_same_in_a_field_with_letters_in_front_that_were_posted_later(post, leave_over, room):
    post(1, "one")
    post(2, "o")
    leave_over(1, "onetw")
    leave_over(2, "othreefour", carried="tw")
    post(3, " and more")
    post(2, "othree", more=True)
    assert said(room) == ["one", "two", "three", "four and more"]


def test_two_enters_that_the_report_overtook_end_their_messages(post, leave_over, room):
    post(1, "one")
    post(2, " and more")
    leave_over(1, "onetwothreefour")
    for typed in ("onetwo", "onetwothree", "onetwothree"):
        post(1, typed, more=True)
    assert said(room) == ["one", "two", "three", "four and more"]


def test_an_enter_in_a_field_without_letters_takes_nothing_from_the_next_message(post, room):
    post(1, "one")
    post(2, "two of us")
    post(1, "onetwo", more=True)
    assert said(room) == ["one", "two", "two of us"]


def test_an_enter_whose_letters_are_not_in_the_next_message_any_more_is_refused(post, leave_over, bob, room):
    post(1, "one")
    post(2, " and more")
    leave_over(1, "onetwothree")
    bob.membership.send("twothree?", "bob:1")
    with pytest.raises(Refused):
        post(1, "onetwo", more=True)
    assert said(room) == ["one", "twothree and more", "twothree?"]


def test_letters_reach_the_next_message_if_a_later_enter_in_its_field_arrived_first(post, leave_over, room):
    post(1, "one")
    post(2, "wothree", more=True)
    left = leave_over(1, "onet")
    post(2, "wo")
    assert said(room) == ["one", "two", "three"]
    assert left.text == ""


def test_letters_reach_the_next_message_after_many_enters_in_the_field_before(post, leave_over, room):
    typed = ["0123456"[: end + 1] for end in range(7)]
    post(1, typed[0])
    for text in typed[1:]:
        post(1, text, more=True)
    leave_over(1, typed[-1] + "and")
    post(2, " more")
    assert said(room) == [*"0123456", "and more"]
