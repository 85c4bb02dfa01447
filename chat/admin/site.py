"""The site's name, rules and notices in the admin."""

from django.contrib import admin
from django.shortcuts import redirect

from chat.models import Site


@admin.register(Site)
class SiteAdmin(admin.ModelAdmin):
    """There is one row, so the list redirects to its form."""

    def changelist_view(self, request, extra_context=None):
        site = Site.objects.first()
        return redirect("admin:chat_site_change", site.pk) if site else redirect("admin:chat_site_add")

    def has_add_permission(self, request):
        return not Site.objects.exists()

    def has_delete_permission(self, request, obj=None):
        return False
