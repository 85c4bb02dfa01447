"""The rooms and people in the screenshots: who is where, and what they have said."""

from datetime import timedelta
from itertools import cycle, islice

from django.db.models import F
from django.utils import timezone

from chat.models import Membership, Message, Participant, Room, Site
from chat.models.direct_message import open_direct_message
from tests.support.browsing import say

LONG_WORD = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
CODE = "def pages(book):\n    for page in book:\n        yield page.number"
TALK = [
    ("Maya", "Has everyone got a copy by now?"),
    ("Maya", "The library had two left this morning."),
    ("Bob", "I have the old green one from my grandmother. The print is tiny."),
    ("Kenji", "電子書籍で読んでいます。字を大きくできるので助かります。"),
    ("Bob", "Lucky you :)"),
    ("Layla", "وصلتني النسخة أمس، وبدأت بالفصل الأول."),
    ("Maya", "Wonderful! Then let us say chapters 10 to 20 until Thursday. That is about a hundred pages, which sounds "
     "like a lot, but the chapters in the middle are short, and nobody has to finish."),
    ("Bartholomew Featherstonehaugh", "Fine with me."),
    ("Alice", "For me too. I will bring the biscuits."),
    ("Alice", "And tea."),
    ("Bob", "The whole text is at https://www.gutenberg.org/files/145/145-h/145-h.htm#chapter-10 if you need it, and "
     "questions go to reading@example.org"),
    ("Kenji", f"My favourite German word so far: {LONG_WORD}"),
    ("Layla", "😀📚"),
    ("Maya", "Three questions to think about:\n1. Why does she marry him?\n2. Who in the town is happy?\n3. And who "
     "says so?"),
    ("Bob", f"Somebody asked how I count the pages:\n```\n{CODE}\n```"),
    ("Alice", "Does *anybody* else find Mr Casaubon a little sad?"),
    ("Kenji", "Yes."),
    ("Kenji", "Very."),
    ("Bartholomew Featherstonehaugh", "He is not sad, he is busy. " * 12),
    ("Layla", "أظن أنه وحيد"),
]  # fmt: skip


OTHERS = ("Bob", "Kenji", "Layla", "Bartholomew Featherstonehaugh", "Troll", "Noisy", "Visitor")
ROOMS = {  # topics by name; those that come first were used last
    "Allotments": "Who has spare tomato plants?",
    "Board games on Friday": "",
    "Choir": "Rehearsal at seven, please bring a pencil",
    "Cycling to work": "Routes, tyres and rain",
    "Film night": "Next: The Third Man",
    "Neighbours of Elm Street and the small lane behind the old bakery": "Parcels, cats and lost keys",
    "日本語の部屋": "はじめまして",
    "نادي القراءة": "كتاب الشهر",
}


def site(alice):
    about = {"rules": "Be kind.\n\nNo advertising.", "privacy": "We keep what you write until you delete it."}
    Site.objects.create(name="Elm Street", contact="help@example.org", **about)


def joins(room, name):
    return room.join(Participant.objects.create(), name)


def mine(room="Reading club"):
    return Membership.objects.select_related("room").get(room__name=room, nickname="Alice")


def maya():
    return Membership.objects.select_related("room").get(room__name="Reading club", nickname="Maya")


def member(alice):
    """Alice is in a room with 50 messages and every kind of event, and has read them. Maya owns it, Bob helps."""
    owner = Participant.objects.create().enter("Maya", room="Reading club")
    alice.become_member()
    members = {name: joins(owner.room, name) for name in OTHERS} | {"Maya": owner, "Alice": mine()}
    bob, kenji = members["Bob"], members["Kenji"]
    owner.room.set_topic("Middlemarch, chapters 1 to 10", owner)
    bob.set_role("moderator", owner)
    speech = cycle(TALK)
    talk(members, speech, 15)
    members["Visitor"].leave()
    say(members["Troll"], "BUY WATCHES")[0].remove()
    members["Troll"].ban(bob)
    talk(members, speech, 15)
    kenji.change_nickname("Kenji T.")
    say(members["Noisy"], "lalala")[0].edit("la")
    members["Noisy"].set_muted(True, bob)
    owner.room.set_topic("Middlemarch, chapters 10 to 20", owner)
    joins(owner.room, "Dora")
    talk(members, speech, 18)
    spread(owner.room)
    is_away(members["Layla"], timedelta(hours=3))
    is_away(members["Bartholomew Featherstonehaugh"], timedelta(days=12))
    mine().mark_read()


