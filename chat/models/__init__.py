"""The nouns: what Parlour keeps, and the verbs that change it."""

from chat.models.address import FormerAddress
from chat.models.invitation import Invitation
from chat.models.membership import Membership
from chat.models.message import Message
from chat.models.name_holder import NameHolder
from chat.models.participant import Participant
from chat.models.personal_link import PersonalLink
from chat.models.room import Room
from chat.models.site import Site

__all__ = [
    "FormerAddress",
    "Invitation",
    "Membership",
    "Message",
    "NameHolder",
    "Participant",
    "PersonalLink",
    "Room",
    "Site",
]
