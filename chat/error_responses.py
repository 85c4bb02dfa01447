"""How a refusal is answered: out of band for htmx, otherwise as a page; what was typed is kept."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from chat import responses
from chat.composer import refused_composer
from chat.models import Room
from chat.realtime import delta

PASSWORDS = {"password", "old", "new"}  # fields that no page gives back


def not_a_member(request, room):
    """Somebody looks inside from outside: on to the door."""
    if responses.is_htmx(request):
        return error_response(
            request, 403, _("Not in this room"), _("You are not in this room any more. Join again first.")
        )
    return responses.redirect(request, room.get_absolute_url())


def not_a_member_frame(request, room):
    """A frame that has lost its room: it looks again by itself, and leads out of the frame to the door."""
    return responses.vary_on_htmx(render(request, "rooms/not_a_member_frame.html", {"room": room}, status=403))


def error_response(request, status, title, sentence, again=False, door=None, way=None, headers=None):
    """An error in words. For htmx out of band, and the page stays as it is; otherwise a page.

    `again`: the form is on that page with what was typed, to be sent once more. Only for forms of our own pages, of
    which the admin's are none: they may hold a password. `way`: where to go instead, as an address and words for it.
    """
    context = {"title": title, "sentence": sentence, "door": door, "way": way}
    again = again and request.method == "POST" and not request.resolver_match.namespaces and not _has_password(request)
    if again and request.POST.get("frame") and request.resolver_match.url_name in ("send", "toggle"):
        response = render(request, "rooms/compose.html", context | _typed_in_frame(request, sentence), status=status)
    elif responses.is_htmx(request):
        response = _notice(request, context, status)
    else:
        response = render(request, "error.html", context | (_typed(request) if again else {}), status=status)
    return responses.vary_on_htmx(response, headers)


def _has_password(request):
    return any(name in PASSWORDS for name in request.POST)


def _notice(request, context, status):
    """Words out of band; none for a poll that fails, whose voice is the banner: no later poll would take them away."""
    if request.method == "GET" and status >= 500:
        return HttpResponse(status=status)
    # htmx would otherwise put nothing in the place of a form, at 422.
    return responses.fragment(request, "partials/notice.html", context, status, responses.SWAP_NOTHING)


def _typed_in_frame(request, sentence):
    """The same in the frame: the words in their field, under the same token, so that they are never sent twice."""
    slug, number = request.resolver_match.kwargs["slug"], delta.parse_number(request.POST.get("n", "")) or 1
    composer = refused_composer(slug, request.POST, sentence, number)
    page = {"page_key": request.POST.get("page", ""), "frame": True}
    return page | {"composer": composer, "room": Room(slug=slug)}


def _typed(request):
    """A refused form once more: words to be seen and mended, the rest to go along unseen."""
    labels = {"room": _("Room"), "nickname": _("Your name"), "text": _("Message")}
    posted = {name: value for name, value in request.POST.items() if name != "csrfmiddlewaretoken"}
    return {
        "again": True,
        "typed": [(name, labels[name], value) for name, value in posted.items() if name in labels],
        "hidden": [(name, value) for name, value in posted.items() if name not in labels],
    }
