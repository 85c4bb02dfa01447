"""Messages: sending them, the composer, and the message history."""

from dataclasses import replace

from django.core.exceptions import BadRequest
from django.http import Http404, HttpResponse, QueryDict
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from chat import limits, responses
from chat.access.messages import message_to_read
from chat.access.rooms import (
    address_was_withdrawn,
    guarded_read,
    membership_to_read,
    membership_to_type,
    membership_to_write,
)
from chat.composer import (
    CACHE_SECONDS,
    COMPOSER_TEMPLATE,
    LAST_NUMBER,
    Composer,
    Target,
    draft_tokens,
    new_token,
    refused_composer,
    submitted_tokens,
    typed_text,
)
from chat.forms.messages import LeftoverForm, MessageForm
from chat.models import Membership, Message, Room
from chat.realtime import delta, drafts, grants, typing_indicator
from chat.types import Request
from chat.typing_ahead import FormToken
from chat.views.noscript import composer_frame
from chat.views.room_page import room_page


@require_POST
def send(request: Request, slug: str) -> HttpResponse:
    membership = membership_to_write(request, slug).record_seen()
    form = MessageForm(request.POST)
    limits.check_sending(request, membership)
    typing_indicator.stop_typing(membership)
    if form.submit(membership.send):
        drafts.record_sent(membership, [form.cleaned_data["token"], *draft_tokens(request.POST)])
        if form.cleaned_data["more"] == "next":
            drafts.forget_leftover(membership, request.POST, form.result.text)
        _write_drafts_without_gate(request)
        return _sent(request, membership, elsewhere=address_was_withdrawn(membership, slug))
    return _send_error(request, membership, slug, form)


def _sent(request: Request, membership: Membership, elsewhere: bool = False) -> HttpResponse:
    """The response after a message was sent. The author gets the message by the poll, like everyone else.

    `elsewhere`: the room has a new address, so the page that sent this gets no more messages.
    """
    if responses.is_htmx(request):
        composer = Composer(membership.room.slug, _posted_number(request))
        context = {
            "room": membership.room,
            "elsewhere": elsewhere,
            "composer": composer,
            "empty_next": request.POST.get("more") == "next",
        }
        if (delta.parse_number(request.POST.get("n", "")) or 0) > LAST_NUMBER:
            context["token"] = {name: request.POST.get(name, "") for name in ("n", "page")}
        return responses.fragment(request, "partials/sent.html", context, headers=responses.POLL_NOW)
    return responses.redirect(request, _composer_url(request, membership))


def _composer_url(request: Request, membership: Membership) -> str:
    """The URL of the page or frame with the composer, in the mode (one line or several) that was just used."""
    room, multiline = membership.room, request.POST.get("lines") == "many"
    is_preference = multiline != membership.participant.enter_sends
    lines = "" if is_preference else f"?lines={'many' if multiline else 'one'}"
    # After a redirect inside a frame the focus follows a fragment; `autofocus` does not work there.
    frame = reverse("compose", args=[room.slug]) + lines + "#text-1"
    return frame if request.POST.get("frame") else f"{room.get_absolute_url()}{lines}#end"


def _send_error(request: Request, membership: Membership, slug: str, form: MessageForm) -> HttpResponse:
    token = new_token()
    drafts.keep_refused(membership, request.POST, token)
    if responses.is_htmx(request):
        return send_error_fragment(request, form, token)
    return _page_with_composer(request, membership, _refused(slug, form, token), 422)


def send_error_fragment(
    request: Request, form: MessageForm, token: FormToken, new_csrf_token: bool = False
) -> HttpResponse:
    """Why the message was not sent, with status 422; the form keeps its text, and its token if that is unused.

    `token` is new: that of its draft, and of the form if it needs one. `new_csrf_token` adds a new CSRF token.
    """
    context = {
        "error": _reason(form),
        "token": form.needs_new_token and token,
        "drafts": [*submitted_tokens(form.data), token],
        "new_csrf_token": new_csrf_token,
    }
    headers = {responses.RETARGET: f"#answer-{_posted_number(request)}", responses.RESWAP: "innerHTML settle:0ms"}
    return responses.fragment(request, "partials/send_error.html", context, 422, headers=headers)


def _refused(slug: str, form: MessageForm, token: FormToken) -> Composer:
    composer = refused_composer(slug, form.data, _reason(form))
    return replace(composer, drafts=(*composer.drafts, str(token)))


def _reason(form: MessageForm) -> str:
    return " ".join(map(str, form.errors.get("text", [])))


def _posted_number(request: Request) -> int:
    """The number, on its page, of the composer that was submitted, also of one that got a new token."""
    return delta.parse_number(request.POST.get("composer", "")) or 1


def _page_with_composer(
    request: Request, membership: Membership, composer: Composer, status: int = 200
) -> HttpResponse:
    """Show the page again with this composer.

    With JavaScript off, show only the composer's frame if the text was typed there.
    """
    show = composer_frame if request.POST.get("frame") else room_page
    return show(request, membership, composer, status)


