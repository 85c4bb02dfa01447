"""The site's name, rules and notices in the admin."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from chat.admin.base import ChangesMixin, acting_admin, changes_in
from chat.admin.forms import SiteAdminForm
from chat.models import Site
from chat.models.audit import Action, record


@admin.register(Site)
class SiteAdmin(ChangesMixin):
    """The site's settings: there is only one row, so the list redirects to its form."""

    form = SiteAdminForm

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        site = Site.objects.first()
        return redirect("admin:chat_site_change", site.pk) if site else redirect("admin:chat_site_add")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return not Site.objects.exists()

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, site: Site, form: ModelForm, change: bool) -> None:
        super().save_model(request, site, form, change)
        if changes := changes_in(form):
            record(Action.CHANGE_SITE, acting_admin(request), changes=changes)
