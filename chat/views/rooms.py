"""Rooms: finding them, coming in, being there, leaving."""

from django.views.decorators.http import require_POST, require_safe

from chat import access, answers, limits
from chat.forms import JoinForm
from chat.models import Room


@require_safe
def home(request):
    return answers.home(request, JoinForm(), access.participant_of(request))


@require_POST
def join(request):
    """Join the room of that name, or make it."""
    participant = access.participant_to_join(request)
    form = JoinForm(request.POST)
    if form.is_valid():
        limits.joining(request, participant, Room.objects.named(form.cleaned_data["room"]))
        if Room.objects.would_make(form.cleaned_data["room"]):
            limits.creating(request, participant)
    if form.joins(participant):
        return _come_in(request, form.result)
    return answers.home(request, form, access.participant_of(request), status=422)


@require_safe
def room(request, slug):
    """The room for those who are in it, its door for everybody else."""
    membership = access.membership_of(request, slug)
    if membership and membership.present:
        membership.seen()
        return answers.room(request, membership)
    nickname = membership.nickname if membership else ""
    return answers.door(request, JoinForm(door=access.room_to_join(slug), initial={"nickname": nickname}))


@require_POST
def join_here(request, slug):
    """Join this room by its address."""
    room = access.room_to_join(slug)
    participant = access.participant_to_join(request)
    limits.joining(request, participant, room)
    form = JoinForm(request.POST, door=room)
    if form.joins(participant):
        return _come_in(request, form.result)
    return answers.door(request, form, status=422)


@require_POST
def leave(request, slug):
    access.membership_to_read(request, slug).leave()
    return answers.see_other(request, "/")


def _come_in(request, membership):
    access.become(request, membership.participant)
    return answers.joined(request, membership)
