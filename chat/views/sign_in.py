"""Signing in, with a code where the account uses two-factor authentication, and signing out."""

from functools import partial
from urllib.parse import urlencode

from django.db import transaction
from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_POST

from chat import identity, limits, responses
from chat.forms.accounts import SignInForm
from chat.forms.base import submitted_data
from chat.forms.two_factor import CodeForm
from chat.models import two_factor
from chat.realtime import drafts
from chat.types import Request
from chat.views.accounts import account_form_page, accounts_enabled, get_or_post, rooms_by_nickname


@get_or_post
@accounts_enabled
def sign_in(request: Request) -> HttpResponse:
    """Check name and password. An account with two-factor authentication is signed in only after its code."""
    here = identity.participant_of(request)
    name = request.GET.get("name")
    form = SignInForm(submitted_data(request), name=name, guest=here if here and here.is_guest else None)
    typed = request.POST.get("name", "")
    if form.submit_within(partial(limits.check_signing_in, request, typed), form.authenticate):
        limits.refund_signing_in(request, typed)
        account = identity.PendingSignIn(form.result, form.result.user, form.cleaned_data.get("bring", False))
        if not two_factor.is_set_up(account.user):
            return _finish(request, account)
        identity.begin_sign_in(request, account)
        query = urlencode({"next": request.POST.get("next", "")})
        return responses.redirect(request, f"{reverse('sign_in_code')}?{query}", to_next=False)
    return account_form_page(request, form, "sign_in")


@get_or_post
@accounts_enabled
def sign_in_code(request: Request) -> HttpResponse:
    """Check the code, after the password."""
    pending = identity.pending_sign_in(request)
    if pending is None:
        expired = identity.PENDING_KEY in request.session
        return responses.redirect(request, reverse("sign_in") + ("?again" if expired else ""), to_next=False)
    name, form = pending.user.username, CodeForm(submitted_data(request))
    check = partial(limits.check_signing_in, request, name, code=True)
    if form.submit_within(check, partial(two_factor.verify_code, pending.user)):
        limits.refund_signing_in(request, name, code=True)
        return _finish(request, pending)
    return account_form_page(request, form, "sign_in_code", {"name": name})


def _finish(request: Request, account: identity.PendingSignIn) -> HttpResponse:
    """Sign this session in, and merge its guest into the account if that was asked for."""
    participant, here = account.participant, identity.participant_of(request)
    if account.bring_guest and here and here.is_guest:
        drafts.write()
        participant.merge_guest(here)
        drafts.forget(participant)
    identity.bind_session(request, participant)
    response = responses.redirect(request, reverse("home"))
    limits.remember_browser(request, response, account.user.username)
    return response


@get_or_post
def sign_out(request: Request) -> HttpResponse:
    """Sign out in this browser. Without POST, ask first, and name the nicknames that a guest would lose."""
    participant = identity.participant_of(request)
    if request.method == "POST":
        identity.sign_out(request)
    elif participant:
        context = {"participant": participant, "nicknames": rooms_by_nickname(participant)}
        return responses.page(request, "accounts/confirm_sign_out.html", context)
    return responses.redirect(request, reverse("home"))


@require_POST
def sign_out_elsewhere(request: Request) -> HttpResponse:
    """Sign this person out everywhere except in this session."""
    participant = identity.participant_of(request)
    if participant:
        with transaction.atomic():
            participant.sign_out_everywhere()
            identity.bind_session(request, participant)
    return responses.redirect(request, reverse("account"))
