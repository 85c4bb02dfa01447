"""Coming in: join or create, names, leaving."""


from chat.models import Membership, Room


def test_a_room_opens_as_its_first_member_joins(person):
    answer = person().join("Reading club", "Alice")
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/rooms/reading-club/"
    membership = Membership.objects.get()
    assert (membership.room.name, membership.nickname, membership.role) == ("Reading club", "Alice", "owner")


def test_a_second_join_by_the_same_name_comes_into_the_same_room(alice, person):
    person("reading   CLUB", "Bob")
    assert Room.objects.count() == 1
    assert list(Membership.objects.order_by("pk").values_list("nickname", "role")) == [
        ("Alice", "owner"),
        ("Bob", "member"),
    ]
