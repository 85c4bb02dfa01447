"""Accounts: creating one, passwords, email addresses and deletion."""

from collections import defaultdict
from collections.abc import Callable
from functools import partial, wraps
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.db import transaction
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from django.views.decorators.http import require_http_methods, require_safe

from chat import emails, identity, limits, responses
from chat.access.accounts import account_to_change, user_to_reset
from chat.forms.accounts import (
    CreateAccountForm,
    DeleteAccountForm,
    EmailForm,
    NewPasswordForm,
    PasswordForm,
    ResetForm,
)
from chat.forms.base import VerbForm, submitted_data
from chat.forms.sign_in_links import SignInLinkForm
from chat.models import Participant, Room, Site, User, two_factor
from chat.types import Request

get_or_post = require_http_methods(["GET", "HEAD", "POST"])


def account_page(
    request: Request, participant: Participant | None, form: VerbForm, made: dict[str, Any] | None = None
) -> HttpResponse:
    """Show the account page, with status 422 if `form` has errors.

    `participant` is None if nobody is signed in. `made` has the link and QR code of a new sign-in link, which only this
    response shows.
    """
    context: dict[str, Any] = {"participant": participant, "form": form, "new_link": made}
    if participant:
        context["nicknames"] = rooms_by_nickname(participant)
        context["links"] = participant.sign_in_links.active()
        context["uses_two_factor"] = participant.user is not None and two_factor.is_set_up(participant.user)
    return responses.page(request, "accounts/account.html", context, form.status)


def rooms_by_nickname(participant: Participant) -> list[tuple[str, list[Room]]]:
    """Each nickname with its rooms, the one with the most rooms first. Leaves out direct messages."""
    rooms: dict[str, list[Room]] = defaultdict(list)
    inside = participant.memberships.inside().filter(room__dm_key=None).select_related("room")
    for membership in inside.order_by("room__name"):
        rooms[membership.nickname].append(membership.room)
    return sorted(rooms.items(), key=lambda group: (-len(group[1]), group[0]))


def account_form_page(
    request: Request, form: VerbForm, name: str, context: dict[str, Any] | None = None
) -> HttpResponse:
    """Show a page with one form about an account, from the template `accounts/<name>.html`.

    The request's `next` parameter is the URL to go to afterwards. The status is 422 if the form has errors, and 429
    after too many tries.
    """
    next_url = request.POST.get("next", "") or request.GET.get("next", "")
    context = {"form": form, "next_url": next_url, "participant": identity.participant_of(request)} | (context or {})
    response = responses.page(request, f"accounts/{name}.html", context, form.status)
    if form.exceeded:
        response.headers["Retry-After"] = str(form.exceeded.wait)
    return response


def accounts_enabled(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Wrap a view so that it raises Http404 on a site without accounts."""

    @wraps(view)
    def inner(request: Request, **kwargs: Any) -> HttpResponse:
        if settings.ACCOUNTS == "off":
            raise Http404
        return view(request, **kwargs)

    return inner


@require_safe
def account(request: Request) -> HttpResponse:
    return account_page(request, identity.participant_of(request), SignInLinkForm())


@get_or_post
@accounts_enabled
def create(request: Request) -> HttpResponse:
    """Turn a guest into an account, or create an account for someone new."""
    participant = identity.participant_of(request)
    if participant and not participant.is_guest:
        return responses.redirect(request, reverse("account"))
    form = CreateAccountForm(
        submitted_data(request), initial={"name": participant.default_nickname if participant else ""}
    )
    if request.method == "POST":
        limits.check_creating_accounts(request)
        with transaction.atomic():
            if form.submit((participant or Participant()).create_account):
                identity.bind_session(request, form.result, anew=True)
                response = responses.redirect(request, reverse("account"))
                limits.remember_browser(request, response, form.result.user.username)
                return response
    return account_form_page(request, form, "create")


@get_or_post
@accounts_enabled
def password(request: Request) -> HttpResponse:
    participant, user = account_to_change(request)
    form = PasswordForm(submitted_data(request), user=user)
    if form.submit_within(partial(limits.check_confirming, user), participant.change_password):
        identity.bind_session(request, participant)
        return responses.redirect(request, reverse("account"))
    return account_form_page(request, form, "password")


@get_or_post
@accounts_enabled
def email(request: Request) -> HttpResponse:
    participant, user = account_to_change(request)
    form = EmailForm(submitted_data(request), user=user)
    if form.submit_within(partial(limits.check_confirming, user), participant.change_email):
        return responses.redirect(request, reverse("account"))
    return account_form_page(request, form, "email")


@get_or_post
@accounts_enabled
def delete(request: Request) -> HttpResponse:
    participant, user = account_to_change(request)
    form = DeleteAccountForm(submitted_data(request))
    if form.submit_within(partial(limits.check_confirming, user), participant.delete_account):
        identity.sign_out(request)
        return responses.redirect(request, reverse("home"))
    return account_form_page(request, form, "delete_account")


@get_or_post
@accounts_enabled
def reset(request: Request) -> HttpResponse:
    """Email a password reset link. Neither the response nor its time reveals whether there is an account."""
    site_url = emails.site_url()
    if not site_url:
        return responses.page(request, "accounts/no_email.html")
    form = ResetForm(submitted_data(request))
    if form.is_valid():
        limits.check_password_resets(request)
        emails.send_resets(list(form.users), Site.current().name, partial(_reset_link, site_url))
        return responses.page(request, "accounts/reset_sent.html")
    return account_form_page(request, form, "reset")


def _reset_link(site_url: str, user: User) -> str:
    uid = urlsafe_base64_encode(force_bytes(user.pk))
    path = reverse("new_password", args=[uid, default_token_generator.make_token(user)])
    return emails.absolute_url(site_url, path)


@get_or_post
@accounts_enabled
def new_password(request: Request, uid: str, token: str) -> HttpResponse:
    """Set a new password, on the page that a password reset link leads to. It signs out all browsers."""
    user = user_to_reset(uid, token)
    form = NewPasswordForm(submitted_data(request), user=user)
    if form.submit(user.reset_password):
        query = urlencode({"saved": "", "name": user.username})
        return responses.redirect(request, f"{reverse('sign_in')}?{query}")
    return account_form_page(request, form, "new_password")
