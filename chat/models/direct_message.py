"""Direct messages: private rooms for two people, one of whom gets a chat request first."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction

from chat.models.membership import Membership
from chat.models.room import Room
from chat.names.normalize import display_name

if TYPE_CHECKING:
    from chat.models.participant import Participant

REQUESTABLE = (Membership.Status.LEFT,)


@transaction.atomic
def open_direct_message(mine: Membership, other: Membership) -> Membership:
    """Find or create the direct message of two members of a room, and return the membership of `mine` there.

    `other` gets a chat request, unless one is open or they declined or ignored one before. `mine` joins, even if
    they declined or ignored one before. Both keep their namesake numbers. Raises Refused if `mine` may not create
    rooms.
    """
    room = _direct_message_room(mine, other)
    with room.change():
        me = _membership_in(room, mine)
        if not me.is_inside:
            me.enter_room(room.available_nickname_for(me, mine.nickname), mine.namesake_number)
        them = _membership_in(room, other)
        if them.pk is None or them.status in REQUESTABLE:
            them.receive_chat_request(room.available_nickname_for(them, other.nickname), other.namesake_number)
            room.touch_header()
        return me


def move_to_account(membership: Membership, participant: Participant) -> bool:
    """Move a guest's direct message to their account.

    The guest leaves instead if the account has one with the other person already, or is that person. Returns whether
    the guest left or the direct message was moved.
    """
    room, other = membership.room, membership.other_member
    pair = dm_key(participant.pk, other.participant_id if other else membership.participant_id)
    with room.change():
        if other is None or other.participant_id == participant.pk or not room.save_if_free("dm_key", pair):
            return membership.leave(for_good=True)
        return membership.transfer_to(participant)


def dm_key(*participants: int) -> str:
    """The key of the direct message between these two participant ids, the same in either order."""
    return "-".join(map(str, sorted(participants)))


def _membership_in(room: Room, member: Membership) -> Membership:
    """The membership in `room`, a direct message, of the person with the membership `member` in another room.

    If they have none, a new unsaved one with status LEFT.
    """
    known = room.memberships.filter(participant=member.participant_id).first()
    return known or Membership(room=room, participant_id=member.participant_id, status=Membership.Status.LEFT)


def _direct_message_room(mine: Membership, other: Membership) -> Room:
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
        return Room.objects.get(dm_key=pair)  # The other person created it at the same moment.
