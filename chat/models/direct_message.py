"""Pairs: a private room of two, made when one writes to the other, who is asked first."""

import secrets

from django.db import IntegrityError, transaction

from chat.models.membership import Membership
from chat.models.room import Room
from chat.names.normalize import display_name

CAN_BE_ASKED_AGAIN = (Membership.Status.LEFT,)


@transaction.atomic
def open_direct_message(mine, other):
    """The room of two members of another room, found again or made; gives mine there. The other is asked to come in.

    Who declined or ignores it is not asked again; who writes to somebody is in by that, whatever they said before. Both
    are told apart from others of their name as in that other room. Raises Refused where one may not open rooms.
    """
    room = _of(mine, other)
    with room.change():
        me = _in(room, mine)
        if not me.is_inside:
            me.enter_room(room.available_nickname_for(me, mine.nickname), mine.namesake_number)
        them = _in(room, other)
        if them.pk is None or them.status in CAN_BE_ASKED_AGAIN:
            them.receive_chat_request(room.available_nickname_for(them, other.nickname), other.namesake_number)
            room.touch_header()
        return me


def move_to_account(membership, participant):
    """Let that person take a guest's place in a room of two; where they have one with the other, the guest leaves."""
    room, other = membership.room, membership.other_member
    pair = dm_key(participant.pk, other.participant_id if other else membership.participant_id)
    if other is None or other.participant_id == participant.pk or Room.objects.filter(dm_key=pair).exists():
        membership.leave()
        return
    with room.change():
        room.dm_key = pair
        room.save(update_fields=["dm_key"])
        membership.transfer_to(participant)


def dm_key(*participants):
    """Of the room of these two, by their numbers."""
    return "-".join(map(str, sorted(participants)))


def _in(room, member):
    """What this person is in the room of two; nothing yet (LEFT, and not kept) where they have never been asked."""
    known = room.memberships.filter(participant=member.participant_id).first()
    return known or Membership(room=room, participant_id=member.participant_id, status=Membership.Status.LEFT)


def _of(mine, other):
    pair = dm_key(mine.participant_id, other.participant_id)
    if room := Room.objects.filter(dm_key=pair).first():
        return room
    mine.participant.check_can_create_rooms()
    ours = [display_name(member.nickname[:30]) for member in (mine, other)]
    about = {"name": " & ".join(ours), "slug": secrets.token_urlsafe(16), "access": Room.Access.PRIVATE}
    try:
        with transaction.atomic():
            return Room.objects.create(dm_key=pair, **about)
    except IntegrityError:
        return Room.objects.get(dm_key=pair)  # The other had the same thought in the same moment.
