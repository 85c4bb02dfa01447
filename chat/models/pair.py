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

    Who declined or ignores it is not asked again; who writes to somebody is in by that, whatever they said before.
    """
    room = _of(mine, other)
    with room.change():
        me = room.memberships.filter(participant=mine.participant_id).first()
        if me is None or not me.present:
            me = me or Membership(room=room, participant_id=mine.participant_id)
            me.come_in(mine.nickname)
        them = room.memberships.filter(participant=other.participant_id).first()
        if them is None or them.status in ASKED_ANEW:
            them = them or Membership(room=room, participant_id=other.participant_id)
            them.be_asked(other.nickname)
        return me


def _of(mine, other):
    pair = "-".join(map(str, sorted((mine.participant_id, other.participant_id))))
    if room := Room.objects.filter(pair=pair).first():
        return room
    ours = [names.display(member.nickname[:30]) for member in (mine, other)]
    about = {"name": " & ".join(ours), "slug": secrets.token_urlsafe(16), "access": Room.Access.PRIVATE}
    try:
        with transaction.atomic():
            return Room.objects.create(pair=pair, **about)
    except IntegrityError:
        return Room.objects.get(pair=pair)  # The other had the same thought in the same moment.
