"""Screenshots of the ways into a room, and of what keeps people out."""

from chat.models import Invite, Participant, Room
from tests.screenshots.people import mine, new_room, site, writing_club
from tests.support.more_pages import (
    at,
    club,
    door_of_an_invitation,
    door_of_an_invitation_that_was_taken_back,
)


def door(alice):
    at(alice, "/rooms/writing-club/")


def join_request(alice):
    at(alice, "/rooms/writing-club/join-request/")


def refused_name(alice):
    door(alice)
    alice.page.get_by_label("Your name").fill("Nora")
    alice.page.locator("form.join .primary").click()
    alice.page.locator("[aria-invalid=true]").wait_for()


def looks_alike(alice):
    at(alice, "/")
    alice.page.get_by_label("Room", exact=True).fill("Writing c1ub")
    alice.page.get_by_label("Your name").fill("Alice")
    alice.page.locator("form.join .primary").click()
    alice.page.locator("[aria-invalid=true]").first.wait_for()


def approval(alice):
    club().set_approval(True)


def full(alice):
    club().set_member_limit(2)


def accounts_only(alice):
    club().set_accounts_only(True)


def archived(alice):
    club().set_archived(True)


def private(alice):
    club().set_access(Room.Access.PRIVATE)


def unknown_invite(alice):
    at(alice, "/invitations/nonsense/")


def used_invite(alice):
    invite, key = Invite.objects.issue(club().memberships.get(nickname="Nora"), days=1, max_uses=1)
    club().join(Participant.objects.create(), "Pia", invite=invite)
    at(alice, f"/invitations/{key}/")


def waiting(alice):
    """Alice waits, behind somebody else."""
    approval(alice)
    Participant.objects.create().enter("Pia", target_room=club())
    mine().participant.enter("Alice", target_room=club())


def declined(alice):
    waiting(alice)
    mine("Writing club").decline_request(answer="We are full until autumn, please ask again then.")


def let_in(alice):
    waiting(alice)
    mine("Writing club").approve(answer="Good to see you! We begin at seven.")


def inside(alice):
    club().join(mine().participant, "Alice")


def removed(alice):
    inside(alice)
    mine("Writing club").remove()


def banned(alice):
    inside(alice)
    mine("Writing club").ban()


SHOTS = {
    "join": (site, writing_club, door),
    "join-as-member-elsewhere": (site, writing_club, new_room, door),
    "join-refused": (writing_club, refused_name),
    "join-looks-alike": (writing_club, looks_alike),
    "join-approval": (writing_club, approval, door),
    "join-full": (writing_club, full, door),
    "join-accounts-only": (writing_club, accounts_only, door),
    "join-archived": (writing_club, archived, door),
    "join-private": (writing_club, private, door),
    "join-declined": (writing_club, new_room, declined, door),
    "join-removed": (writing_club, new_room, removed, door),
    "join-banned": (writing_club, new_room, banned, door),
    "invite": (site, writing_club, door_of_an_invitation),
    "invite-revoked": (writing_club, door_of_an_invitation_that_was_taken_back),
    "invite-used": (writing_club, used_invite),
    "invite-unknown": (unknown_invite,),
    "waiting": (writing_club, new_room, waiting, join_request),
    "waiting-declined": (writing_club, new_room, declined, join_request),
    "waiting-let-in": (writing_club, new_room, let_in, join_request),
}
