"""Pairs: writing to one person alone, and being asked for that."""

from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from chat import access, access_to_people, answers, limits
from chat.models import pair

VERBS = {answer: answer for answer in ("accept", "decline", "ignore")}


@require_POST
def write_to(request, slug, pk):
    by, other = access_to_people.members_to_pair(request, slug, pk)
    limits.asking(request, by)
    return answers.see_other(request, pair.between(by, other).room.get_absolute_url())


@require_http_methods(["GET", "HEAD", "POST"])
def asked(request, slug):
    """Somebody wants to write to me alone: accept, decline or ignore it."""
    membership = access.membership_that_is_asked(request, slug)
    verb = VERBS.get(request.POST.get("answer"))
    if verb:
        getattr(membership, verb)()
    if membership.present:
        return answers.see_other(request, membership.room.get_absolute_url())
    if verb:
        return answers.see_other(request, f"{reverse('home')}?{'declined' if verb == 'decline' else 'ignored'}")
    other = membership.other
    context = {"membership": membership, "other": other, "rooms": access_to_people.rooms_of_both(membership, other)}
    return answers.page(request, "rooms/asked.html", context, 422 if request.method == "POST" else 200)
