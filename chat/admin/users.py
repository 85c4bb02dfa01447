"""Accounts and site admins in the admin."""

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.db import transaction

from chat.models import Actor, User


@admin.register(User)
class AccountAdmin(UserAdmin):
    """User accounts in the admin.

    It tells the user model's signals (models/user_signals.py) which site admin acts; they write the audit log.
    """

    def get_object(self, request, *args, **kwargs):
        return _acted_on(super().get_object(request, *args, **kwargs), request)

    def save_model(self, request, user, form, change):
        super().save_model(request, _acted_on(user, request), form, change)

    def delete_model(self, request, user):
        super().delete_model(request, _acted_on(user, request))

    @transaction.atomic
    def delete_queryset(self, request, queryset):
        for user in queryset:
            self.delete_model(request, user)

    @transaction.atomic
    def user_change_password(self, request, *args, **kwargs):
        return super().user_change_password(request, *args, **kwargs)


def _acted_on(user, request):
    if user:
        user.acted_on_by = Actor.site_admin(request.user)
    return user