@require_POST
def leftover(request: Request, slug: str) -> HttpResponse:
    """Take letters that were typed into a form after it was sent; a page posts them when the next form has the focus.

    They become part of the next message, or appear in front of its field. If nothing was sent by that form, nothing is
    done: its text is still there.
    """
    membership = membership_to_write(request, slug)
    limits.check_typing(request, membership)
    form = LeftoverForm(request.POST)
    left = form.is_valid() and membership.take_leftover(**form.typed)
    if not responses.is_htmx(request):
        return responses.redirect(request, membership.room.get_absolute_url())
    if not left:
        return responses.no_content()
    composer = Composer(slug, _posted_number(request) + 1)
    if left.text and left.joins:
        drafts.keep_leftover(membership, request.POST, left.text)
    context, headers = {"leftover": left, "composer": composer}, {responses.RESWAP: "outerHTML settle:0ms"}
    return responses.fragment(request, "partials/leftover.html", context, headers=headers)


@require_POST
def typing(request: Request, slug: str) -> HttpResponse:
    """Keep what this member has typed so far, and tell the others that they are typing, unless they paused.

    Both are kept in the cache. Drafts are written to the database later, for all members at once.
    """
    membership = membership_to_type(request, slug)
    limits.check_typing(request, membership)
    if draft := drafts.submitted(request.POST):
        drafts.keep(membership, draft)
    if "paused" not in request.POST:
        typing_indicator.record_typing(membership)
    _write_drafts_without_gate(request)
    return responses.no_content()


def _write_drafts_without_gate(request: Request) -> None:
    if not grants.has_gate(request):
        drafts.write_if_due()


def fresh_csrf_token(request: Request) -> HttpResponse:
    """A new CSRF token, for a page whose token has expired when it sends a request by itself (typing). Status 422."""
    context = {"out_of_band": True}
    return responses.fragment(request, "partials/csrf.html", context, 422, headers=responses.SWAP_NOTHING)


# The composer


@require_POST
def toggle(request: Request, slug: str) -> HttpResponse:
    """Show the composer in its other mode (one line or several), with the text that was typed so far."""
    membership = membership_to_read(request, slug).record_seen()
    number = delta.parse_number(request.POST.get("n", "")) or 1
    composer = replace(_composer(slug, number, request.POST), drafts=draft_tokens(request.POST))
    composer = composer.toggled(typed_text(request.POST))
    if responses.is_htmx(request):
        headers = {responses.RESWAP: "outerHTML settle:0ms"}
        return responses.fragment(request, "partials/toggled.html", {"composer": composer}, headers=headers)
    return _page_with_composer(request, membership, composer)


@require_safe
def composer(request: Request, slug: str, number: int) -> HttpResponse:
    """The composer of that number, without looking up the reader or the room.

    Browsers cache it, unless it has a target message.
    """
    if not 1 <= number <= LAST_NUMBER:
        raise Http404
    composer = _composer(slug, number, request.GET)
    template, context = COMPOSER_TEMPLATE, {"composer": composer}
    if not composer.is_cacheable:
        return responses.fragment(request, template, context)
    return responses.cached_fragment(request, template, context, CACHE_SECONDS)


def _composer(slug: str, number: int, query: QueryDict) -> Composer:
    try:
        target = Target.read(query)
    except ValueError as error:
        raise BadRequest from error
    return Composer(slug, number, multiline=query.get("lines") == "many", target=target)


@require_safe
def send_status(request: Request, slug: str) -> HttpResponse:
    """Show the labels for a message form's states: sending, waiting, not sent. A page's first form fetches them."""
    context = {"composer": Composer(slug), "rest": "rest" in request.GET}
    return responses.cached_fragment(request, "partials/send_status.html", context, CACHE_SECONDS)


@require_safe
def discarded(request: Request, slug: str) -> HttpResponse:
    """What replaces letters that the author has discarded instead of sending them with the next message."""
    return responses.cached_fragment(request, "partials/discarded.html", {}, CACHE_SECONDS)


# History


@require_safe
def history(request: Request, slug: str) -> HttpResponse:
    """Show one page of the log: before version `before`, from version `after` on, or without both the newest."""
    membership = membership_to_read(request, slug).record_seen()
    before, after = (delta.parse_number(request.GET.get(name, "")) for name in ("before", "after"))
    with guarded_read(membership):
        log_slice = _slice(membership.room, before, after)
    return _history_page(request, membership, log_slice)


def _slice(room: Room, before: int | None, after: int | None) -> delta.LogSlice:
    if after is not None:
        return delta.after(room, after)
    return delta.newest(room) if before is None else delta.before(room, before)


@require_safe
def message(request: Request, pk: int) -> HttpResponse:
    """Show the page of the log that has this message in its middle; htmx gets only the messages."""
    message, membership = message_to_read(request, pk)
    membership.record_seen()
    message.room = membership.room
    with guarded_read(membership):
        log_slice = delta.around(message)
    return _history_page(request, membership, log_slice, message)


def _history_page(
    request: Request, membership: Membership, log_slice: delta.LogSlice, message: Message | None = None
) -> HttpResponse:
    """Show a page of the log; htmx gets only the messages, which replace the link that requested them."""
    context = {"log_slice": log_slice, "room": membership.room, "membership": membership, "message": message}
    if responses.is_htmx(request):
        # The room was read before the lines: at worst a change is shown twice, never missed.
        return responses.fragment(request, "partials/older_page.html", context | {"read_at": membership.room.version})
    return responses.page(request, "rooms/history.html", context)
