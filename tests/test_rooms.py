"""Rooms: joining and creating them, names and addresses, the join page, leaving."""

import re
import threading
from datetime import timedelta

import httpx
import pytest
from django.utils import timezone
from django.utils.crypto import get_random_string

from chat.checks import check_room_creation
from chat.models import Membership, Participant, Room


def test_a_room_is_created_when_its_first_member_joins(person):
    answer = person().join("Reading club", "Alice")
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/rooms/reading-club/"
    membership = Membership.objects.get()
    assert (membership.room.name, membership.nickname, membership.role) == ("Reading club", "Alice", "owner")


def test_a_second_join_with_the_same_name_joins_the_same_room(alice, person):
    person("reading   CLUB", "Bob")
    assert Room.objects.count() == 1
    roles = Membership.objects.order_by("pk").values_list("nickname", "role")
    assert list(roles) == [("Alice", "owner"), ("Bob", "member")]


NAMES = [
    "C++",
    "C#",
    "日本語",
    "🎉",
    "🎈",
    "admin",
    "a/b",
    "../x",
    "..",
    "?",
    "#",
    "static",
    "x" * 64,
    "Ж" * 64,
    "mail",
    "mall",
]


def test_a_room_gets_a_free_address_if_many_are_taken(person, django_assert_max_num_queries):
    for n in range(300):
        Room.objects.create(name=f"c {n}", key=f"c{n}", lookalike_key=f"c{n}", slug=f"c-{n}" if n else "c")
    with django_assert_max_num_queries(38):
        answer = person().join("C++", "Alice")
    assert re.fullmatch(r"/rooms/c-[a-z0-9]{8}/", answer.headers["Location"])


def test_a_room_with_any_name_is_found_at_its_address(person):
    for n, name in enumerate(NAMES):
        visitor = person()
        answer = visitor.join(name, f"Visitor {n}")
        assert answer.status_code == 303, name
        page = visitor.get(answer.headers["Location"])
        assert page.status_code == 200
        assert page.context["room"].name == name
    assert Room.objects.count() == len(NAMES)


@pytest.mark.parametrize("name", ["", "   ", "\u200b", "x" * 65, "bell\x07", "le\u202etf"])
@pytest.mark.parametrize("field", ["room", "nickname"])
def test_an_invalid_name_is_refused_at_its_field_and_kept(person, field, name):
    typed = {"room": "Reading club", "nickname": "Alice"} | {field: name}
    answer = person().post("/join/", typed)
    assert answer.status_code == 422
    assert answer.context["form"].errors.keys() == {field}
    assert answer.context["form"][field].value() == name
    assert not Room.objects.exists()
    assert not Participant.objects.exists()


def test_the_page_shows_the_reason_at_the_field(person):
    page = person().post("/join/", {"room": "Reading club", "nickname": ""}).content.decode()
    assert 'aria-describedby="id_nickname_error"' in page
    assert '<p class="error" id="id_nickname_error">' in page
    assert 'value="Reading club"' in page


@pytest.mark.parametrize("name", ["Alice", "ALICE", "Аlice", "AIice", "A\u200blice", "Ａｌｉｃｅ", "Al ice", "A1ice"])
def test_a_taken_name_or_its_look_alike_is_refused_with_a_suggestion(alice, person, name):
    visitor = person()
    answer = visitor.join("Reading club", name)
    assert answer.status_code == 422
    suggestion = answer.context["form"].refusal.instead
    assert f'value="{suggestion}"' in answer.content.decode()
    assert visitor.join("Reading club", suggestion).status_code == 303


def test_the_refused_field_has_the_focus(alice, person):
    page = person().join("Reading club", "Alice").content.decode()
    assert re.search(r'<input id="id_nickname"[^>]* autofocus', page)
    assert not re.search(r'<input id="id_room"[^>]* autofocus', page)


