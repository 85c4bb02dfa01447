"""Removed people: they can't rejoin for some minutes, read why, and can be let in earlier by those who moderate."""

from datetime import timedelta

import pytest

from chat.exceptions import Refused
from chat.models import AuditEntry, Invite, Membership, Participant
from tests.test_audit import now
from tests.test_members import act

SENTENCE = "You were removed from this room. You can rejoin in 10\xa0minutes."


@pytest.fixture
def removed(alice, bob, room):
    """Bob, whom Alice has removed."""
    assert act(alice, room, bob, "remove").status_code == 303
    return bob


def minutes_later(member, minutes):
    until = member.removed_until - timedelta(minutes=minutes)
    Membership.objects.filter(pk=member.pk).update(removed_until=until)


def test_a_removed_person_cannot_rejoin_and_reads_for_how_long(removed, room):
    page = removed.get(room.get_absolute_url()).content.decode()
    assert SENTENCE in page
    assert 'name="nickname"' not in page
    for answer in (
        removed.join(room.name, "Bob"),
        removed.post(f"/rooms/{room.slug}/join/", {"nickname": "Someone else"}),
    ):
        assert answer.status_code == 422
        assert SENTENCE in answer.content.decode()
    assert not removed.membership.is_inside


def test_a_removed_person_can_rejoin_when_the_time_is_over(removed, room):
    minutes_later(removed.membership, 9)
    assert "You can rejoin in 1\xa0minute." in removed.get(room.get_absolute_url()).content.decode()
    minutes_later(removed.membership, 1)
    assert 'name="nickname"' in removed.get(room.get_absolute_url()).content.decode()
    assert removed.join(room.name, "Bob").status_code == 303


def test_the_time_is_a_setting(alice, bob, room, settings):
    settings.REMOVAL_MINUTES = 90
    now(bob).remove(now(alice))
    assert "rejoin in 1\xa0hour, 30\xa0minutes." in bob.get(room.get_absolute_url()).content.decode()


def test_with_zero_minutes_a_removed_person_can_rejoin_at_once(alice, bob, room, settings):
    settings.REMOVAL_MINUTES = 0
    now(bob).remove(now(alice))
    assert bob.join(room.name, "Bob").status_code == 303


def test_an_invite_link_does_not_end_a_removal(removed, alice, room):
    invite, key = Invite.objects.issue(alice.membership, days=1, max_uses=1)
    room.set_access("private")
    opened = removed.get(f"/invitations/{key}/")
    assert (opened.status_code, SENTENCE in opened.content.decode()) == (410, True)
    used = removed.post(f"/invitations/{key}/", {"nickname": "Bob"})
    assert (used.status_code, SENTENCE in used.content.decode()) == (422, True)
    invite.refresh_from_db()
    assert (invite.uses, removed.membership.is_inside) == (0, False)


def test_open_pages_and_forms_of_a_removed_person_say_why(removed, room):
    polled = removed.poll(room, 1)
    assert (polled.status_code, SENTENCE in polled.content.decode()) == (286, True)
    for name in ("live", "compose"):
        frame = removed.get(f"/rooms/{room.slug}/{name}/")
        assert (frame.status_code, SENTENCE in frame.content.decode()) == (403, True)
    for headers in ({}, {"HX-Request": "true"}):
        sent = removed.send(room, "may I?", headers=headers)
        assert (sent.status_code, SENTENCE in sent.content.decode()) == (403, True)
    assert "may I?" in removed.send(room, "may I?").content.decode(), "the text is kept"


def test_the_open_page_of_a_banned_person_says_so_and_does_not_offer_to_join(alice, bob, room):
    now(bob).ban(now(alice))
    for answer in (bob.poll(room, 1), bob.get(f"/rooms/{room.slug}/live/")):
        page = answer.content.decode()
        assert "been banned from this room." in page
        assert "Join again" not in page


def test_someone_who_left_may_rejoin_at_once(bob, room):
    now(bob).leave()
    assert "removed" not in bob.get(room.get_absolute_url()).content.decode()
    assert bob.join(room.name, "Bob").status_code == 303


def test_moderators_see_removed_people_and_let_them_rejoin(removed, alice, room, person):
    members = f"/rooms/{room.slug}/members/"
    page = alice.get(members).content.decode()
    assert "Can rejoin in 10\xa0minutes" in page
    assert f"{members}{removed.membership.pk}/allow-rejoin/" in page
    cleo = person(room.name, "Cleo")
    assert "allow-rejoin" not in cleo.get(members).content.decode()
    assert act(cleo, room, removed, "allow-rejoin").status_code == 403
    assert act(alice, room, removed, "allow-rejoin").headers["Location"] == members
    assert "allow-rejoin" not in alice.get(members).content.decode()
    stale = act(alice, room, removed, "allow-rejoin").headers["Location"]
    assert "They can rejoin already." in alice.get(stale).content.decode()
    assert removed.join(room.name, "Bob").status_code == 303


def test_allowing_to_rejoin_is_logged_once_and_only_moderators_may(removed, alice, room, person):
    cleo, member = now(person(room.name, "Cleo")), now(removed)
    with pytest.raises(Refused):
        member.allow_rejoin(cleo)
    assert [member.allow_rejoin(now(alice)), member.allow_rejoin(now(alice))] == [True, False]
    entry = AuditEntry.objects.get(action="allow_rejoin")
    assert (entry.actor_membership_id, entry.subject_membership_id) == (alice.membership.pk, member.pk)


def test_an_unbanned_person_can_rejoin_at_once(alice, bob, room):
    now(bob).ban(now(alice))
    now(bob).unban(now(alice))
    assert bob.join(room.name, "Bob").status_code == 303


def test_a_removed_join_request_cannot_be_sent_again_at_once(alice, person, room):
    room.set_approval(True)
    dora = person(room.name, "Dora")
    now(dora).remove(now(alice))
    assert dora.join(room.name, "Dora").status_code == 422


@pytest.mark.parametrize("was_there", [True, False])
def test_a_removal_goes_along_to_the_account_of_the_same_person(removed, room, was_there):
    account = Participant().create_account("Kim", "a long walk home")
    if was_there:
        room.join(account, "Kim").leave()
    account.merge_guest(removed.membership.participant)
    [mine] = account.memberships.all()
    assert mine.is_kept_out
    with pytest.raises(Refused, match="You were removed"):
        room.join(account, "Kim")


def test_a_member_stays_inside_if_the_same_persons_guest_was_removed(removed, room):
    account = Participant().create_account("Kim", "a long walk home")
    room.join(account, "Kim")
    account.merge_guest(removed.membership.participant)
    assert account.memberships.get().is_inside
