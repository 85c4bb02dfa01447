"""How a view answers: a fragment for htmx, otherwise a redirect (303) or a page; the only reader of request.htmx."""

import secrets
from dataclasses import replace

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.utils.encoding import iri_to_uri
from django.utils.http import url_has_allowed_host_and_scheme

from chat import access, access_to_people, beside, changes, composers, grants, polling, sessions, unread
from chat.forms import RefreshForm
from chat.models import Membership, Room

SOON = 5  # seconds after the end of a stream until the frame loads itself again; a server that restarts is back by then
LASTING = ("muted", "announce", "archived", "alone")  # reasons not to write that no moment ends, as a lock may
STOP_POLLING = 286  # htmx swaps this answer in and polls no more


def page(request, template, context=None, status=200):
    """A whole page."""
    sessions.renew(request)
    return shaped(render(request, template, context, status=status))


def fragment(request, template, context=None, status=200, headers=None):
    """A part of a page, for htmx."""
    return shaped(render(request, template, context, status=status), headers)


def see_other(request, url):
    """A redirect after a write: to the page of this site that the form named as `next`, otherwise to `url`."""
    back = request.POST.get("next", "")
    if back.isprintable() and back and url_has_allowed_host_and_scheme(back, {request.get_host()}, request.is_secure()):
        url = back
    return shaped(HttpResponse(status=303, headers={"Location": iri_to_uri(url)}))


# Coming in


def home(request, form, participant, status=200):
    access.have_read_the_room_that_was_left(request)
    rooms = Room.objects.with_here().by_activity()
    mine = rooms.of(participant)
    others = rooms.listed().exclude(pk__in=mine.values("pk"))
    context = {
        "form": form,
        "mine": mine,
        "participant": participant,
        "asked": Membership.objects.asked(participant),
        "rooms": others.page(request.GET.get("page")),
    }
    return _door(request, "rooms/home.html", context, status)


def door(request, form, status=200):
    """The page at which a stranger to a room may join it."""
    # What was typed and refused has said why.
    refusal = None if form.is_bound else access_to_people.refusal_at_the_door(request, form.door)
    return _door(request, "rooms/door.html", {"form": form, "door": form.door, "refusal": refusal}, status)


def _door(request, template, context, status):
    if status != 200 and request.htmx:
        return fragment(
            request, "partials/join.html", context, status, {"HX-Retarget": "#join", "HX-Reswap": "outerHTML"}
        )
    return page(request, template, context, status)


def joined(request, membership):
    """The room: its view, swapped in under its address, or a redirect to its page."""
    url = membership.room.get_absolute_url()
    if not membership.present:
        return elsewhere(request, reverse("waiting", args=[membership.room.slug]))
    grants.offer(request, membership)
    if not request.htmx:
        return see_other(request, url)
    context = room_view(request, membership, composers.first(membership))
    return fragment(request, "rooms/swap.html", context, headers={"HX-Push-Url": url})


def waiting(request, membership):
    """How it stands with somebody who asked to be let in: on into the room, or what page and fragment say."""
    room = membership.room
    if membership.present and not membership.answer:
        return elsewhere(request, room.get_absolute_url())
    before = room.memberships.waiting().filter(joined_at__lt=membership.joined_at).count()
    context = {"membership": membership, "room": room, "place": before + 1}
    if request.htmx:
        return fragment(request, "partials/waiting.html", context)
    return page(request, "rooms/waiting.html", context)


def elsewhere(request, url):
    """Another page in place of this one, also where htmx asks for a part of it."""
    if request.htmx:
        return shaped(HttpResponse(), {"HX-Redirect": iri_to_uri(url)})
    return see_other(request, url)


# The room


def room(request, membership, composer=None, status=200):
    grants.offer(request, membership)
    composer = composer or composers.first(membership, request.GET)
    return page(request, "rooms/room.html", room_view(request, membership, composer), status)


def room_view(request, membership, composer):
    """What the room's view shows; the log and its version come from one statement, so that the poll goes on gapless."""
    with access.reading_through(membership):
        more = beside.of_page(request, membership)
        reading, log = changes.log(membership.room)
    context = {"log": log, "unread": unread.of(membership), "poll": polling.state(reading)} | more
    membership.has_read()
    why_not = membership.why_not_to_write
    context["why_not"] = why_not if why_not and why_not.code in LASTING and not composer.text else None
    return access.keeping(membership) | context | neighbours(membership.participant) | writing(membership, composer)


def neighbours(participant):
    """The rooms that this person is in, and those of two into which they are asked."""
    return {
        "my_rooms": Room.objects.of(participant).by_activity(),
        "asked": Membership.objects.asked(participant),
    }


