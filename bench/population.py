"""Writes the rows that the models' verbs would write, but in bulk; runs as python -m bench.population."""

import json
import secrets
import sys
from datetime import timedelta
from importlib import import_module

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.contrib.sessions.models import Session  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.middleware import csrf  # noqa: E402
from django.utils import timezone  # noqa: E402
from django.utils.crypto import get_random_string  # noqa: E402

from bench.people import Person, Place, as_json  # noqa: E402
from chat import markup  # noqa: E402
from chat.identity import RENEWED_KEY, SESSION_KEY  # noqa: E402
from chat.models import Membership, Message, Participant, Room  # noqa: E402
from chat.models.message import new_nonce  # noqa: E402
from chat.names.normalize import nickname_key  # noqa: E402
from chat.text import text_digest  # noqa: E402

BATCH = 20_000  # messages per transaction
SAYINGS = [f"Line {n}: {'some words that people say to one another ' * (n % 4 + 1)}" for n in range(100)]


@transaction.atomic
def make(rooms, people, zones, name):
    return [as_json(_place(f"{name} {number}", people, zones)) for number in range(1, rooms + 1)]


def _place(name, people, zones):
    """Create the room as its first member. The others join in bulk, each with a system message."""
    owner = Participant(time_zone=zones[0])
    room = owner.enter("Reader 1", room=name).room
    guests = Participant.objects.bulk_create(Participant(time_zone=zones[n % len(zones)]) for n in range(1, people))
    _join(room, guests)
    members = list(room.memberships.order_by("pk"))
    sessions = _sessions([member.participant_id for member in members])
    return Place(
        room.pk, room.slug, room.version, [_person(room, *pair) for pair in zip(members, sessions, strict=True)]
    )


def _join(room, guests):
    nicknames = [f"Reader {number}" for number in range(2, len(guests) + 2)]
    Membership.objects.bulk_create(
        Membership(room=room, participant=guest, nickname=name, nickname_key=nickname_key(name))
        for guest, name in zip(guests, nicknames, strict=True)
    )
    names = [{"subject_name": nickname, "subject_namesake_number": 1} for nickname in nicknames]
    lines = [{"event": Message.Event.JOINED, "detail": json.dumps(detail)} for detail in names]
    _append(room, [(None, line) for line in lines])


def _sessions(participants):
    """Create a session for each participant, as `chat.identity` would. Returns their keys."""
    store, now = import_module(settings.SESSION_ENGINE).SessionStore(), timezone.now()
    expires = now + timedelta(seconds=settings.SESSION_COOKIE_AGE)
    made = [
        Session(
            session_key=get_random_string(32, "abcdefghijklmnopqrstuvwxyz0123456789"),
            session_data=store.encode({SESSION_KEY: pk, RENEWED_KEY: int(now.timestamp())}),
            expire_date=expires,
        )
        for pk in participants
    ]
    return [session.session_key for session in Session.objects.bulk_create(made)]


def _person(room, member, session):
    secret = csrf._get_new_csrf_string()
    token, page = csrf._mask_cipher_secret(secret), secrets.token_urlsafe(12)
    return Person(room.slug, member.pk, member.nickname, session, secret, token, page, room.incarnation)


def fill(slug, messages):
    room = Room.objects.get(slug=slug)
    authors = list(room.memberships.order_by("pk")[:20])
    said = [{"text": text, "html": markup.render(text), "digest": text_digest(text)} for text in SAYINGS]
    said = [fields | {"renderer": markup.RENDERER} for fields in said]
    page = secrets.token_urlsafe(12)
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA synchronous=OFF")  # for this connection only; the data can be created again
    for start in range(0, messages, BATCH):
        numbers = range(start, min(start + BATCH, messages))
        _append(room, [(authors[n % len(authors)], said[n % len(said)] | {"token": f"{page}:{n}"}) for n in numbers])
    return room.version


@transaction.atomic
def _append(room, lines):
    """Append pairs of author and fields to the log, each with its own version, as Room.append does."""
    if not lines:
        return
    columns = [field.column for field in Message._meta.concrete_fields if not field.primary_key]
    names = ", ".join(f'"{column}"' for column in columns)
    into = f"INSERT INTO {Message._meta.db_table} ({names}) VALUES ({', '.join(['%s'] * len(columns))})"
    rows = ([row[column] for column in columns] for row in _rows(room, lines))
    with connection.cursor() as cursor:
        cursor.executemany(into, rows)
    room.active_at = room.last_sent_at
    room.save(update_fields=["version", "last_sent_at", "active_at", "last_author"])


def _rows(room, lines):
    """A dictionary of columns per message. Times are spread evenly from the room's last message to now."""
    stored = connection.ops.adapt_datetimefield_value
    empty = {field.column: field.get_default() for field in Message._meta.concrete_fields} | {"room_id": room.pk}
    step = (timezone.now() - room.last_sent_at) / len(lines)
    for author, fields in lines:
        before, room.last_sent_at = room.last_sent_at, room.last_sent_at + step
        continues = author is not None and author.pk == room.last_author_id
        room.version, room.last_author = room.version + 1, author
        who = (
            {"membership_id": author.pk, "nickname": author.nickname, "role": author.role, "hue": author.hue}
            if author
            else {}
        )
        yield (
            empty
            | who
            | fields
            | {
                "first_version": room.version,
                "version": room.version,
                "nonce": new_nonce(),
                "sent_at": stored(room.last_sent_at),
                "previous_at": stored(before),
                "continues": continues,
            }
        )


@transaction.atomic
def hide(slugs):
    rooms = [Room.objects.get(slug=slug) for slug in slugs]
    for room in rooms:
        room.set_access(Room.Access.PRIVATE)
    return rooms[0].slug, rooms[0].messages.latest("pk").pk


def messages_of(slug):
    said = Message.objects.filter(room__slug=slug, event="").order_by("first_version")
    return list(said.values_list("first_version", "text"))


if __name__ == "__main__":
    function = {"make": make, "fill": fill, "hide": hide, "messages_of": messages_of}[sys.argv[1]]
    print(json.dumps(function(**json.load(sys.stdin))))
