"""Direct messages: starting one, and answering a chat request."""

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from chat import limits, responses
from chat.access.members import members_for_direct_message, shared_rooms
from chat.access.rooms import membership_with_chat_request
from chat.models import Membership
from chat.models.direct_message import open_direct_message
from chat.types import Request

VERBS = {"accept": Membership.accept_chat, "decline": Membership.decline_chat, "ignore": Membership.ignore_chat}


@require_POST
def message_member(request: Request, slug: str, pk: int) -> HttpResponse:
    by, other = members_for_direct_message(request, slug, pk)
    limits.check_chat_requests(request, by)
    return responses.redirect(request, open_direct_message(by, other).room.get_absolute_url())


@require_http_methods(["GET", "HEAD", "POST"])
def chat_request(request: Request, slug: str) -> HttpResponse:
    """Show a chat request; POST accepts, declines or ignores it. Redirects to the room once it is accepted."""
    membership = membership_with_chat_request(request, slug)
    answer = request.POST.get("answer", "")
    verb = VERBS.get(answer)
    acted = verb and verb(membership)
    if membership.is_inside:
        return responses.redirect(request, membership.room.get_absolute_url())
    if verb:
        query = f"?{'declined' if answer == 'decline' else 'ignored'}" if acted else "?stale=chat"
        return responses.redirect(request, reverse("home") + query)
    other = membership.other_member
    context = {"membership": membership, "other": other, "rooms": shared_rooms(membership, other) if other else ()}
    return responses.page(request, "rooms/chat_request.html", context, 422 if request.method == "POST" else 200)