def talk(members, speech, count):
    for name, text in islice(speech, count):
        say(members[name], text)


def spread(room):
    """As if the messages had been sent over some days."""
    moment, pauses = timezone.now(), cycle([2, 40, 7, 300, 1, 90])
    lines = list(room.messages.order_by("-first_version"))
    for line, before in zip(lines, [*lines[1:], None], strict=True):
        pause = timedelta(minutes=1 if line.continues else next(pauses))
        Message.objects.filter(pk=line.pk).update(sent_at=moment, previous_at=before and moment - pause)
        moment -= pause


def set_back(room, time):
    """As if the last message had been sent this long ago, and all others before it."""
    room.messages.update(sent_at=F("sent_at") - time, previous_at=F("previous_at") - time)
    Room.objects.filter(pk=room.pk).update(last_sent_at=F("last_sent_at") - time, active_at=F("active_at") - time)


def is_away(member, time):
    Membership.objects.filter(pk=member.pk).update(seen_at=timezone.now() - time)


def owner(alice):
    member(alice)
    mine().set_role("owner")
    mine().mark_read()


def new_room(alice):
    alice.become_member()


def one_message(alice):
    new_room(alice)
    bob = joins(mine().room, "Bob")
    say(bob, "Hello! Is this the right place for the book?")
    mine().mark_read()


def unread(alice):
    """Alice has not seen the last 30 lines."""
    member(alice)
    room = mine().room
    first = room.messages.order_by("-first_version")[30]
    since = room.messages.filter(first_version__gte=first.first_version, event="").count()
    read = {"read_version": first.first_version - 1, "read_message_count": room.message_count - since}
    Membership.objects.filter(pk=mine().pk).update(**read)


def town(alice):
    """Open rooms, of which the first were used last."""
    for days, (name, topic) in enumerate(ROOMS.items()):
        nora = Participant.objects.create().enter("Nora", room=name)
        nora.room.set_topic(topic, nora)
        say(nora, "Good morning everyone", "Does anyone know when we meet?")
        set_back(nora.room, timedelta(days=days / 2))
        if days % 3:
            is_away(nora, timedelta(days=days))


def regular(alice):
    """Alice has many rooms: with unread messages, join requests, direct messages, and one that is archived."""
    town(alice)
    owner(alice)
    person = mine().participant
    for number, name in enumerate(list(ROOMS)[:5]):
        room = Room.objects.get(name=name)
        room.join(person, "Alice")
        say(room.memberships.get(nickname="Nora"), *["Are you coming?"] * (number % 3 * 4))
        set_back(room, timedelta(hours=15 * number))
    mine().room.set_approval(True)
    Participant.objects.create().enter("Erin", target_room=mine().room)
    old = Room.objects.enter("Summer party 2024", person, "Alice").room
    say(old.memberships.get(), "Thank you all!")
    old.set_archived(True)
    mine(old.name).mark_read()
    set_back(old, timedelta(days=200))
    direct_message(alice)
    chat_request(alice)


def direct_message(alice):
    """Maya and Alice write to each other."""
    mayas = open_direct_message(maya(), mine())
    mayas.other_member.accept_chat()
    say(mayas, "Hi Alice, may I ask you something?", "Could you open the door on Thursday?")


def chat_request(alice):
    bobs = open_direct_message(mine().room.memberships.get(nickname="Bob"), mine())
    say(bobs, "Hello Alice!")


def own_chat_request(alice):
    """Alice has asked Layla, who has not answered."""
    say(open_direct_message(mine(), mine().room.memberships.get(nickname="Layla")), "Have you got a minute?")


def writing_club(alice):
    """A room that Alice is not in."""
    nora = Participant.objects.create().enter("Nora", room="Writing club")
    nora.room.update_settings(topic="Short stories, one page a week", rules="Be kind.\nNo spoilers.")
    say(joins(nora.room, "Oscar"), "My page is ready.")
    say(nora, "Lovely, I will read it tonight.")


def many_members(alice):
    owner(alice)
    for number in range(1, 32):
        is_away(joins(mine().room, f"Reader {number}"), timedelta(hours=number**2))


def join_requests(alice):
    owner(alice)
    mine().room.set_approval(True)
    for name in ("Erin", "Frank", "Greta from the house opposite the library"):
        Participant.objects.create().enter(name, target_room=mine().room)
    mine().room.memberships.get(nickname="Noisy").remove(mine())
