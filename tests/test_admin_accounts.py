"""Accounts in the admin: what a site admin does to one is announced as theirs, and written in the audit log."""

from datetime import datetime

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission

from chat.models import AuditEntry, Site, User

PASSWORD = "a long walk home"


@pytest.fixture
def bobs_account(bob):
    return bob.membership.participant.create_account("Bob", PASSWORD, email="bob@example.org").user


def post(admin_client, path, **form):
    response = admin_client.post(f"/admin/{path}" if path.startswith("auth/") else f"/admin/chat/{path}", form)
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


@pytest.fixture
def group(db):
    return Group.objects.create(name="Helpers")


@pytest.fixture
def permission(db):
    return Permission.objects.get(codename="change_message")


def changes():
    return AuditEntry.objects.latest("pk").detail.data["changes"]


def test_permissions_and_groups_of_an_account_are_logged(
    admin_client, admin_user, bob, bobs_account, group, permission
):
    change(admin_client, bobs_account, user_permissions=[permission.pk])
    assert changes() == {"user_permissions": {"before": [], "after": ["chat.change_message"]}}
    change(admin_client, bobs_account, user_permissions=[permission.pk], groups=[group.pk])
    assert changes() == {"groups": {"before": [], "after": ["Helpers"]}}
    change(admin_client, bobs_account)
    assert changes() == {
        "user_permissions": {"before": ["chat.change_message"], "after": []},
        "groups": {"before": ["Helpers"], "after": []},
    }
    change(admin_client, bobs_account)
    assert written(admin_user) == ["change_account"] * 3
    entry = AuditEntry.objects.latest("pk")
    assert entry.subject_participant_id == bob.membership.participant_id
    assert entry.detail.data["account_name"] == "Bob"


def test_changes_of_a_group_are_logged(admin_client, admin_user, permission):
    post(admin_client, "auth/group/add/", name="Helpers")
    group = Group.objects.get()
    assert changes() == {"name": {"before": None, "after": "Helpers"}}
    post(admin_client, f"auth/group/{group.pk}/change/", name="Moderators", permissions=[permission.pk])
    assert changes() == {
        "name": {"before": "Helpers", "after": "Moderators"},
        "permissions": {"before": [], "after": ["chat.change_message"]},
    }
    post(admin_client, f"auth/group/{group.pk}/change/", name="Moderators", permissions=[permission.pk])
    assert written(admin_user) == ["create_group", "change_group"]
    detail = AuditEntry.objects.latest("pk").detail.data
    assert (detail["group_id"], detail["group_name"]) == (group.pk, "Moderators")


@pytest.mark.parametrize("how", ["page", "list"])
def test_a_deleted_group_is_logged_with_its_members(admin_client, admin_user, bobs_account, group, how):
    bobs_account.groups.add(group)
    if how == "page":
        post(admin_client, f"auth/group/{group.pk}/delete/", post="yes")
    else:
        post(admin_client, "auth/group/", action="delete_selected", _selected_action=[group.pk], post="yes")
    assert not Group.objects.exists()
    assert written(admin_user) == ["delete_group"]
    detail = AuditEntry.objects.get().detail.data
    assert (detail["group_name"], detail["members"]) == ("Helpers", ["Bob"])


@pytest.mark.parametrize("page", ["site", "user", "group"])
def test_a_form_that_changes_nothing_is_neither_logged_nor_confirmed(admin_client, bobs_account, group, page):
    row = {"site": Site.objects.create(welcome=""), "user": bobs_account, "group": group}[page]
    path = f"/admin/{row._meta.app_label}/{page}/{row.pk}/change/"
    same = form_as_shown(admin_client.get(path).context["adminform"].form)
    assert "Nothing was changed." in admin_client.post(path, same, follow=True).content.decode()
    assert not LogEntry.objects.exists()
    name = "username" if page == "user" else "name"
    answer = admin_client.post(path, same | {name: "Another"}, follow=True).content.decode()
    assert "was changed successfully" in answer
    assert LogEntry.objects.count() == 1


def form_as_shown(form):
    """What a browser submits if nobody edits the form."""
    data = {}
    for field in form:
        value = field.value()
        if isinstance(value, datetime):
            for name in (field.html_name, field.html_initial_name):
                data |= {f"{name}_0": f"{value:%Y-%m-%d}", f"{name}_1": f"{value:%H:%M:%S}"}
        elif value is True:
            data[field.html_name] = "on"
        elif value and field.name != "password":
            data[field.html_name] = value
    return data


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
