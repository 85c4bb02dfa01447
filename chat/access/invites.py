"""Who may use or revoke an invite link."""

from django.utils.translation import gettext as _

from chat.access.rooms import first_or_404, membership_of, membership_to_moderate
from chat.exceptions import ExplainedNotFound, InviteNotUsable
from chat.models import Invite, Membership


def invite_by_key(key):
    """An invite by the key in its link, whether it still holds or not, or 404."""
    invite = Invite.objects.by_key(key)
    if invite is None:
        sentence = _(
            "There is no such invitation. Part of the link may be missing: ask whoever sent it for another one."
        )
        raise ExplainedNotFound(sentence)
    return invite


def check_invite_usable(request, invite):
    """Raises Closed where the door behind this invite is nothing to show to this person."""
    membership = membership_of(request, invite.room.slug)
    if invite.refusal:
        raise InviteNotUsable(_("%s Whoever sent it to you can make one.") % invite.refusal)
    if membership and membership.status == Membership.Status.BANNED:
        raise InviteNotUsable(_("You were shown out for good where this invitation leads. Ask whoever sent it to you."))


def invite_to_revoke(request, slug, pk):
    """The owner or moderator who revokes, and the invite."""
    by = membership_to_moderate(request, slug)
    return by, first_or_404(by.room.invites.filter(pk=pk))
