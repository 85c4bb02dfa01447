"""The nouns: what Parlour keeps, and the verbs that change it."""

from chat.models.installation import Installation
from chat.models.invite import Invite
from chat.models.membership import Membership
from chat.models.message import Message
from chat.models.name_history import NameHolder
from chat.models.participant import Participant
from chat.models.room import Room
from chat.models.room_address import FormerAddress
from chat.models.sign_in_link import SignInLink
from chat.models.site import Site
from chat.models.user import User

__all__ = [
    "FormerAddress",
    "Installation",
    "Invite",
    "Membership",
    "Message",
    "NameHolder",
    "Participant",
    "Room",
    "SignInLink",
    "Site",
    "User",
]
