"""The admin as a Django app, with two-factor authentication."""

from django.contrib.admin import apps


class AdminConfig(apps.AdminConfig):
    default_site = "chat.admin.admin_site.ParlourAdminSite"
