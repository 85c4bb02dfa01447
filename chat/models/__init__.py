"""The models: what Parlour stores, and the methods (verbs) that change it."""

from chat.models.actor import Actor
from chat.models.audit import AuditDetail, AuditEntry
from chat.models.draft import Draft
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
    "Actor",
    "AuditDetail",
    "AuditEntry",
    "Draft",
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
