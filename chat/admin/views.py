"""The admin's pages for two-factor authentication: setting it up, counting recovery codes, and removing it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import django_otp
from django.contrib.auth import get_user_model
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from chat import limits, responses
from chat.forms.base import submitted_data
from chat.forms.two_factor import CodeForm, PasswordAndCodeForm, SetUpTwoFactorForm
from chat.models import two_factor
from chat.views.two_factor import app_context, submit_setup

if TYPE_CHECKING:
    from django_otp.models import Device

    from chat.admin.admin_site import ParlourAdminSite
    from chat.types import StaffRequest


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def two_factor_page(request: StaffRequest, site: ParlourAdminSite) -> HttpResponse:
    if two_factor.is_set_up(request.user):
        return _page(request, site, PasswordAndCodeForm(), {"left": two_factor.recovery_codes_left(request.user)})
    form = SetUpTwoFactorForm(submitted_data(request))
    if submit_setup(request, request.user, form):
        return _finish_setup(request, site, *form.result)
    return _page(request, site, form, app_context(request, request.user))


def _finish_setup(request: StaffRequest, site: ParlourAdminSite, device: Device, codes: list[str]) -> HttpResponse:
    """Verify this session after 2FA was set up with `device`, and show the recovery `codes`.

    All other sessions of this person need a code from now on.
    """
    django_otp.login(request, device)
    _log(request, site, _("Set up two-factor authentication."))
    return _page(request, site, PasswordAndCodeForm(), {"codes": codes, "left": len(codes)})


@never_cache
@sensitive_post_parameters()
@require_POST
def remove(request: StaffRequest, site: ParlourAdminSite) -> HttpResponse:
    form = PasswordAndCodeForm(request.POST)
    if form.submit_within(partial(limits.check_confirming, request.user), partial(two_factor.turn_off, request.user)):
        _log(request, site, _("Removed two-factor authentication."))
        return responses.redirect(request, reverse("admin:two_factor"))
    return _page(request, site, form, {"left": two_factor.recovery_codes_left(request.user)})


def _log(request: StaffRequest, site: ParlourAdminSite, message: str) -> None:
    """Write the message into the history of the user who acts, which other staff can read in the admin."""
    site.get_model_admin(get_user_model()).log_change(request, request.user, message)


def _page(request: StaffRequest, site: ParlourAdminSite, form: CodeForm, context: dict[str, Any]) -> HttpResponse:
    passes = site.has_permission(request)
    frame = site.each_context(request) | {"has_permission": True, "is_nav_sidebar_enabled": passes, "passes": passes}
    context = {"title": _("Two-factor authentication"), "form": form} | context
    return responses.page(request, "admin/two_factor.html", frame | context, form.status)
