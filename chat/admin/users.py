"""Accounts and site admins in the admin."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.db import transaction
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse

from chat.admin.base import ChangesMixin, acting_admin, changes_in
from chat.models import User
from chat.models.audit import Action, record

RIGHTS = ("groups", "user_permissions")


@admin.register(User)
class AccountAdmin(ChangesMixin, UserAdmin):
    """User accounts in the admin.

    It tells the user model's signals (models/user_signals.py) which site admin acts; they write the audit log. Only
    permissions and groups are written here, because a user is saved before them.
    """

    def get_object(self, request: HttpRequest, *args: Any, **kwargs: Any) -> User | None:
        user = super().get_object(request, *args, **kwargs)
        return _acted_on(user, request) if user else None

    def save_model(self, request: HttpRequest, user: User, form: ModelForm, change: bool) -> None:
        super().save_model(request, _acted_on(user, request), form, change)

    def save_related(self, request: HttpRequest, form: ModelForm, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        if changes := changes_in(form, names=RIGHTS):
            user = form.instance
            data = {"account_id": user.pk, "account_name": user.username, "changes": changes}
            participant = getattr(user, "participant", None)
            record(Action.CHANGE_ACCOUNT, acting_admin(request), participant=participant, **data)

    def delete_model(self, request: HttpRequest, user: User) -> None:
        super().delete_model(request, _acted_on(user, request))

    @transaction.atomic
    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        for user in queryset:
            self.delete_model(request, user)

    @transaction.atomic
    def user_change_password(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return super().user_change_password(request, *args, **kwargs)


def _acted_on(user: User, request: HttpRequest) -> User:
    user.acted_on_by = acting_admin(request)
    return user
