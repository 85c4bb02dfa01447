"""Who may invite people, and who may use or revoke an invite link."""

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _

from chat.access.rooms import first_or_404, membership_of, membership_to_moderate, membership_to_read
from chat.exceptions import ExplainedNotFound, InviteNotUsable
from chat.models import Invite, Membership
from chat.types import Request


def membership_to_invite(request: Request, slug: str) -> Membership:
    """Return the membership of someone who may see the page that invites people. Only moderators may create links.

    Raises PermissionDenied, NotAMember or Http404.
    """
    membership = membership_to_read(request, slug)
    if not membership.can_invite:
        raise PermissionDenied
    return membership


def invite_by_key(key: str) -> Invite:
    """Return the invite whose link has this key, active or not. Raises ExplainedNotFound (404) if there is none."""
    invite: Invite | None = Invite.objects.by_key(key)
    if invite is None:
        sentence = _(
            "This invite link doesn’t exist. Part of it may be missing. Ask the person who sent it for a new one."
        )
        raise ExplainedNotFound(sentence)
    return invite


def check_invite_usable(request: Request, invite: Invite) -> None:
    """Raise InviteNotUsable if the invite is inactive, or this person is banned or was removed from its room."""
    membership = membership_of(request, invite.room.slug)
    if invite.refusal:
        raise InviteNotUsable(str(invite.refusal))
    if membership and (refusal := membership.rejoin_refusal):
        raise InviteNotUsable(str(refusal.message))


def invite_to_revoke(request: Request, slug: str, pk: int) -> tuple[Membership, Invite]:
    """Return the membership of this moderator, and the invite. Raises PermissionDenied, NotAMember or Http404."""
    by = membership_to_moderate(request, slug)
    return by, first_or_404(by.room.invites.filter(pk=pk))