@pytest.mark.parametrize("name", ["Alice", "Аlice"])
def test_enter_joins_with_the_typed_name_not_the_suggestion(alice, person, name):
    """Enter presses the first button of a form."""
    for room in ("Reading club", "Rеading club"):
        page = person().join(room, name).content.decode()
        form = re.search(r'<form id="join".*?</form>', page, re.S)[0]
        assert re.findall(r"<button[^>]*>", form)[0] == '<button class="primary">'
        assert len(re.findall(r"<button[^>]*>", form)) == 2


def test_the_button_with_the_suggestion_wins_over_the_field(alice, person):
    answer = person().post("/join/", {"room": "Reading club", "nickname": ["Alice", "Alice 2"]})
    assert answer.status_code == 303
    assert Membership.objects.filter(nickname="Alice 2").exists()


def test_the_same_name_is_free_in_another_room(alice, person):
    assert person().join("Another", "Alice").status_code == 303


def test_joining_a_look_alike_of_an_open_room_offers_that_room(alice, person):
    answer = person().join("Rеading club", "Bob")  # with a Cyrillic е
    assert answer.status_code == 422
    assert 'name="room" value="Reading club"' in answer.content.decode()
    assert Room.objects.count() == 1


def test_a_name_is_kept_for_some_days_after_leaving(bob, room, person, settings):
    bob.membership.leave()
    assert person().join(room.name, "Bob").status_code == 422
    away = timezone.now() - timedelta(days=settings.NAME_HELD_DAYS, minutes=1)
    Membership.objects.update(seen_at=away)
    assert person().join(room.name, "Bob").status_code == 303


def test_the_name_of_an_online_member_is_never_free(bob, room, person, settings):
    settings.NAME_HELD_DAYS = 0
    assert person().join(room.name, "Bob").status_code == 422
    Membership.objects.update(seen_at=timezone.now() - timedelta(seconds=91))
    assert person().join(room.name, "Bob").status_code == 303


def test_an_away_member_who_loses_the_name_stays_under_another_one(bob, room, person, settings):
    Membership.objects.update(seen_at=timezone.now() - timedelta(days=settings.NAME_HELD_DAYS, minutes=1))
    newcomer = person(room.name, "Bob")
    page = bob.get(room.get_absolute_url()).content.decode()
    assert "You are <bdi>Bob 2</bdi>" in page
    assert page.index("<bdi>Bob</bdi> is now <bdi>Bob 2</bdi>") < page.rindex("<bdi>Bob</bdi> joined")
    assert (newcomer.membership.namesake_number, bob.membership.namesake_number) == (2, 1)


def test_settings_under_which_nobody_can_create_rooms_are_refused(settings):
    settings.ACCOUNTS, settings.CREATE_ROOMS = "off", "staff"
    (error,) = check_room_creation(None)
    assert "no one could create a room" in error.msg


