"""What the admin shows; imported once all apps are loaded."""

from django.contrib import admin
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice

from chat.admin import groups, members, messages, participants, rooms, site, users  # noqa: F401  (each registers its models)

# An admin who can read the keys of another admin could generate their codes.
admin.site.unregister([TOTPDevice, StaticDevice])
