"""Sign-in links, for using another device."""

from functools import partial

from django.db import transaction
from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from chat import identity, limits, qr, responses
from chat.access.accounts import participant_or_404
from chat.access.sign_in_links import sign_in_link_to_use, sign_in_links_to_revoke
from chat.forms.base import submitted_data
from chat.forms.sign_in_links import SignInLinkForm, UseSignInLinkForm, UseSignInLinkWithCodeForm
from chat.models import SignInLink
from chat.types import Request
from chat.views.accounts import account_form_page, account_page


@require_POST
def create(request: Request) -> HttpResponse:
    """Create a sign-in link. Only this response shows the link and its QR code; invalid input gets status 422."""
    participant = participant_or_404(request)
    limits.check_sign_in_links(request, participant)
    form, made = SignInLinkForm(request.POST), None
    if form.submit(lambda hours: SignInLink.objects.issue(participant, hours)):
        link = request.build_absolute_uri(reverse("use_sign_in_link", args=[form.result[1]]))
        made = {"link": link, "picture": qr.picture(link)}
    return account_page(request, participant, form, made)


@require_POST
def revoke(request: Request, pk: int) -> HttpResponse:
    revoked = sign_in_links_to_revoke(request).filter(pk=pk).revoke()
    return responses.redirect(request, reverse("account") + ("" if revoked else "?stale=revoke"))


@require_http_methods(["GET", "HEAD", "POST"])
def use(request: Request, key: str) -> HttpResponse:
    """Sign in with a link; only a POST uses it up.

    A GET shows a form, because link previews send GETs too.
    """
    link = sign_in_link_to_use(key)
    kind = UseSignInLinkWithCodeForm if link.needs_code and not link.refusal else UseSignInLinkForm
    form = kind(submitted_data(request))
    if _use(request, link, form):
        response = responses.redirect(request, f"{reverse('home')}?here")
        if link.participant.user:
            limits.remember_browser(request, response, link.participant.user.username)
        return response
    return account_form_page(request, form, "use_sign_in_link", {"link": link})


@transaction.atomic
def _use(request: Request, link: SignInLink, form: UseSignInLinkForm) -> bool:
    """Use the link up and sign the session in. Returns False if the link could not be used."""
    used = form.submit_within(partial(_check_code_tries, request, link), link.use)
    if used:
        identity.bind_session(request, form.result)
        if link.needs_code:
            limits.refund_signing_in(request, form.result.user.username, code=True)
    return used


def _check_code_tries(request: Request, link: SignInLink) -> None:
    """Count a try to sign in, if the link needs a code, which could be guessed."""
    if link.needs_code and not link.refusal and link.participant.user:
        limits.check_signing_in(request, link.participant.user.username, code=True)
