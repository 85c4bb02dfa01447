"""Personal links: taking one's name along into another browser."""

from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from chat import access_to_accounts, answers, answers_of_accounts, limits, qr, sessions
from chat.forms import typed
from chat.forms_of_accounts import ContinueForm, PersonalLinkForm
from chat.models import PersonalLink


@require_POST
def make(request):
    """A link and its picture, which are shown this once."""
    participant = access_to_accounts.participant_to_take_along(request)
    limits.linking(request, participant)
    form, made = PersonalLinkForm(request.POST), None
    if form.does(lambda hours: PersonalLink.objects.make(participant, hours)):
        link = request.build_absolute_uri(reverse("continue", args=[form.result[1]]))
        made = {"link": link, "picture": qr.picture(link)}
    return answers_of_accounts.account(request, participant, form, made)


@require_POST
def revoke(request, pk):
    access_to_accounts.personal_links_to_revoke(request).filter(pk=pk).revoke()
    return answers.see_other(request, reverse("account"))


@require_http_methods(["GET", "HEAD", "POST"])
def go_on(request, key):
    """Go on as the person whose link this is. Looking uses nothing up, as previews of links look too."""
    link = access_to_accounts.personal_link_to_use(key)
    form = ContinueForm(typed(request))
    if form.does(link.use):
        sessions.become(request, form.result)
        return answers.see_other(request, f"{reverse('home')}?here")
    context = {"form": form, "link": link, "here": sessions.participant_of(request)}
    return answers.page(request, "accounts/continue.html", context, 422 if form.errors else 200)
