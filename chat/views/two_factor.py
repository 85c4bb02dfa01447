"""Two-factor authentication of an account: setting it up, counting recovery codes, and removing it."""

from functools import partial
from typing import Any

from django.db import transaction
from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django_otp.models import Device

from chat import identity, limits, qr, responses
from chat.access.accounts import account_to_change
from chat.forms.base import submitted_data
from chat.forms.two_factor import PasswordAndCodeForm, SetUpTwoFactorForm
from chat.models import Site, User, two_factor
from chat.types import Request
from chat.views.accounts import account_form_page, accounts_enabled, get_or_post

KEY = "second_factor_key"  # in the session, until it is confirmed; each session has its own


@sensitive_post_parameters()
@get_or_post
@accounts_enabled
def two_factor_page(request: Request) -> HttpResponse:
    """Set it up. If that was done before, say how many recovery codes are left."""
    _participant, user = account_to_change(request)
    if two_factor.is_set_up(user):
        return responses.page(request, "accounts/two_factor.html", {"left": two_factor.recovery_codes_left(user)})
    form = SetUpTwoFactorForm(submitted_data(request))
    if submit_setup(request, user, form):
        _device, codes = form.result
        return responses.page(request, "accounts/recovery_codes.html", {"codes": codes})
    return account_form_page(request, form, "set_up_two_factor", app_context(request, user))


@sensitive_post_parameters()
@get_or_post
@accounts_enabled
def remove(request: Request) -> HttpResponse:
    _participant, user = account_to_change(request)
    form = PasswordAndCodeForm(submitted_data(request))
    if not two_factor.is_set_up(user):
        return responses.redirect(request, reverse("two_factor"))
    if form.submit_within(partial(limits.check_confirming, user), partial(two_factor.turn_off, user)):
        return responses.redirect(request, reverse("account"))
    return account_form_page(request, form, "remove_two_factor")


def app_context(request: Request, user: User) -> dict[str, Any]:
    """What an authentication app needs, as a QR code, a link and letters."""
    app = two_factor.app_setup(user, _key(request), Site.current().name)
    return {"app": app, "picture": qr.picture(app["link"])}


def submit_setup(request: Request, user: User, form: SetUpTwoFactorForm) -> bool:
    """Set up two-factor authentication, and return whether password and code were right.

    The form's result is the device and its recovery codes.
    """
    return form.submit_within(partial(limits.check_confirming, user), partial(_set_up, request, user))


def _set_up(request: Request, user: User, password: str, code: str) -> tuple[Device, list[str]]:
    """Set up two-factor authentication. This session stays signed in.

    A person at an open browser needs the password, because they could lock out its owner.
    """
    user.confirm_password(password)
    participant = identity.participant_of(request)  # before all sessions end
    with transaction.atomic():
        device, codes = two_factor.set_up(user, _key(request), code)
        del request.session[KEY]
        if participant and participant.user_id == user.pk:
            participant.refresh_from_db(fields=["generation"])
            identity.bind_session(request, participant)
    return device, codes


def _key(request: Request) -> str:
    key: str = request.session.setdefault(KEY, two_factor.new_key())
    return key
