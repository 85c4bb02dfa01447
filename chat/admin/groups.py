"""Groups of site admins in the admin: each change of their permissions is written to the audit log."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin
from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest

from chat.admin.base import ChangesMixin, acting_admin, changes_in
from chat.models.audit import Action, record

admin.site.unregister(Group)  # Django's own writes no audit log


@admin.register(Group)
class AuditedGroupAdmin(ChangesMixin, GroupAdmin):
    def save_related(self, request: HttpRequest, form: ModelForm[Group], formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        if changes := changes_in(form):
            self.record(Action.CHANGE_GROUP if change else Action.CREATE_GROUP, request, form.instance, changes=changes)

    def delete_model(self, request: HttpRequest, group: Group) -> None:
        self.record(Action.DELETE_GROUP, request, group, members=[user.username for user in group.user_set.all()])
        super().delete_model(request, group)

    @transaction.atomic
    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Group]) -> None:
        for group in queryset:
            self.delete_model(request, group)

    @staticmethod
    def record(action: Action, request: HttpRequest, group: Group, **data: Any) -> None:
        record(action, acting_admin(request), group_id=group.pk, group_name=group.name, **data)
