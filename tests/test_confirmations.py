"""Confirmation pages: what they say is lost, that they change nothing by themselves, and the undo afterwards."""

import pytest

from chat.models import Participant


@pytest.fixture
def moderator(bob):
    bob.membership.set_role("moderator")
    return bob


def show(who, path):
    return who.get(path).content.decode()


def test_removing_says_what_happens_and_changes_nothing_before_the_button(alice, bob, room):
    url = f"/rooms/{room.slug}/members/{bob.membership.pk}/remove/"
    page = show(alice, url)
    assert "Remove <bdi>Bob</bdi> from the room?" in page
    assert "They can rejoin after 10 minutes." in page
    assert "no longer be a moderator" not in page
    assert bob.membership.is_inside
    assert alice.post(url).headers["Location"] == f"/rooms/{room.slug}/members/?ended={bob.membership.pk}"
    assert not bob.membership.is_inside


def test_removing_from_a_private_room_or_a_moderator_says_more(alice, moderator, room):
    room.set_access("private")
    page = show(alice, f"/rooms/{room.slug}/members/{moderator.membership.pk}/remove/")
    assert "they’ll need an invite link to rejoin" in page
    assert "They’ll no longer be a moderator." in page


def test_removing_without_a_time_says_so(alice, bob, room, settings):
    settings.REMOVAL_MINUTES = 0
    url = f"/rooms/{room.slug}/members/{bob.membership.pk}/remove/"
    assert "They can rejoin at any time." in show(alice, url)
    after = show(alice, alice.post(url).headers["Location"])
    assert "was removed" not in after, "there is nothing to undo"


@pytest.mark.parametrize(
    ("act", "told", "undo"), [("remove", "was removed", "allow-rejoin"), ("ban", "was banned", "unban")]
)
def test_a_removal_or_ban_can_be_undone_from_its_notice(alice, bob, room, act, told, undo):
    member = f"/rooms/{room.slug}/members/{bob.membership.pk}"
    after = alice.post(f"{member}/{act}/").headers["Location"]
    notice = show(alice, after).partition('class="saved"')[2].partition("</form>")[0]
    assert f"<bdi>Bob</bdi> {told}." in notice
    assert f'action="{member}/{undo}/"' in notice
    alice.post(f"{member}/{undo}/")
    assert told not in show(alice, after), "undone"


@pytest.mark.parametrize("ended", ["x", "-1", "٣", "9" * 30, ""])
def test_a_notice_for_no_membership_is_not_shown(alice, room, ended):
    assert 'class="saved"' not in show(alice, f"/rooms/{room.slug}/members/?ended={ended}")


def test_who_is_gone_already_cannot_be_removed_or_banned(alice, bob, room):
    bob.membership.leave()
    for act in ("remove", "ban"):
        answer = alice.get(f"/rooms/{room.slug}/members/{bob.membership.pk}/{act}/")
        assert answer.headers["Location"] == f"/rooms/{room.slug}/members/?stale=remove"


def test_banning_someone_who_waits_says_that_the_request_is_declined(alice, room):
    room.set_approval(True)
    dave = room.join(Participant.objects.create(), "Dave")
    page = show(alice, f"/rooms/{room.slug}/members/{dave.pk}/ban/")
    assert "Their join request is declined." in page
    assert "Their messages stay" not in page


def test_leaving_asks_first(bob, room):
    page = show(bob, f"/rooms/{room.slug}/leave/")
    assert "Leave <bdi>Reading club</bdi>?" in page
    assert "invite link" not in page
    assert bob.membership.is_inside
    bob.post(f"/rooms/{room.slug}/leave/")
    assert not bob.membership.is_inside


def test_leaving_a_private_room_needs_an_invite_link_to_rejoin(bob, room):
    room.set_access("private")
    assert "You’ll need an invite link to rejoin." in show(bob, f"/rooms/{room.slug}/leave/")


def test_an_owner_reads_who_will_own_the_room(alice, bob, room):
    url = f"/rooms/{room.slug}/leave/"
    assert "You’ll still own this room, and you can rejoin." in show(alice, url)
    bob.membership.set_role("moderator")
    assert "<bdi>Bob</bdi> will own this room." in show(alice, url)
    alice.post(url)
    assert bob.membership.role == "owner"


def test_the_last_member_of_a_private_room_reads_that_nobody_can_invite_them(alice, bob, room):
    room.set_access("private")
    room.refresh_from_db()
    url = f"/rooms/{room.slug}/leave/"
    assert "<bdi>Bob</bdi> will own this room." in show(alice, url)
    bob.membership.leave()
    assert "nobody can invite you back" in show(alice, url)
