"""The pages on which somebody sees and says who they are."""

from chat import answers, sessions
from chat.models import Membership


def account(request, participant, form, made=None):
    """Who this browser is; a personal link that was made just now is shown this once."""
    context = {"participant": participant, "form": form, "made": made}
    if participant:
        context["memberships"] = participant.memberships.filter(status=Membership.Status.IN).select_related("room")
        context["links"] = participant.personal_links.standing()
    return answers.page(request, "accounts/account.html", context, 422 if form.errors else 200)


def form_page(request, form, name):
    """A page with one form of an account, after which one goes on to where it was led to from."""
    onward = request.POST.get("next", "") or request.GET.get("next", "")
    context = {"form": form, "onward": onward, "participant": sessions.participant_of(request)}
    return answers.page(request, f"accounts/{name}.html", context, 422 if form.errors else 200)
