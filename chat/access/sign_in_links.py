"""Who may use or revoke a sign-in link."""

from django.utils.translation import gettext as _

from chat import identity
from chat.access.accounts import participant_or_404
from chat.exceptions import ExplainedNotFound
from chat.models import SignInLink


def sign_in_links_to_revoke(request):
    return participant_or_404(request).sign_in_links.active().order_by()


def sign_in_link_to_use(key):
    """A personal link by the key in it, whether it still works or not, or 404, also for one of an account that is
    switched off."""
    link = SignInLink.objects.filter(identity.is_active_q("participant__")).by_key(key)
    if link is None:
        sentence = _(
            "There is no such personal link. Part of it may be missing: make another one where you are still you."
        )
        raise ExplainedNotFound(sentence)
    return link
