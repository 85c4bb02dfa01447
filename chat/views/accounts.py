"""Accounts: who this browser is, a name that is kept, signing in and out."""

from contextlib import suppress
from functools import wraps
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.http import Http404
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from chat import access_to_accounts, answers, answers_of_accounts, limits, mails, sessions
from chat.forms import typed
from chat.forms_of_accounts import (
    DeleteAccountForm,
    EmailForm,
    KeepNameForm,
    NewPasswordForm,
    PasswordForm,
    PersonalLinkForm,
    ResetForm,
    SignInForm,
)
from chat.models import Participant, Site

shown_and_sent = require_http_methods(["GET", "HEAD", "POST"])


def where_there_are_accounts(view):
    @wraps(view)
    def looked_up(request, **where):
        if settings.ACCOUNTS == "off":
            raise Http404
        return view(request, **where)

    return looked_up


@require_safe
def account(request):
    """Who this browser is, and what can be done about that."""
    return answers_of_accounts.account(request, sessions.participant_of(request), PersonalLinkForm())


@shown_and_sent
@where_there_are_accounts
def keep(request):
    """Make the guest of this browser an account, or whoever is nobody here yet."""
    participant = sessions.participant_of(request)
    if participant and not participant.is_guest:
        return answers.see_other(request, reverse("account"))
    form = KeepNameForm(typed(request), initial={"name": participant.usual_name if participant else ""})
    if request.method == "POST":
        limits.making_accounts(request)
        if form.does((participant or Participant()).keep_name):
            sessions.become(request, form.result, anew=True)
            return answers.see_other(request, reverse("account"))
    return answers_of_accounts.form_page(request, form, "keep")


@shown_and_sent
@where_there_are_accounts
def sign_in(request):
    here = sessions.participant_of(request)
    form = SignInForm(typed(request), name=request.GET.get("name"), guest=here if here and here.is_guest else None)
    if request.method == "POST":
        limits.signing_in(request, form.key)
        if form.signs_in():
            sessions.become(request, form.result)
            return answers.see_other(request, reverse("home"))
    return answers_of_accounts.form_page(request, form, "sign_in")


@require_POST
def sign_out(request):
    sessions.sign_out(request)
    return answers.see_other(request, reverse("home"))


@require_POST
def sign_out_elsewhere(request):
    """End all sessions of this person but this one."""
    participant = sessions.participant_of(request)
    if participant:
        participant.sign_out_everywhere()
        sessions.become(request, participant)
    return answers.see_other(request, reverse("account"))


@shown_and_sent
@where_there_are_accounts
def password(request):
    participant = access_to_accounts.account_to_change(request)
    form = PasswordForm(typed(request), user=participant.user)
    if request.method == "POST":
        limits.signing_in(request, participant.account_key)
        if form.does(participant.change_password):
            sessions.become(request, participant)
            return answers.see_other(request, reverse("account"))
    return answers_of_accounts.form_page(request, form, "password")


@shown_and_sent
@where_there_are_accounts
def email(request):
    participant = access_to_accounts.account_to_change(request)
    form = EmailForm(typed(request), initial={"email": participant.user.email})
    if request.method == "POST":
        limits.signing_in(request, participant.account_key)
        if form.does(participant.change_email):
            return answers.see_other(request, reverse("account"))
    return answers_of_accounts.form_page(request, form, "email")


@shown_and_sent
@where_there_are_accounts
def delete(request):
    participant = access_to_accounts.account_to_change(request)
    form = DeleteAccountForm(typed(request))
    if request.method == "POST":
        limits.signing_in(request, participant.account_key)
        if form.does(participant.delete_account):
            sessions.sign_out(request)
            return answers.see_other(request, reverse("home"))
    return answers_of_accounts.form_page(request, form, "delete_account")


@shown_and_sent
@where_there_are_accounts
def reset(request):
    """Mail a link by which a forgotten password is replaced; the answer tells nobody who has an account."""
    form = ResetForm(typed(request))
    if form.is_valid():
        limits.resetting(request)
        for user in form.users:
            _mail(request, user)
        return answers.page(request, "accounts/mailed.html")
    return answers_of_accounts.form_page(request, form, "reset")


def _mail(request, user):
    """Send the link, unless too many went there: of that, too, whoever asks is told nothing."""
    uid = urlsafe_base64_encode(force_bytes(user.pk))
    where = reverse("new_password", args=[uid, default_token_generator.make_token(user)])
    with suppress(limits.Exceeded):
        limits.mailing(user)
        mails.send_reset(user, Site.current().name, request.build_absolute_uri(where))


@shown_and_sent
@where_there_are_accounts
def new_password(request, uid, token):
    """Set another password by a link that was mailed."""
    user = access_to_accounts.user_to_reset(uid, token)
    form = NewPasswordForm(typed(request), user=user)
    if form.is_valid():
        user.set_password(form.cleaned_data["password"])
        user.save(update_fields=["password"])
        query = urlencode({"saved": "", "name": user.username})
        return answers.see_other(request, f"{reverse('sign_in')}?{query}")
    return answers_of_accounts.form_page(request, form, "new_password")
