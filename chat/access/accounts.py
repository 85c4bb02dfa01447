"""Permissions for accounts: to change one, and to set a new password with a password reset link."""

from contextlib import suppress

from django.contrib.auth.tokens import default_token_generator
from django.http import Http404
from django.urls import reverse
from django.utils.http import urlsafe_base64_decode
from django.utils.translation import gettext as _

from chat import identity
from chat.exceptions import ExplainedNotFound, Refused
from chat.models import Participant, User
from chat.types import Request


def participant_or_404(request: Request) -> Participant:
    participant = identity.participant_of(request)
    if participant is None:
        raise Http404
    return participant


def account_to_change(request: Request) -> tuple[Participant, User]:
    """The signed-in participant and their user. Raises Http404 for guests and people without a session.

    Raises Refused for site staff, who change their account in the admin.
    """
    participant = participant_or_404(request)
    if participant.user is None:
        raise Http404
    if participant.user.is_staff:
        sentence = _("You’re a site admin, so change this in the admin. It asks for more than your password.")
        raise Refused(sentence, code="staff")
    return participant, participant.user


def user_to_reset(uid: str, token: str) -> User:
    """The user to whom this password reset link was emailed.

    Raises ExplainedNotFound (a 404) if the link is used, expired or incomplete, or the account can't be reset by email.
    """
    with suppress(ValueError, User.DoesNotExist):
        resettable = User.objects.filter(is_active=True, is_staff=False, participant__isnull=False)
        user = resettable.get(pk=int(urlsafe_base64_decode(uid)))
        if default_token_generator.check_token(user, token):
            return user
    sentence = _(
        "This link doesn’t work. Reset links work once, for one day. Check that the link is "
        "complete, or request a new one."
    )
    raise ExplainedNotFound(sentence, (reverse("reset"), _("Request a new link")))
