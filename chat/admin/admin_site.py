"""The admin site: requires two-factor authentication from users who set it up, or from all (TWO_FACTOR)."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar, cast

from django.conf import settings
from django.contrib.admin import AdminSite
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern, URLResolver, path, reverse
from django_otp import DEVICE_ID_SESSION_KEY
from django_otp.models import Device

from chat import limits
from chat.admin.forms import AdminSignInForm
from chat.models import two_factor

if TYPE_CHECKING:
    from chat.types import Request

View = Callable[..., HttpResponseBase]
AnyView = TypeVar("AnyView", bound=View)
SetupView = Callable[[Any, "ParlourAdminSite"], HttpResponseBase]


class ParlourAdminSite(AdminSite):
    site_header = site_title = "Parlour"
    login_form = AdminSignInForm

    def has_permission(self, request: HttpRequest) -> bool:
        return self.may_open_two_factor_pages(request) and (settings.TWO_FACTOR == "optional" or has_verified(request))

    def may_open_two_factor_pages(self, request: HttpRequest) -> bool:
        """Whether this user may open the pages for setting up two-factor authentication.

        A user without 2FA needs only the password. With 2FA, they must have given a code in this session.
        """
        return super().has_permission(request) and (has_verified(request) or not two_factor.is_set_up(request.user))

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Sign in. A right password, with the code if one is needed, doesn't count as a try."""
        response: HttpResponse = super().login(request, extra_context)
        if request.method == "POST" and response.status_code == 302 and "username" in request.POST:
            limits.refund_signing_in(cast("Request", request), request.POST["username"], code=True)
            limits.remember_browser(cast("Request", request), response, request.POST["username"])
        return response

    def admin_view(self, view: AnyView, cacheable: bool = False) -> AnyView:
        """Wrap an admin view, so that users who still have to set up two-factor authentication are sent there."""
        guarded = super().admin_view(view, cacheable)

        @wraps(guarded)
        def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if self.may_open_two_factor_pages(request) and not self.has_permission(request):
                return redirect("admin:two_factor")
            return guarded(request, *args, **kwargs)

        return cast("AnyView", inner)

    def get_urls(self) -> list[URLResolver | URLPattern]:
        from chat.admin import views  # they import this module's site

        return [
            path("two-factor/", self.setup_view(views.two_factor_page), name="two_factor"),
            path("two-factor/remove/", self.setup_view(views.remove), name="remove_two_factor"),
            path("logout/", self.logout, name="logout"),  # before Django's, which requires a code
            *super().get_urls(),
        ]

    def setup_view(self, view: SetupView) -> View:
        """Wrap an admin view, so that it is also open to users who still have to set up two-factor authentication."""

        @wraps(view)
        def inner(request: HttpRequest) -> HttpResponseBase:
            if not self.may_open_two_factor_pages(request):
                return redirect_to_login(request.get_full_path(), reverse("admin:login"))
            return view(request, self)

        return inner


def has_verified(request: HttpRequest) -> bool:
    """Return whether this session was verified with a 2FA device that the user still has.

    django-otp's middleware checks the same. But if the device is gone, it also changes the session, even in a late
    response.
    """
    device = Device.from_persistent_id(request.session.get(DEVICE_ID_SESSION_KEY, ""))
    return device is not None and device.confirmed and device.user_id == request.user.pk
