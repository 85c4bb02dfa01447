"""The admin site: enforces two-factor authentication for users who set it up, or for all if it is required."""

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
        return self.may_open_two_factor_pages(request) and (settings.TWO_FACTOR == "optional" or has_verified(request))

    def may_open_two_factor_pages(self, request):
        """Whether this user may open the pages for setting up two-factor authentication.

        A user without 2FA needs only the password. With 2FA, they must have given a code in this session.
        """
        return super().has_permission(request) and (has_verified(request) or not two_factor.is_set_up(request.user))

    def admin_view(self, view, cacheable=False):
        """Redirects users who have to set up two-factor authentication first."""
        guarded = super().admin_view(view, cacheable)

        @wraps(guarded)
        def inner(request, *args, **kwargs):
            if self.may_open_two_factor_pages(request) and not self.has_permission(request):
                return redirect("admin:two_factor")
            return guarded(request, *args, **kwargs)

        return inner

    def get_urls(self):
        from chat.admin import views  # they import this module's site

        return [
            path("two-factor/", self.setup_view(views.two_factor_page), name="two_factor"),
            path("two-factor/remove/", self.setup_view(views.remove), name="remove_two_factor"),
            path("logout/", self.logout, name="logout"),  # before Django's, which requires a code
            *super().get_urls(),
        ]

    def setup_view(self, view):
        """Wrap an admin view, so that it is also open to users who still have to set up two-factor authentication."""

        @wraps(view)
        def inner(request):
            if not self.may_open_two_factor_pages(request):
                return redirect_to_login(request.get_full_path(), reverse("admin:login"))
            return view(request, self)

        return inner


def has_verified(request):
    """Return whether this session was verified with a 2FA device that the user still has.

    django-otp's middleware checks the same. But if the device is gone, it also changes the session, even in a late
    response.
    """
    device = Device.from_persistent_id(request.session.get(DEVICE_ID_SESSION_KEY, ""))
    return device is not None and device.confirmed and device.user_id == request.user.pk
