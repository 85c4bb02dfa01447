"""Rooms: finding them, coming in, being there, leaving."""

from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from chat import access, answers, limits, sessions
from chat.forms import JoinForm
from chat.models import Room


@require_safe
def home(request):
    participant = sessions.participant_of(request)
    form = JoinForm(initial={"nickname": participant.usual_name if participant else ""})
    return answers.home(request, form, participant)


@require_safe
def my_rooms(request):
    """The rooms that this person is in, with what is new in each; beside an open room it looks again by itself."""
    return answers.my_rooms(request, sessions.participant_of(request))


@require_POST
def join(request):
    """Join the room of that name, or make it."""
    form = JoinForm(request.POST)
    participant = sessions.participant_to_join(request, form.key)
    name = form.is_valid() and form.cleaned_data["room"]
    limits.joining(request, participant, name and Room.objects.named(name))
    if name and Room.objects.would_make(name):
        limits.creating(request, participant)
    if form.joins(participant):
        return _come_in(request, form.result)
    return answers.home(request, form, sessions.participant_of(request), status=422)


@require_safe
def room(request, slug):
    """The room for those who are in it, its door for everybody else."""
    access.have_read_the_room_that_was_left(request)
    try:
        return answers.room(request, access.membership_to_read(request, slug))
    except access.Before as before:
        return answers.see_other(request, reverse(before.page, args=[slug]))
    except access.Outside:
        return _door(request, slug)


def _door(request, slug):
    membership = access.membership_of(request, slug)
    participant = sessions.participant_of(request)
    initial = {"nickname": membership.nickname if membership else participant.usual_name if participant else ""}
    return answers.door(request, JoinForm(door=access.room_to_join(slug), membership=membership, initial=initial))


@require_POST
def join_here(request, slug):
    """Join this room by its address."""
    room = access.room_to_join_again(request, slug)
    form = JoinForm(request.POST, door=room)
    participant = sessions.participant_to_join(request, form.key)
    limits.joining(request, participant, room)
    if form.joins(participant):
        return _come_in(request, form.result)
    return answers.door(request, form, status=422)


@require_POST
def leave(request, slug):
    access.membership_to_read(request, slug).leave()
    return answers.see_other(request, "/")


def _come_in(request, membership):
    sessions.become(request, membership.participant)
    return answers.joined(request, membership)
