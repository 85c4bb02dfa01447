"""Preferences: how pages look to one person, and how often they look for news."""

from django.views.decorators.http import require_http_methods, require_POST

from chat import answers, grants, limits, sessions
from chat.forms import PreferencesForm, RefreshForm, typed


@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request):
    participant = sessions.participant_of(request)
    if participant is None:
        return answers.see_other(request, "/")
    if request.method == "POST":
        limits.changing_preferences(request, participant)
    form = PreferencesForm(typed(request), instance=participant)
    if form.is_valid():
        form.save()
        grants.take_back(request)
        return answers.see_other(request, "?saved")
    return answers.page(request, "preferences.html", {"form": form}, 422 if form.errors else 200)


@require_POST
def refresh(request):
    """How often the log looks for news, set beside it."""
    participant = sessions.participant_of(request)
    if participant:
        limits.changing_preferences(request, participant)
        form = RefreshForm(request.POST, instance=participant)
        if form.is_valid():
            form.save()
    return answers.see_other(request, "/preferences/")


@require_POST
def pause(request):
    """Take in no new messages until one resumes, or resume."""
    participant = sessions.participant_of(request)
    if participant:
        limits.changing_preferences(request, participant)
        participant.pause("paused" in request.POST)
        grants.take_back(request)
    return answers.see_other(request, "/")
