"""The site's name, rules and notices in the admin."""

from django.contrib import admin
from django.shortcuts import redirect

from chat.models import Actor, Site
from chat.models.audit import Action, record


@admin.register(Site)
class SiteAdmin(admin.ModelAdmin):
    """The site's settings: there is only one row, so the list redirects to its form."""

    def changelist_view(self, request, extra_context=None):
        site = Site.objects.first()
        return redirect("admin:chat_site_change", site.pk) if site else redirect("admin:chat_site_add")

    def has_add_permission(self, request):
        return not Site.objects.exists()

    def has_delete_permission(self, request, obj=None):
        return False

    def save_model(self, request, site, form, change):
        super().save_model(request, site, form, change)
        changes = {
            name: {"before": form.initial.get(name), "after": form.cleaned_data[name]} for name in form.changed_data
        }
        if changes:
            record(Action.CHANGE_SITE, Actor.site_admin(request.user), changes=changes)
