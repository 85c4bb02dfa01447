"""Accounts in the admin: what a site admin does to one is announced as theirs, and written in the audit log."""

import pytest

from chat.models import AuditEntry, Site, User

PASSWORD = "a long walk home"


@pytest.fixture
def bobs_account(bob):
    return bob.membership.participant.create_account("Bob", PASSWORD, email="bob@example.org").user


def post(admin_client, path, **form):
    response = admin_client.post(f"/admin/chat/{path}", form)
    assert response.status_code == 302, response.content.decode()


def change(admin_client, user, **fields):
    joined = {"date_joined_0": user.date_joined.date().isoformat(), "date_joined_1": "12:00:00"}
    same = {"username": user.username, "email": user.email, "is_active": "on"}
    form = {name: value for name, value in (joined | same | fields).items() if value}
    post(admin_client, f"user/{user.pk}/change/", **form)


def written(admin_user):
    """The actions in the log, all of which are this admin's."""
    entries = list(AuditEntry.objects.order_by("pk"))
    assert {(entry.actor_kind, entry.actor_user_id) for entry in entries} <= {("site_admin", admin_user.pk)}
    return [entry.action for entry in entries]


@pytest.mark.parametrize("how", ["page", "list"])
def test_deleting_an_account_is_announced_and_logged_as_the_admins(admin_client, admin_user, bobs_account, room, how):
    if how == "page":
        post(admin_client, f"user/{bobs_account.pk}/delete/", post="yes")
    else:
        post(admin_client, "user/", action="delete_selected", _selected_action=[bobs_account.pk], post="yes")
    assert not User.objects.filter(pk=bobs_account.pk).exists()
    event = room.messages.exclude(event="").latest("first_version")
    assert (event.event, event.actor, event.subject.nickname) == ("removed", None, "Bob")
    assert written(admin_user) == ["delete_account", "remove"]
    assert AuditEntry.objects.earliest("pk").detail.data["account_name"] == "Bob"


def test_deleting_your_own_account_is_leaving_and_is_not_logged(bob, bobs_account, room):
    bob.membership.participant.delete_account(PASSWORD)
    assert room.messages.exclude(event="").latest("first_version").event == "left"
    assert not AuditEntry.objects.exists()


def test_deactivating_and_activating_are_logged(admin_client, admin_user, bob, bobs_account):
    change(admin_client, bobs_account, is_active="")
    change(admin_client, bobs_account)
    assert written(admin_user) == ["deactivate_account", "activate_account"]
    assert {entry.subject_participant_id for entry in AuditEntry.objects.all()} == {bob.membership.participant_id}


def test_another_password_is_logged_without_it(admin_client, admin_user, bobs_account):
    form = {"password1": "a longer walk", "password2": "a longer walk", "usable_password": "true"}
    post(admin_client, f"user/{bobs_account.pk}/password/", **form, **{"set-password": "1"})
    bobs_account.refresh_from_db()
    assert bobs_account.check_password("a longer walk")
    assert written(admin_user) == ["set_password"]
    assert "after" not in str(AuditEntry.objects.get().detail.data)


def test_other_changes_are_logged_with_before_and_after(admin_client, admin_user, bobs_account):
    change(admin_client, bobs_account)
    assert written(admin_user) == []
    change(admin_client, bobs_account, is_staff="on")
    assert written(admin_user) == ["change_account"]
    assert AuditEntry.objects.get().detail.data["changes"] == {"is_staff": {"before": False, "after": True}}


def test_a_new_account_is_logged(admin_client, admin_user):
    form = {"username": "Carla", "password1": "a longer walk", "password2": "a longer walk", "usable_password": "true"}
    post(admin_client, "user/add/", **form)
    assert written(admin_user) == ["create_account"]


def test_changes_of_the_site_are_logged(admin_client, admin_user):
    site = Site.objects.create(name="The Club", welcome="")
    form = {"name": "The Club", "welcome": "", "contact": "", "rules": "", "privacy": ""}
    post(admin_client, f"site/{site.pk}/change/", **form)
    assert written(admin_user) == []
    post(admin_client, f"site/{site.pk}/change/", **form | {"rules": "Be kind."})
    assert written(admin_user) == ["change_site"]
    assert AuditEntry.objects.get().detail.data["changes"] == {"rules": {"before": "", "after": "Be kind."}}