def my_rooms(request, participant):
    if not request.htmx:
        return see_other(request, reverse("home"))
    context = {"room": Room(slug=request.GET.get("room", "")), "out_of_band": True}
    return fragment(request, "partials/my_rooms.html", context | neighbours(participant))


def writing(membership, composer):
    """A composer, and the key that makes its number a token which is used once."""
    return {"room": membership.room, "composer": composer, "page_key": secrets.token_urlsafe(12)}


def live(request, membership, reading, streamed=False):
    """The frame with the log, which asks for itself again as often as its reader wants (never: 0). It sets no cookie:
    a late answer would put back an old one."""
    every = SOON if streamed else membership.participant.refresh_seconds
    context = {"reading": reading, "room": reading.room, "every": every, "streamed": streamed}
    context["unread"] = changes.number(request.GET.get("unread", ""))
    # What is streamed is not compressed: it would wait until there is enough of it.
    return shaped(render(request, "rooms/live.html", context), {"Content-Encoding": "identity"} if streamed else None)


def history(request, membership, reading, message=None):
    """A page of the log; for htmx the lines that go in place of the link to them."""
    context = {"reading": reading, "room": membership.room, "membership": membership, "message": message}
    if request.htmx:
        # The room was read before the lines: at worst a change is told twice, never missed.
        return fragment(request, "partials/unfolded.html", context | {"read_at": membership.room.version})
    return page(request, "rooms/history.html", context)


# Writing


def sent(request, membership, elsewhere=False):
    """The message is in the log; from there it comes to its author by the poll, like to everyone else, but for a page
    whose room is `elsewhere` by now: that one hears no more."""
    if request.htmx:
        context = {"room": membership.room, "elsewhere": elsewhere}
        return fragment(request, "partials/notice.html", context, headers={"HX-Trigger": "asked"})
    return see_other(request, _writing_place(request, membership))


def kept(request, template, context=None):
    """A part of the composer that browsers keep for a day: the one kind of answer that may be, as it is everybody's."""
    response = render(request, template, context)
    patch_cache_control(response, private=True, max_age=composers.KEPT_FOR)
    return response


def unsent(request, slug, form, membership=None, fresh_token=False):
    """The form once more with its words, the reason and a number that was never used; `fresh_token` is CSRF's."""
    composer = composers.refused(slug, form.data, " ".join(form.errors.get("text", [])))
    if request.htmx:
        composer = replace(composer, number=composers.fresh_number())
        context = {"composer": composer, "fresh_token": fresh_token}
        return fragment(request, "partials/unsent.html", context, 422)
    return writing_place(request, membership, composer, 422)


def nothing():
    """It was heard, and there is nothing to say."""
    return shaped(HttpResponse(status=204))


def fresh_token(request):
    """A new token for a page whose own has expired; what asked without anybody's doing is not spoken of."""
    return fragment(request, "partials/csrf.html", {"out_of_band": True}, 422)


def toggled(request, membership, composer):
    if request.htmx:
        return fragment(request, "partials/toggled.html", {"composer": composer})
    return writing_place(request, membership, composer)


def writing_place(request, membership, composer=None, status=200):
    """The page or, where JavaScript is off, the frame in which these words were typed."""
    if not request.POST.get("frame"):
        return room(request, membership, composer, status)
    return compose(request, membership, composer, status)


def compose(request, membership, composer=None, status=200):
    composer = composer or composers.first(membership, request.GET)
    context = {
        "frame": True,
        "refresh": RefreshForm(instance=membership.participant),
        "why_not": membership.why_not_to_write,
    }
    return page(request, "rooms/compose.html", writing(membership, composer) | context, status)


def _writing_place(request, membership):
    room, many = membership.room, request.POST.get("lines") == "many"
    as_usual = many != membership.participant.enter_sends
    lines = "" if as_usual else f"?lines={'many' if many else 'one'}"
    # After a redirect inside a frame the focus follows a fragment; `autofocus` does not work there.
    frame = reverse("compose", args=[room.slug]) + lines + "#words-1"
    return frame if request.POST.get("frame") else f"{room.get_absolute_url()}{lines}#end"


def polled(html, goes_on=True, anew=False):
    """What a poll is told: never a redirect, an error or a cookie. Status 286 ends the polling, `anew` it is begun."""
    headers = {"HX-Reswap": "outerHTML settle:0ms"} if anew else {}
    return shaped(HttpResponse(html, status=200 if goes_on else STOP_POLLING), headers)


def shaped(response, headers=None):
    """Every answer may have two shapes, so no cache may give one for the other."""
    for name, value in (headers or {}).items():
        response.headers[name] = value
    patch_vary_headers(response, ["HX-Request"])
    return response
