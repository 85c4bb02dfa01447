"""A person's preferences: how pages look, and how often they fetch new messages, or not at all (paused)."""

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from chat import identity, limits, responses
from chat.forms.base import submitted_data
from chat.forms.preferences import PreferencesForm, RefreshForm
from chat.realtime import grants
from chat.types import Request


@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request: Request) -> HttpResponse:
    participant = identity.participant_of(request)
    if participant is None:
        return responses.redirect(request, reverse("home"))
    if request.method == "POST":
        limits.check_preferences(request, participant)
    form = PreferencesForm(submitted_data(request), instance=participant)
    if form.is_valid():
        form.save()
        grants.revoke_grants(request)
        return responses.redirect(request, "?saved")
    return responses.page(request, "preferences.html", {"form": form}, 422 if form.errors else 200)


@require_POST
def refresh(request: Request) -> HttpResponse:
    """Set how often the log reloads without JavaScript, with the form next to the log."""
    participant = identity.participant_of(request)
    if participant:
        limits.check_preferences(request, participant)
        form = RefreshForm(request.POST, instance=participant)
        if form.is_valid():
            form.save()
    return responses.redirect(request, "/preferences/")


@require_POST
def pause(request: Request) -> HttpResponse:
    """Pause or resume live updates for this person, in all rooms."""
    participant = identity.participant_of(request)
    if participant:
        limits.check_preferences(request, participant)
        participant.pause("paused" in request.POST)
        grants.revoke_grants(request)
    return responses.redirect(request, reverse("home"))
