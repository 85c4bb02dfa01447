"""The admin's pages for two-factor authentication: setting it up, counting recovery codes, and removing it."""

from functools import partial

import django_otp
from django.contrib.auth import get_user_model
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from chat import limits, qr, responses
from chat.admin import two_factor
from chat.admin.forms import CodeForm
from chat.forms.base import submitted_data
from chat.models import Site

KEY = "second_factor_key"  # in the session, until it is confirmed; each session has its own


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def two_factor_page(request, site):
    if two_factor.is_set_up(request.user):
        return _page(request, site, CodeForm(), {"left": two_factor.recovery_codes_left(request.user)})
    form, key = CodeForm(submitted_data(request)), request.session.setdefault(KEY, two_factor.new_key())
    if request.method == "POST":
        limits.check_signing_in(request)
        if form.submit(partial(two_factor.set_up, request.user, key)):
            return _finish_setup(request, site, *form.result)
    app = two_factor.app_setup(request.user, key, Site.current().name)
    return _page(request, site, form, {"app": app, "picture": qr.picture(app["link"])})


def _finish_setup(request, site, device, codes):
    """Verify this session after 2FA was set up with `device`, and show the recovery `codes`.

    All other sessions of this person need a code from now on.
    """
    del request.session[KEY]
    django_otp.login(request, device)
    _log(request, site, _("Set up a second factor."))
    return _page(request, site, CodeForm(), {"codes": codes, "left": len(codes)})


@never_cache
@sensitive_post_parameters()
@require_POST
def remove(request, site):
    form = CodeForm(request.POST)
    limits.check_signing_in(request)
    if form.submit(partial(two_factor.remove, request.user)):
        _log(request, site, _("Removed the second factor."))
        return responses.redirect(request, reverse("admin:two_factor"))
    return _page(request, site, form, {"left": two_factor.recovery_codes_left(request.user)})


def _log(request, site, message):
    """Log it in the user's history, which other staff can read."""
    site.get_model_admin(get_user_model()).log_change(request, request.user, message)


def _page(request, site, form, context):
    passes = site.has_permission(request)
    frame = site.each_context(request) | {"has_permission": True, "is_nav_sidebar_enabled": passes, "passes": passes}
    status = 422 if form.errors else 200
    context = {"title": _("Second factor"), "form": form} | context
    return responses.page(request, "admin/two_factor.html", frame | context, status)
