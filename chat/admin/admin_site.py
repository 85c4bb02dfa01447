"""The staff's door: who has set up a second factor shows it, and where one is required, nobody passes without."""

from functools import wraps

from django.conf import settings
from django.contrib.admin import AdminSite
from django.contrib.auth.views import redirect_to_login
from django.shortcuts import redirect
from django.urls import path, reverse
from django_otp import DEVICE_ID_SESSION_KEY
from django_otp.models import Device

from chat.admin import two_factor
from chat.admin.forms import AdminSignInForm


class ParlourAdminSite(AdminSite):
    site_header = site_title = "Parlour"
    login_form = AdminSignInForm

    def has_permission(self, request):
        return self.may_set_up(request) and (settings.SECOND_FACTOR == "optional" or has_verified(request))

    def may_set_up(self, request):
        """Who has no second factor yet needs but the password for that, and whoever has one a code of it."""
        return super().has_permission(request) and (has_verified(request) or not two_factor.is_set_up(request.user))

    def admin_view(self, view, cacheable=False):
        """Whoever may do nothing but set up a second factor is led there from everywhere."""
        guarded = super().admin_view(view, cacheable)

        @wraps(guarded)
        def inner(request, *args, **kwargs):
            if self.may_set_up(request) and not self.has_permission(request):
                return redirect("admin:two_factor")
            return guarded(request, *args, **kwargs)

        return inner

    def get_urls(self):
        from chat.admin import views  # they need the admin

        return [
            path("second-factor/", self.door_view(views.second_factor), name="two_factor"),
            path("second-factor/remove/", self.door_view(views.remove), name="remove_two_factor"),
            path("logout/", self.logout, name="logout"),  # before Django's, which is for those who have passed
            *super().get_urls(),
        ]

    def door_view(self, view):
        """A view for those, too, who have to set up a second factor first."""

        @wraps(view)
        def inner(request):
            if not self.may_set_up(request):
                return redirect_to_login(request.get_full_path(), reverse("admin:login"))
            return view(request, self)

        return inner


def has_verified(request):
    """Whether this session has shown a code of a device that is still this person's.

    django-otp's middleware answers the same, but changes the session when the device is gone, also in a late answer.
    """
    device = Device.from_persistent_id(request.session.get(DEVICE_ID_SESSION_KEY, ""))
    return device is not None and device.confirmed and device.user_id == request.user.pk
