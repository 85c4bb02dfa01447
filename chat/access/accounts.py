"""Who may change an account, and who may set a new password by an emailed link."""

from contextlib import suppress

from django.contrib.auth.tokens import default_token_generator
from django.http import Http404
from django.urls import reverse
from django.utils.http import urlsafe_base64_decode
from django.utils.translation import gettext as _

from chat import identity
from chat.exceptions import ExplainedNotFound, Refused
from chat.models import User


def participant_or_404(request):
    """Whoever this browser is, or 404 where it is nobody."""
    participant = identity.participant_of(request)
    if participant is None:
        raise Http404
    return participant


def account_to_change(request):
    """The account as which this browser is signed in, or 404. Raises Refused for one of the site's staff."""
    participant = participant_or_404(request)
    if participant.is_guest:
        raise Http404
    if participant.user.is_staff:
        sentence = _(
            "You are one of the site’s staff: change this in the admin, where you are asked for more than a password."
        )
        raise Refused(sentence, code="staff")
    return participant


def user_to_reset(uid, token):
    """The account to which a link for another password was mailed lately, and which has none yet, or 404."""
    with suppress(ValueError, User.DoesNotExist):
        known = {"is_active": True, "is_staff": False, "participant__isnull": False}
        user = User.objects.get(pk=int(urlsafe_base64_decode(uid)), **known)
        if default_token_generator.check_token(user, token):
            return user
    sentence = _("A link for another password works once and for a day, and has to be whole. Ask for another one.")
    raise ExplainedNotFound(sentence, (reverse("reset"), _("Ask for another link")))
