"""Who may use or revoke a sign-in link."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from chat import identity
from chat.access.accounts import participant_or_404
from chat.exceptions import ExplainedNotFound
from chat.models import SignInLink
from chat.types import Request

if TYPE_CHECKING:
    from chat.models.sign_in_link import SignInLinkQuerySet


def sign_in_links_to_revoke(request: Request) -> SignInLinkQuerySet:
    return participant_or_404(request).sign_in_links.active().order_by()


def sign_in_link_to_use(key: str) -> SignInLink:
    """Return the link with this key, even if it is used, expired or revoked.

    Raises ExplainedNotFound (404) if there is none, or if its account is deactivated.
    """
    link = SignInLink.objects.filter(identity.is_active_q("participant__")).by_key(key)
    if link is None:
        sentence = _(
            "This sign-in link doesn’t exist. Part of it may be missing. Create a new one in a "
            "browser where you’re signed in."
        )
        raise ExplainedNotFound(sentence)
    return link
