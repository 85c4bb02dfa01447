"""How often one may do it: named limits, each counted per person, name, address or room, or for the whole site."""

import time
from dataclasses import dataclass

from django.conf import settings
from django.core.cache import caches

from chat import client_ip
from chat.exceptions import LimitExceeded
from chat.text import text_digest


@dataclass(frozen=True)
class Limit:
    """At most `count` times in `seconds`, in windows that start on the clock."""

    name: str
    count: int
    seconds: int

    @classmethod
    def named(cls, name):
        """The limit that the setting of this name gives as `count/seconds`."""
        count, seconds = getattr(settings, name).split("/")
        return cls(name, int(count), int(seconds))

    def spend(self, who):
        """Count one more for `who`. Raises Exceeded when that was one too many; writes no database."""
        window, elapsed = divmod(int(time.time()), self.seconds)
        key = f"{self.name}:{who}:{window}"
        counter = caches["limits"]
        counter.add(key, 0, timeout=self.seconds + 1)
        try:
            used = counter.incr(key)
        except ValueError:
            return  # The counter was dropped for lack of room between the two lines above.
        if used > self.count:
            raise LimitExceeded(self, self.seconds - elapsed)


def check_sending(request, membership):
    """30 a minute by a person, 600 from an address (a whole class may share one), 1,200 in a room."""
    _spend("SEND", person=membership.participant_id, address=client_ip.network_of(request), room=membership.room_id)


def check_typing(request, membership):
    """60 signs of typing a minute by a person; a page gives 12."""
    _spend("TYPE", person=membership.participant_id)


def check_joining(request, participant, room):
    """30 in ten minutes by a person, 600 from an address, 3,000 into a room."""
    _spend("JOIN", person=participant.pk, address=client_ip.network_of(request), room=room and room.pk)


def check_preferences(request, participant):
    """30 in ten minutes by a person."""
    _spend("PREFERENCES", person=participant.pk)


def check_inviting(request, membership):
    """20 invitations an hour by a person, 60 into a room."""
    _spend("INVITE", person=membership.participant_id, room=membership.room_id)


def check_chat_requests(request, membership):
    """20 times an hour that one person writes to others alone, 100 from an address."""
    _spend("ASK", person=membership.participant_id, address=client_ip.network_of(request))


def check_nickname_changes(request, membership):
    """5 new names an hour by a person."""
    _spend("RENAME", person=membership.participant_id)


def check_room_settings(request, membership):
    """30 changes of a room's settings in ten minutes by a person."""
    _spend("SETTLE", person=membership.participant_id)


def check_signing_in(request, name=""):
    """20 tries in ten minutes from an address, 10 for a name, 120 a minute on the whole site: each costs a tenth of a
    second, and a few addresses must not keep everybody out."""
    _spend("SIGN_IN", address=client_ip.network_of(request), name=name and text_digest(name), site="site")


def check_creating_accounts(request):
    """20 accounts an hour from an address, 200 on the whole site."""
    _spend("ACCOUNT", address=client_ip.network_of(request), site="site")


def check_password_resets(request):
    """10 times an hour that a mail for another password is asked for from an address."""
    _spend("RESET", address=client_ip.network_of(request))


def check_reset_emails(user):
    """3 of those mails an hour to an account, however it was called when they were asked for."""
    _spend("RESET", name=user.pk)


def check_sign_in_links(request, participant):
    """20 personal links an hour by a person."""
    _spend("LINK", person=participant.pk)


def check_creating_rooms(request, participant):
    """10 rooms an hour by a person, 60 from an address, 300 on the whole site."""
    _spend("CREATE", person=participant.pk, address=client_ip.network_of(request), site="site")


def _spend(what, **scopes):
    """Count one `what` in every scope that is known; a limit that is not known to apply does not."""
    if not settings.LIMITS:
        return
    for scope, who in scopes.items():
        if who:
            Limit.named(f"LIMIT_{what}_{scope.upper()}").spend(who)