def test_a_hundred_simultaneous_joins_create_one_room_with_one_owner(server, settings):
    settings.LIMITS = False
    answers = []

    def join(n):
        # As from a page that is not requested: Django accepts any token that is in both the cookie and the form.
        token = get_random_string(32)
        with httpx.Client(base_url=server, timeout=60, cookies={"csrf": token}) as visitor:
            form = {"room": "Rush", "nickname": f"Visitor {n}", "csrfmiddlewaretoken": token}
            answers.append(visitor.post("/join/", data=form).status_code)

    threads = [threading.Thread(target=join, args=[n]) for n in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [303] * 100
    assert Room.objects.get().memberships.count() == 100
    assert Membership.objects.filter(role="owner").count() == 1


def test_a_rooms_url_shows_the_join_page_to_non_members(room, person):
    page = person().get(room.get_absolute_url())
    assert page.status_code == 200
    assert b'action="/rooms/reading-club/join/"' in page.content
    assert b'id="messages"' not in page.content


def test_joining_on_the_join_page(room, person):
    visitor = person()
    answer = visitor.post(f"{room.get_absolute_url()}join/", {"nickname": "Dora"})
    assert (answer.status_code, answer.headers["Location"]) == (303, room.get_absolute_url())
    assert visitor.get(room.get_absolute_url()).context["membership"].nickname == "Dora"


def test_an_address_without_a_room_is_a_helpful_404(person):
    answer = person().get("/rooms/nowhere/")
    assert answer.status_code == 404
    assert "You can create a room" in answer.content.decode()


def test_joining_again_with_another_name_shows_the_current_nickname(alice, room):
    answer = alice.join(room.name, "Somebody else")
    assert answer.status_code == 422
    assert "Continue as “Alice”" in answer.content.decode()


def test_joining_again_with_the_same_name_opens_the_room(alice, room):
    assert alice.join(room.name, "alice").status_code == 303
    assert [line.event for line in room.messages.all()] == ["opened"]


def test_a_join_form_sent_twice_creates_one_guest(person):
    page = person().get("/").content.decode()
    key = re.search(r'name="key" value="([^"]+)"', page)[1]
    first, second = person(), person()  # the browser throws away the answer to the first click, with its session
    for visitor in (first, second):
        assert visitor.join("Reading club", "Alice", key=key).status_code == 303
    assert second.membership == first.membership
    assert Participant.objects.count() == 1
    assert person().join("Reading club", "Alice", key="another-key").status_code == 422


def test_the_key_of_a_join_form_does_not_identify_a_guest_later(person):
    person().join("Reading club", "Alice", key="key-of-a-form")
    Participant.objects.update(created_at=timezone.now() - timedelta(minutes=5))
    assert person().join("Reading club", "Alice", key="key-of-a-form").status_code == 422
    assert person().join("Reading club", "Bob", key="key-of-a-form").status_code == 303


def test_leaving_and_rejoining_as_the_same_person(alice, room):
    before = alice.membership
    assert alice.post(f"{room.get_absolute_url()}leave/").headers["Location"] == "/"
    page = alice.get(room.get_absolute_url()).content.decode()
    assert 'value="Alice"' in page, "the door offers the old name"
    alice.join(room.name, "Alice")
    assert alice.membership.pk == before.pk
    assert alice.membership.role == "owner"


def test_the_time_zone_is_chosen_in_preferences_and_holds_in_all_rooms(person):
    visitor = person("Tokyo", "Aiko")
    visitor.post("/preferences/", {"time_zone": "Asia/Tokyo", "poll_seconds": 2, "refresh_seconds": 5})
    said = Room.objects.by_name("Tokyo").messages.get()
    clock = (said.sent_at + timedelta(hours=9)).strftime("%H:%M")
    assert f">{clock}</time>" in visitor.get("/rooms/tokyo/").content.decode()


def test_the_home_page_does_not_carry_the_list_of_time_zones(person):
    assert "Europe/Vienna" not in person().get("/").content.decode()


def test_the_home_page_lists_rooms_with_topic_presence_and_activity(alice, bob, room, person):
    room.set_topic("Chapter two")
    page = person().get("/")
    (listed,) = page.context["rooms"]
    assert (listed.name, listed.topic, listed.online_count) == ("Reading club", "Chapter two", 2)
    assert b"2 online" in page.content
    Membership.objects.update(seen_at=timezone.now() - timedelta(seconds=91))
    assert b" online" not in person().get("/").content


def test_own_rooms_are_listed_first_and_once(alice, mallory):
    page = alice.get("/")
    assert [room.name for room in page.context["my_rooms"]] == ["Reading club"]
    assert [room.name for room in page.context["rooms"]] == ["Elsewhere"]


def test_many_rooms_are_paged_in_a_constant_number_of_queries(person, django_assert_num_queries):
    for n in range(60):
        Room.objects.create(name=f"Room {n}", key=f"room{n}", lookalike_key=f"room{n}", slug=f"room-{n}")
    visitor = person()
    with django_assert_num_queries(3):  # the site, how many rooms, one page of them
        first = visitor.get("/")
    assert len(first.context["rooms"]) == 50
    assert len(visitor.get("/?page=2").context["rooms"]) == 10
    assert visitor.get("/?page=%00x").status_code == 200


def test_a_name_that_is_too_long_is_refused_and_kept_whole(person):
    visitor = person()
    assert "maxlength" not in visitor.get("/").content.decode()
    page = visitor.join("Reading club", "x" * 65).content.decode()
    assert "64" in page
    assert f'value="{"x" * 65}"' in page
