"""Messages: writing them, and reading back."""

from django.http import Http404
from django.views.decorators.http import require_POST, require_safe

from chat import access, answers, changes, composers, limits, typing_line
from chat.composers import Composer
from chat.forms import MessageForm


@require_POST
def send(request, slug):
    membership = access.membership_to_write(request, slug)
    form = MessageForm(request.POST)
    limits.sending(request, membership)
    typing_line.ended(membership)
    if form.does(membership.send):
        return answers.sent(request, membership, elsewhere=access.was_withdrawn(membership, slug))
    return answers.unsent(request, slug, form, membership)


@require_POST
def typing(request, slug):
    """Somebody types: noted in memory, and told to the others."""
    membership = access.membership_to_type(request, slug)
    limits.typing(request, membership)
    typing_line.note(membership)
    return answers.nothing()


@require_POST
def toggle(request, slug):
    """One line or several: the composer's other kind, with what was typed so far."""
    membership = access.membership_to_read(request, slug)
    number = changes.number(request.POST.get("n", "")) or 1
    composer = Composer(slug, number, many=request.POST.get("lines") == "many")
    return answers.toggled(request, membership, composer.toggled(request.POST.get("text", "")))


@require_safe
def composer(request, slug, number):
    """Composer number n: for everybody the same, so it asks neither who nor whether there is such a room."""
    if not 1 <= number <= composers.LAST:
        raise Http404
    composer = Composer(slug, number, many=request.GET.get("lines") == "many")
    return answers.kept(request, "partials/write.html", {"composer": composer})


@require_safe
def fate(request, slug):
    """What becomes of a page's first message, in words for its form: under way, waiting, not sent."""
    return answers.kept(request, "partials/fate.html", {"composer": Composer(slug)})


@require_safe
def history(request, slug):
    """The log page by page: above `before`, or from `after` on."""
    membership = access.membership_to_read(request, slug)
    before, after = (changes.number(request.GET.get(name, "")) for name in ("before", "after"))
    with access.reading_through(membership):
        reading = _page(membership.room, before, after)
    return answers.history(request, membership, reading)


def _page(room, before, after):
    if after is not None:
        return changes.after(room, after)
    return changes.newest(room) if before is None else changes.before(room, before)


@require_safe
def message(request, pk):
    """One message among those before and after it."""
    message, membership = access.message_to_read(request, pk)
    message.room = membership.room
    with access.reading_through(membership):
        reading = changes.around(message)
    return answers.history(request, membership, reading, message)
