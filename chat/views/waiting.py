"""Waiting: before a room whose newcomers are let in one by one, and letting them in."""

from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from chat import access, access_to_people, answers
from chat.forms_of_rooms import AnswerForm
from chat.views.members import page


@require_safe
def waiting(request, slug):
    """What has become of asking to be let in; the page looks again by itself, and leads on where nothing is left."""
    try:
        return answers.waiting(request, access.membership_that_asked(request, slug))
    except access.Outside as outside:
        return answers.elsewhere(request, outside.room.get_absolute_url())


@require_POST
def leave(request, slug):
    """Wait no more."""
    membership = access.membership_that_asked(request, slug)
    if membership.waiting:
        membership.leave()
    return answers.see_other(request, "/")


@require_POST
def answer(request, slug, pk):
    """Let somebody in who waits, or not, with a word to them."""
    by, member = access_to_people.member_to_answer(request, slug, pk)
    form = AnswerForm(request.POST)
    verb = member.let_in if "let_in" in request.POST else member.turn_away
    if form.does(verb):
        return answers.see_other(request, reverse("members", args=[by.room.slug]))
    return page(request, by, {"form": form, "refused": member}, 422)
