"""The admin as a Django app, at whose door staff are asked for their second factor."""

from django.contrib.admin import apps


class AdminConfig(apps.AdminConfig):
    default_site = "chat.admin.admin_site.ParlourAdminSite"
