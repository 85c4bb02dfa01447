"""Pairs: a private room of two, made when one writes to the other, who is asked first."""

import secrets

from django.db import IntegrityError, transaction

from chat import names
from chat.models.membership import Membership
from chat.models.room import Room

ASKED_ANEW = (Membership.Status.LEFT,)


@transaction.atomic
def between(mine, other):
    """The room of two members of another room, found again or made; gives mine there. The other is asked to come in.

    Who declined or ignores it is not asked again; who writes to somebody is in by that, whatever they said before. Both
    are told apart from others of their name as in that other room. Raises Refused where one may not open rooms.
    """
    room = _of(mine, other)
    with room.change():
        me = _in(room, mine)
        if not me.present:
            me.come_in(room.free_for(me, mine.nickname), mine.mark)
        them = _in(room, other)
        if them.pk is None or them.status in ASKED_ANEW:
            them.be_asked(room.free_for(them, other.nickname), other.mark)
            room.header_changed()
        return me


def bring_along(membership, participant):
    """Let that person take a guest's place in a room of two; where they have one with the other, the guest leaves."""
    room, other = membership.room, membership.other
    pair = key(participant.pk, other.participant_id if other else membership.participant_id)
    if other is None or other.participant_id == participant.pk or Room.objects.filter(pair=pair).exists():
        membership.leave()
        return
    with room.change():
        room.pair = pair
        room.save(update_fields=["pair"])
        membership.pass_to(participant)


def key(*participants):
    """Of the room of these two, by their numbers."""
    return "-".join(map(str, sorted(participants)))


def _in(room, member):
    """What this person is in the room of two; nothing yet (LEFT, and not kept) where they have never been asked."""
    known = room.memberships.filter(participant=member.participant_id).first()
    return known or Membership(room=room, participant_id=member.participant_id, status=Membership.Status.LEFT)


def _of(mine, other):
    pair = key(mine.participant_id, other.participant_id)
    if room := Room.objects.filter(pair=pair).first():
        return room
    mine.participant.must_be_one_who_opens_rooms()
    ours = [names.display(member.nickname[:30]) for member in (mine, other)]
    about = {"name": " & ".join(ours), "slug": secrets.token_urlsafe(16), "access": Room.Access.PRIVATE}
    try:
        with transaction.atomic():
            return Room.objects.create(pair=pair, **about)
    except IntegrityError:
        return Room.objects.get(pair=pair)  # The other had the same thought in the same moment.
